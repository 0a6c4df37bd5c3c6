#include "protocol/messages/query.hpp"

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

TEST_CASE("the text of a query is what follows its command byte")
{
    const Buffer payload = bytes_of("\x03select 1");
    const auto text = query_text(payload, 0);
    REQUIRE(text.has_value());
    CHECK(*text == "select 1");
    CHECK(static_cast<const void*>(text->data()) == payload.data() + 1);
    CHECK(*query_text(unhex("03"), 0) == "");
}

TEST_CASE("the text is found behind query attributes of every layout")
{
    // Seven of them: a number, a NULL, a text, a date, a byte, a double, a year.
    const Buffer payload = unhex(
        "03 07 01 02 01"
        "0800 016e 0680 0178 fd00 0574726163 65 0c00 0164 0100 0162 0500 0166 0d00 0179"
        "2a00000000000000 03616263 04ea070b16 ff 000000000000f83f ea07"
        "73656c6563742031");
    const auto text = query_text(payload, attributes);
    REQUIRE(text.has_value());
    CHECK(*text == "select 1");

    const auto query = decode_query(payload, attributes);
    REQUIRE(query.has_value());
    REQUIRE(query->attributes.size() == 7);
    CHECK(query->attributes[0].name == "n");
    CHECK_FALSE(query->attributes[1].value.has_value());
    CHECK(query->attributes[1].is_unsigned);
    CHECK(query->attributes[2].name == "trace");
    CHECK(as_text(*query->attributes[2].value) == "abc");
    CHECK(hex(*query->attributes[3].value) == "ea 07 0b 16");
    CHECK(query->text == "select 1");
    CHECK(hex(encode_query(*query, attributes)) == hex(payload));
}

TEST_CASE("without attributes a connection that may have them sends two numbers")
{
    CHECK(hex(encode_query("x", attributes)) == "03 00 01 78");
    CHECK(*query_text(unhex("03 00 01 78"), attributes) == "x");
    CHECK(hex(encode_query("x", 0)) == "03 78");
}

TEST_CASE("query attributes that do not add up are an error")
{
    for (const char* wrong :
         {"03", "03 00", "03 00 02 78", "03 01 01", "03 01 01 00 00 78",
          "03 fe ffffffffffffffff 01", "03 fd 000001 01", "03 01 01 00 02",
          "03 01 01 00 01 0800 016e 2a00", "03 01 01 00 01 0c00 0164 ff01", "0e 00 01 78"}) {
        INFO(wrong);
        CHECK(query_text(unhex(wrong), attributes).has_error());
        CHECK(decode_query(unhex(wrong), attributes).has_error());
    }
}

TEST_CASE("a cut in the attributes is an error, a cut in the text can't be seen")
{
    Query query;
    query.attributes = {{"trace", ColumnType::string, false, as_bytes("abc")}};
    query.text = "xy";
    const Buffer wire = encode_query(query, attributes);
    const auto decode = [](Bytes bytes) { return query_text(bytes, attributes); };
    CHECK(tests::sizes_accepted(wire, decode) ==
          std::set<std::size_t>{wire.size() - 2, wire.size() - 1});
}

}  // namespace pointsman::protocol
