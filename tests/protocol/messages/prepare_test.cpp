#include "protocol/messages/prepare.hpp"

#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;
using tests::unhex;

TEST_CASE("COM_STMT_PREPARE_OK is read and written")
{
    const Buffer wire = unhex("00 07000000 0200 0100 00 0300");
    const auto prepared = decode_prepare_ok(wire, 0);
    REQUIRE(prepared.has_value());
    CHECK(prepared->statement_id == 7);
    CHECK(prepared->column_count == 2);
    CHECK(prepared->parameter_count == 1);
    CHECK(prepared->warnings == 3);
    CHECK((prepared->metadata == ResultMetadata::full));
    CHECK(hex(encode_prepare_ok(*prepared, 0)) == hex(wire));
    const auto decode = [](Bytes bytes) { return decode_prepare_ok(bytes, 0); };
    CHECK(tests::sizes_accepted(wire, decode) == std::set<std::size_t>{10});
}

TEST_CASE("a prepared statement may come without definitions")
{
    const Capabilities optional = capability::optional_resultset_metadata;
    const Buffer wire = unhex("00 07000000 0200 0100 00 0000 00");
    CHECK((decode_prepare_ok(wire, optional)->metadata == ResultMetadata::none));
    CHECK(decode_prepare_ok(wire, 0).error() == Errc::trailing_bytes);
}

TEST_CASE("another statement id is put in, in place")
{
    Buffer execute = unhex("17 07000000 00 01000000");
    REQUIRE(replace_statement_id(execute, 0x01020304).has_value());
    CHECK(hex(execute) == "17 04 03 02 01 00 01 00 00 00");
    Buffer cut = unhex("17 070000");
    CHECK(replace_statement_id(cut, 1).error() == Errc::truncated);
}

}  // namespace pointsman::protocol
