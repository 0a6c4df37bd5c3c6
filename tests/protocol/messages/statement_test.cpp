#include "protocol/messages/statement.hpp"

#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::hex;
using tests::unhex;

namespace {
constexpr Capabilities attributes = capability::query_attributes;
}  // namespace

TEST_CASE("an execution without parameters is its head")
{
    const auto execute = decode_execute(unhex("17 07000000 01 01000000"), 0, 0);
    REQUIRE(execute.has_value());
    CHECK(execute->statement_id == 7);
    CHECK(execute->flags == cursor::read_only);
    CHECK(execute->iterations == 1);
    CHECK(execute->parameters.count == 0);
    CHECK(hex(encode_execute(7, cursor::read_only, {}, 0)) == "17 07 00 00 00 01 01 00 00 00");
}

TEST_CASE("an execution's parameters are found, with and without new types")
{
    const Buffer first = unhex("17 07000000 00 01000000 00 01 fd00 0300 03616263 2a000000");
    const auto execute = decode_execute(first, 0, 2);
    REQUIRE(execute.has_value());
    CHECK(execute->parameters.types_sent);
    CHECK(hex(execute->parameters.types) == "fd 00 03 00");
    const auto parameters = decode_execute_values(*execute);
    REQUIRE(parameters.has_value());
    CHECK(as_text(*parameters->at(0).value) == "abc");
    CHECK(hex(*parameters->at(1).value) == "2a 00 00 00");
    CHECK(hex(encode_execute(7, 0, *parameters, 0)) == hex(first));

    const Buffer second = unhex("17 07000000 00 01000000 02 00 03616263");
    const auto again = decode_execute(second, 0, 2);
    REQUIRE(again.has_value());
    CHECK_FALSE(again->parameters.types_sent);
    CHECK(again->parameters.is_null(1));
    CHECK(hex(again->parameters.rest) == "03 61 62 63");
    CHECK(decode_execute_values(*again).error() == Errc::unsupported);
}

TEST_CASE("under query attributes the parameter count and names are sent")
{
    const Buffer value = bytes_of("abc");
    const std::vector<Parameter> parameters = {{"", ColumnType::string, false, Bytes(value)},
                                               {"trace", ColumnType::string, false, Bytes(value)}};
    const Buffer wire =
        encode_execute(7, cursor::parameter_count_available, parameters, attributes);
    const auto execute = decode_execute(wire, attributes, 1);
    REQUIRE(execute.has_value());
    CHECK(execute->parameters.count == 2);
    const auto again = decode_execute_values(*execute);
    REQUIRE(again.has_value());
    CHECK(again->at(1).name == "trace");

    // No parameters, no attributes: the count may still be there.
    const auto none = decode_execute(unhex("17 07000000 08 01000000 00"), attributes, 0);
    REQUIRE(none.has_value());
    CHECK(none->parameters.count == 0);
}

TEST_CASE("an execution cut before its values is an error")
{
    const Buffer wire = unhex("17 07000000 00 01000000 00 01 fd00 0300");
    const auto decode = [](Bytes bytes) { return decode_execute(bytes, 0, 2); };
    CHECK(tests::sizes_accepted(wire, decode).empty());
}

TEST_CASE("the other statement commands are read and written")
{
    CHECK(*decode_prepare(encode_prepare("select ?")) == "select ?");
    const Buffer data = bytes_of("abc");
    const Buffer piece = encode_long_data({7, 1, data});
    CHECK(hex(piece) == "18 07 00 00 00 01 00 61 62 63");
    CHECK(decode_long_data(piece)->parameter == 1);
    CHECK(as_text(decode_long_data(piece)->data) == "abc");
    CHECK(hex(encode_fetch({7, 100})) == "1c 07 00 00 00 64 00 00 00");
    CHECK(decode_fetch(unhex("1c 07000000 64000000"))->rows == 100);
    CHECK(hex(encode_statement_close(7)) == "19 07 00 00 00");
    CHECK(hex(encode_statement_reset(7)) == "1a 07 00 00 00");
    CHECK(decode_statement_id(unhex("19 07000000")).value() == 7);
    CHECK(decode_statement_id(unhex("19 070000")).error() == Errc::truncated);
    CHECK(decode_fetch(unhex("1c 07000000")).error() == Errc::truncated);
    CHECK(decode_fetch(unhex("19 07000000 64000000")).error() == Errc::bad_value);
}

}  // namespace pointsman::protocol
