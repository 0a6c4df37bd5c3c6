#include "protocol/wire_reader.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::unhex;

TEST_CASE("fixed integers are read least significant byte first")
{
    const Buffer bytes = unhex("01 0201 030201 04030201 060504030201 0807060504030201");
    WireReader in(bytes);
    std::uint64_t one = 0, two = 0, three = 0, four = 0, six = 0, eight = 0;
    in.read_int1(one).read_int2(two).read_int3(three).read_int4(four).read_int6(six);
    in.read_int8(eight);
    CHECK(in.finished_or_error(0).has_value());
    CHECK(one == 0x01);
    CHECK(two == 0x0102);
    CHECK(three == 0x010203);
    CHECK(four == 0x01020304);
    CHECK(six == 0x010203040506);
    CHECK(eight == 0x0102030405060708);
}

TEST_CASE("length-encoded integers come in four sizes, and two first bytes are none")
{
    struct Row {
        const char* bytes;
        std::uint64_t value;
    };
    for (const Row& row : {Row{"00", 0}, Row{"fa", 250}, Row{"fc fb00", 251}, Row{"fc ffff", 65535},
                           Row{"fd 000001", 65536}, Row{"fe 0000000100000000", 1u << 24},
                           Row{"fe ffffffffffffffff", UINT64_MAX}}) {
        INFO(row.bytes);
        const Buffer bytes = unhex(row.bytes);
        WireReader in(bytes);
        std::uint64_t value = 1;
        CHECK(in.read_lenenc(value).finished_or_error(0).has_value());
        CHECK(value == row.value);
    }
    for (const char* wrong : {"fb", "ff"}) {
        const Buffer bytes = unhex(wrong);
        WireReader in(bytes);
        std::uint64_t value = 1;
        CHECK(in.read_lenenc(value).finished_or_error(0).error() == Errc::bad_value);
        CHECK(value == 1);
    }
}

TEST_CASE("strings are read by size, up to a NUL, by their own length and to the end")
{
    const Buffer bytes = unhex("6162 6300 02 6465 6667");
    WireReader in(bytes);
    std::string fixed, nul;
    std::string_view lenenc;
    Buffer rest;
    in.read_fixed(2, fixed).read_nul(nul).read_lenenc_string(lenenc).read_eof(rest);
    CHECK(in.finished_or_error(0).has_value());
    CHECK(fixed == "ab");
    CHECK(nul == "c");
    CHECK(lenenc == "de");
    CHECK(rest == unhex("6667"));
}

TEST_CASE("a string without its NUL is an error, except where the end may stand for it")
{
    const Buffer bytes = unhex("6162");
    std::string text;
    CHECK(WireReader(bytes).read_nul(text).error() == Errc::truncated);
    CHECK(WireReader(bytes).read_nul(text).failed());
    CHECK(WireReader(bytes).read_nul_or_eof(text).finished_or_error(0).has_value());
    CHECK(text == "ab");
}

TEST_CASE("a length that reaches past the end is an error, however large it is")
{
    for (const char* wrong : {"05 61626364", "fc ffff 61", "fe ffffffffffffffff 61"}) {
        INFO(wrong);
        const Buffer bytes = unhex(wrong);
        std::string text = "untouched";
        WireReader in(bytes);
        CHECK(in.read_lenenc_string(text).finished_or_error(0).error() == Errc::truncated);
        CHECK(text == "untouched");
    }
}

TEST_CASE("the first failure stays, and everything after it is left alone")
{
    const Buffer bytes = unhex("fb 01 02");
    WireReader in(bytes);
    std::uint64_t value = 7;
    std::uint8_t next = 9;
    in.read_lenenc(value).read_int1(next).skip(100);
    CHECK(in.failed());
    CHECK(in.remaining() == 0);
    CHECK(value == 7);
    CHECK(next == 9);
    CHECK(in.finished_or_error(0).error() == Errc::bad_value);
}

TEST_CASE("bytes behind the last field are an error only when the decoder minds")
{
    const Buffer bytes = unhex("01 02");
    WireReader in(bytes);
    std::uint8_t value = 0;
    in.read_int1(value);
    CHECK(in.value_or_error(value).value() == 1);
    CHECK(in.finished_or_error(value).error() == Errc::trailing_bytes);
}

TEST_CASE("NULL is told from an empty string")
{
    const Buffer bytes = unhex("fb 00");
    WireReader in(bytes);
    std::optional<Bytes> null = Bytes{}, empty;
    in.read_nullable(null).read_nullable(empty);
    CHECK(in.finished_or_error(0).has_value());
    CHECK_FALSE(null.has_value());
    REQUIRE(empty.has_value());
    CHECK(empty->empty());
}

}  // namespace pointsman::protocol
