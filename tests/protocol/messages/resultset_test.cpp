#include "protocol/messages/resultset.hpp"

#include "protocol/framer.hpp"
#include "protocol/messages/ok.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::hex;
using tests::unhex;

namespace {
constexpr Capabilities optional_metadata = capability::optional_resultset_metadata;

std::vector<Buffer> payloads_of(Bytes wire, std::uint8_t sequence)
{
    std::vector<Buffer> payloads;
    Framer framer(1 << 20, FirstSequence::any);
    while (!wire.empty()) {
        const auto framed = framer.on_bytes(wire);
        REQUIRE(framed->message.has_value());
        CHECK(framed->message->sequence == sequence++);
        payloads.emplace_back(framed->message->payload.begin(), framed->message->payload.end());
        wire = wire.subspan(framed->consumed);
    }
    return payloads;
}
}  // namespace

TEST_CASE("a column count may say that no definitions follow")
{
    CHECK(decode_column_count(unhex("02"), 0)->count == 2);
    CHECK(decode_column_count(unhex("fc2c01"), 0)->count == 300);
    CHECK(
        (decode_column_count(unhex("02 00"), optional_metadata)->metadata == ResultMetadata::none));
    CHECK(
        (decode_column_count(unhex("02 01"), optional_metadata)->metadata == ResultMetadata::full));
    CHECK(decode_column_count(unhex("02 02"), optional_metadata).error() == Errc::bad_value);
    CHECK(decode_column_count(unhex("02"), optional_metadata).error() == Errc::truncated);
    CHECK(decode_column_count(unhex("00"), 0).error() == Errc::unexpected_packet);
    CHECK(decode_column_count(unhex("fb 61"), 0).error() == Errc::bad_value);
    CHECK(hex(encode_column_count({2, ResultMetadata::none}, optional_metadata)) == "02 00");
    CHECK(decode_column_count(unhex("02 01"), capability::mariadb_cache_metadata).has_value());
}

TEST_CASE("a column definition of a server is understood and written the same")
{
    const Buffer wire = unhex(
        "03646566 0473686f70 016f 066f7264657273 026964 026964 0c 3f00 15000000 08 0342 00 0000");
    const auto column = decode_column_definition(wire, 0);
    REQUIRE(column.has_value());
    CHECK(column->schema == "shop");
    CHECK(column->table == "o");
    CHECK(column->original_table == "orders");
    CHECK(column->name == "id");
    CHECK(column->length == 21);
    CHECK((column->type == ColumnType::longlong));
    CHECK((column->flags & column_flag::not_null) != 0);
    CHECK(hex(encode_column_definition(*column, 0)) == hex(wire));
    const auto decode = [](Bytes bytes) { return decode_column_definition(bytes, 0); };
    CHECK(tests::sizes_accepted(wire, decode).empty());
}

TEST_CASE("MariaDB's extended metadata and COM_FIELD_LIST's default value are kept")
{
    ColumnDefinition column = text_column("j");
    column.extended_metadata = unhex("01 04 6a736f6e");
    column.default_value = unhex("fb");
    const Capabilities extended = capability::mariadb_extended_metadata;
    const auto again =
        decode_column_definition(encode_column_definition(column, extended), extended);
    REQUIRE(again.has_value());
    CHECK(again->extended_metadata == column.extended_metadata);
    CHECK(again->default_value == column.default_value);
    CHECK(again->name == "j");
}

TEST_CASE("a text row tells NULL from empty, and has exactly its columns")
{
    const std::vector<TextCell> cells = {"1", std::nullopt, "", "abc"};
    const Buffer wire = encode_text_row(cells);
    CHECK(hex(wire) == "01 31 fb 00 03 61 62 63");
    const auto row = decode_text_row(wire, 4);
    REQUIRE(row.has_value());
    CHECK(as_text(*row->at(0)) == "1");
    CHECK_FALSE(row->at(1).has_value());
    CHECK(row->at(2)->empty());
    CHECK(decode_text_row(wire, 3).error() == Errc::trailing_bytes);
    CHECK(decode_text_row(wire, 5).error() == Errc::truncated);
    CHECK(decode_text_row(wire, 1'000'000'000'000).error() == Errc::truncated);
}

TEST_CASE("a binary row is read by its column types")
{
    const std::vector<ColumnType> types = {ColumnType::tiny,     ColumnType::longlong,
                                           ColumnType::datetime, ColumnType::var_string,
                                           ColumnType::float_,   ColumnType::newdecimal};
    const Buffer wire = unhex("00 40 ff 0700000000000000 07 ea070b16010203 03616263 03312e35");
    const auto row = decode_binary_row(wire, types);
    REQUIRE(row.has_value());
    CHECK(hex(*row->at(0)) == "ff");
    CHECK(hex(*row->at(1)) == "07 00 00 00 00 00 00 00");
    CHECK(hex(*row->at(2)) == "ea 07 0b 16 01 02 03");
    CHECK(as_text(*row->at(3)) == "abc");
    CHECK_FALSE(row->at(4).has_value());
    CHECK(as_text(*row->at(5)) == "1.5");
    CHECK(hex(encode_binary_row(*row, types)) == hex(wire));
    const auto decode = [&](Bytes bytes) { return decode_binary_row(bytes, types); };
    CHECK(tests::sizes_accepted(wire, decode).empty());
}

TEST_CASE("the bitmap of a binary row grows with its ninth bit")
{
    const std::vector<ColumnType> types(7, ColumnType::tiny);
    std::vector<Cell> cells(7);
    CHECK(hex(encode_binary_row(cells, types)) == "00 fc 01");
    CHECK(decode_binary_row(unhex("00 fc 01"), types).has_value());
}

TEST_CASE("EOF is read and written")
{
    CHECK(hex(encode_eof({1, 2})) == "fe 01 00 02 00");
    CHECK(decode_eof(unhex("fe 0100 0200"))->status == 2);
    CHECK(decode_eof(unhex("fe 0100")).error() == Errc::truncated);
    CHECK(decode_eof(unhex("fe 0100 0200 00")).error() == Errc::trailing_bytes);
}

TEST_CASE("a result set of our own ends as the client was told that it would")
{
    TextResult result;
    result.columns = {text_column("name"), integer_column("n")};
    result.rows = {{"a", "1"}, {std::nullopt, "2"}};
    result.status = server_status::autocommit;

    Buffer classic;
    CHECK(append_text_result(classic, result, capability::protocol_41, 1) == 8);
    const auto with_eof = payloads_of(classic, 1);
    REQUIRE(with_eof.size() == 7);
    CHECK(hex(with_eof[0]) == "02");
    CHECK(decode_column_definition(with_eof[1], 0)->name == "name");
    CHECK(decode_eof(with_eof[3]).has_value());
    CHECK(decode_text_row(with_eof[5], 2)->at(0) == std::nullopt);
    CHECK(decode_eof(with_eof[6])->status == server_status::autocommit);

    Buffer modern;
    CHECK(append_text_result(modern, result, tests::usual_capabilities, 1) == 7);
    const auto with_ok = payloads_of(modern, 1);
    REQUIRE(with_ok.size() == 6);
    const auto end = decode_ok(with_ok[5], tests::usual_capabilities);
    REQUIRE(end.has_value());
    CHECK(end->header == 0xfe);
    CHECK(end->status == server_status::autocommit);
}

}  // namespace pointsman::protocol
