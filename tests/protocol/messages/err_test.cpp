#include "protocol/messages/err.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::hex;
using tests::unhex;

TEST_CASE("an ERR packet with SQLSTATE is read and written as MySQL has it")
{
    const Buffer wire = unhex("ff 4804 23 4859303030 4e6f207461626c65732075736564");
    const auto err = decode_err(wire);
    REQUIRE(err.has_value());
    CHECK(err->code == 1096);
    CHECK(err->sqlstate == "HY000");
    CHECK(err->message == "No tables used");
    CHECK(hex(encode_err(*err, tests::usual_capabilities)) == hex(wire));
}

TEST_CASE("an ERR in place of a greeting has no SQLSTATE")
{
    const Buffer wire = unhex("ff 1004 546f6f206d616e7920636f6e6e656374696f6e73");
    const auto err = decode_err(wire);
    REQUIRE(err.has_value());
    CHECK(err->code == 1040);
    CHECK(err->sqlstate.empty());
    CHECK(err->message == "Too many connections");
    CHECK(hex(encode_err(*err, tests::usual_capabilities)) == hex(wire));
    const Err with_state{1040, "08004", "Too many connections"};
    CHECK(hex(encode_err(with_state, 0)) == hex(wire));
}

TEST_CASE("MariaDB's progress report is not taken for an error")
{
    CHECK(decode_err(unhex("ff ffff 01 02 03 e80300 00")).error() == Errc::unsupported);
}

TEST_CASE("a cut ERR packet is an error up to the end of its SQLSTATE")
{
    const Buffer wire = encode_err(tests::err(1146, "42S02", "abc"), tests::usual_capabilities);
    CHECK(tests::sizes_accepted(wire, decode_err) == std::set<std::size_t>{3, 9, 10, 11});
    CHECK(decode_err(unhex("00 4804")).has_error());
}

TEST_CASE("a SQLSTATE of the wrong size can't shift the text")
{
    const Err err{1105, "XX", "text"};
    CHECK(decode_err(encode_err(err, tests::usual_capabilities))->message == "text");
}

}  // namespace pointsman::protocol
