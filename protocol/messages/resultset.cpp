#include "protocol/messages/resultset.hpp"

#include "protocol/messages/ok.hpp"
#include "protocol/messages/parameters.hpp"
#include "protocol/packet.hpp"
#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

namespace {

constexpr Byte row_header = 0x00;
constexpr Byte eof_header = 0xfe;
constexpr std::size_t fixed_fields_size = 0x0c;
constexpr std::size_t first_null_bit = 2;  // a binary row's bitmap begins with two unused bits
constexpr std::uint16_t utf8mb4_0900_ai_ci = 255;

bool has_extended_metadata(Capabilities capabilities)
{
    return (capabilities & capability::mariadb_extended_metadata) != 0;
}

bool count_tells_metadata(Capabilities capabilities)
{
    return has_optional_metadata(capabilities) ||
           (capabilities & capability::mariadb_cache_metadata) != 0;
}

std::size_t null_bitmap_size(std::size_t columns)
{
    return (columns + 7 + first_null_bit) / 8;
}

bool null_bit(Bytes bitmap, std::size_t column)
{
    const std::size_t bit = column + first_null_bit;
    return (bitmap[bit / 8] >> (bit % 8) & 1) != 0;
}

}  // namespace

ResultMetadata read_result_metadata(WireReader& in)
{
    std::uint8_t metadata = 1;
    in.read_int1(metadata);
    if (metadata > 1) in.fail(Errc::bad_value);
    return metadata == 0 ? ResultMetadata::none : ResultMetadata::full;
}

// column_count int<lenenc>, with optional metadata metadata_follows int<1>.
Result<ColumnCount> decode_column_count(Bytes payload, Capabilities capabilities)
{
    WireReader in(payload);
    ColumnCount columns;
    in.read_lenenc(columns.count);
    if (!in.failed() && columns.count == 0) in.fail(Errc::unexpected_packet);  // that is an OK
    if (count_tells_metadata(capabilities)) columns.metadata = read_result_metadata(in);
    return in.finished_or_error(columns);
}

Buffer encode_column_count(ColumnCount columns, Capabilities capabilities)
{
    Buffer payload;
    WireWriter out(payload);
    out.lenenc(columns.count);
    if (count_tells_metadata(capabilities)) out.int1(static_cast<Byte>(columns.metadata));
    return payload;
}

// catalog, schema, table, org_table, name, org_name: string<lenenc> each; MariaDB: extended
// metadata string<lenenc>; length of fixed fields int<lenenc> 0x0c, character_set int<2>,
// column_length int<4>, type int<1>, flags int<2>, decimals int<1>, reserved string[2];
// COM_FIELD_LIST: default value string<lenenc>.
Result<ColumnDefinition> decode_column_definition(Bytes payload, Capabilities capabilities)
{
    WireReader in(payload);
    ColumnDefinition column;
    std::string_view catalog;  // always "def"
    in.read_lenenc_string(catalog).read_lenenc_string(column.schema);
    in.read_lenenc_string(column.table).read_lenenc_string(column.original_table);
    in.read_lenenc_string(column.name).read_lenenc_string(column.original_name);
    if (has_extended_metadata(capabilities)) in.read_lenenc_string(column.extended_metadata);

    std::uint64_t fixed_size = fixed_fields_size;
    std::uint8_t type = 0;
    in.read_lenenc(fixed_size);
    if (fixed_size != fixed_fields_size) in.fail(Errc::bad_value);
    in.read_int2(column.character_set).read_int4(column.length).read_int1(type);
    in.read_int2(column.flags).read_int1(column.decimals).skip(2);
    column.type = static_cast<ColumnType>(type);
    in.read_eof(column.default_value);
    return in.finished_or_error(std::move(column));
}

Buffer encode_column_definition(const ColumnDefinition& column, Capabilities capabilities)
{
    Buffer payload;
    WireWriter out(payload);
    out.lenenc_text("def").lenenc_text(column.schema);
    out.lenenc_text(column.table).lenenc_text(column.original_table);
    out.lenenc_text(column.name).lenenc_text(column.original_name);
    if (has_extended_metadata(capabilities)) out.lenenc_bytes(column.extended_metadata);
    out.lenenc(fixed_fields_size).int2(column.character_set).int4(column.length);
    out.int1(static_cast<Byte>(column.type)).int2(column.flags).int1(column.decimals).zeros(2);
    out.bytes(column.default_value);
    return payload;
}

ColumnDefinition text_column(std::string_view name)
{
    ColumnDefinition column;
    column.name = name;
    column.character_set = utf8mb4_0900_ai_ci;
    column.length = 65535;
    return column;
}

ColumnDefinition integer_column(std::string_view name)
{
    ColumnDefinition column;
    column.name = name;
    column.length = 21;
    column.type = ColumnType::longlong;
    column.flags = column_flag::not_null | column_flag::binary;
    return column;
}

Result<std::vector<Cell>> decode_text_row(Bytes payload, std::size_t column_count)
{
    WireReader in(payload);
    std::vector<Cell> cells;
    // Each value takes a byte at least, so the input pays for what is reserved.
    if (column_count > payload.size()) return make_error_code(Errc::truncated);
    cells.reserve(column_count);
    while (cells.size() < column_count && !in.failed()) in.read_nullable(cells.emplace_back());
    return in.finished_or_error(std::move(cells));
}

Buffer encode_text_row(std::span<const TextCell> cells)
{
    Buffer payload;
    WireWriter out(payload);
    for (const TextCell& cell : cells) {
        if (cell)
            out.lenenc_text(*cell);
        else
            out.null();
    }
    return payload;
}

// packet_header int<1> 0, null_bitmap string[(columns + 7 + 2) / 8], values.
Result<std::vector<Cell>> decode_binary_row(Bytes payload, std::span<const ColumnType> types)
{
    WireReader in(payload);
    Bytes nulls;
    in.expect_int1(row_header).read_fixed(null_bitmap_size(types.size()), nulls);
    if (in.failed()) return make_error_code(in.error());

    std::vector<Cell> cells(types.size());
    for (std::size_t i = 0; i < types.size() && !in.failed(); ++i)
        if (!null_bit(nulls, i)) cells[i] = read_binary_value(in, types[i]);
    return in.finished_or_error(std::move(cells));
}

Buffer encode_binary_row(std::span<const Cell> cells, std::span<const ColumnType> types)
{
    Buffer payload;
    WireWriter out(payload);
    Buffer nulls(null_bitmap_size(cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::size_t bit = i + first_null_bit;
        if (!cells[i]) nulls[bit / 8] |= static_cast<Byte>(1u << (bit % 8));
    }
    out.int1(row_header).bytes(nulls);
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (cells[i]) write_binary_value(out, types[i], *cells[i]);
    return payload;
}

// header int<1> 0xfe, warnings int<2>, status_flags int<2>.
Result<Eof> decode_eof(Bytes payload)
{
    WireReader in(payload);
    Eof eof;
    in.expect_int1(eof_header).read_int2(eof.warnings).read_int2(eof.status);
    return in.finished_or_error(eof);
}

Buffer encode_eof(Eof eof)
{
    Buffer payload;
    WireWriter(payload).int1(eof_header).int2(eof.warnings).int2(eof.status);
    return payload;
}

std::uint8_t append_text_result(Buffer& out, const TextResult& result, Capabilities capabilities,
                                std::uint8_t sequence)
{
    const auto append = [&](const Buffer& payload) {
        sequence = append_message(out, payload, sequence);
    };
    const bool eof_deprecated = (capabilities & capability::deprecate_eof) != 0;
    const Buffer eof = encode_eof({result.warnings, result.status});

    append(encode_column_count({result.columns.size(), ResultMetadata::full}, capabilities));
    for (const ColumnDefinition& column : result.columns)
        append(encode_column_definition(column, capabilities));
    if (!eof_deprecated) append(eof);

    for (const auto& row : result.rows) {
        const std::vector<TextCell> cells(row.begin(), row.end());
        append(encode_text_row(cells));
    }
    if (!eof_deprecated) {
        append(eof);
        return sequence;
    }
    Ok end;
    end.header = eof_header;
    end.status = result.status;
    end.warnings = result.warnings;
    append(encode_ok(end, capabilities));
    return sequence;
}

}  // namespace pointsman::protocol
