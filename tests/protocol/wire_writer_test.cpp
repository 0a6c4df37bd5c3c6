#include "protocol/wire_writer.hpp"

#include "protocol/wire_reader.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;

TEST_CASE("basic types are written as the manual shows them")
{
    Buffer bytes{0xee};
    WireWriter(bytes).int1(1).int2(0x0102).int3(0x010203).int4(0x01020304).int8(5);
    WireWriter(bytes).nul_text("ab").lenenc_text("cd").zeros(2).null();
    CHECK(hex(bytes) ==
          "ee 01 02 01 03 02 01 04 03 02 01 05 00 00 00 00 00 00 00 61 62 00 02 63 64 00 00 fb");
}

TEST_CASE("a length-encoded integer takes its shortest form and is read back")
{
    struct Row {
        std::uint64_t value;
        std::size_t size;
    };
    for (const Row& row : {Row{0, 1}, Row{250, 1}, Row{251, 3}, Row{65535, 3}, Row{65536, 4},
                           Row{0xffffff, 4}, Row{0x1000000, 9}, Row{UINT64_MAX, 9}}) {
        INFO(row.value);
        Buffer bytes;
        WireWriter(bytes).lenenc(row.value);
        CHECK(bytes.size() == row.size);
        CHECK(lenenc_size(row.value) == row.size);
        std::uint64_t back = 0;
        CHECK(WireReader(bytes).read_lenenc(back).finished_or_error(0).has_value());
        CHECK(back == row.value);
    }
}

TEST_CASE("text with a NUL inside can't break out of a NUL-terminated field")
{
    Buffer bytes;
    WireWriter(bytes).nul_text(std::string_view("a\0b", 3)).int1(7);
    CHECK(hex(bytes) == "61 00 07");
}

}  // namespace pointsman::protocol
