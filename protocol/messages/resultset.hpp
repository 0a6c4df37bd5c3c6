#pragma once
// The packets of a result set. The relay never decodes them; these are for our own answers, for
// queries of our own, and for tests.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/column_type.hpp"
#include "protocol/wire_reader.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::protocol {

/// metadata_follows: whether column definitions come before the rows.
enum class ResultMetadata : std::uint8_t { none = 0, full = 1 };

inline bool has_optional_metadata(Capabilities capabilities)
{
    return (capabilities & capability::optional_resultset_metadata) != 0;
}
ResultMetadata read_result_metadata(WireReader& in);

struct ColumnCount {
    std::uint64_t count = 0;
    ResultMetadata metadata = ResultMetadata::full;
};

/// The first packet of a result set; with MariaDB it is MARIADB_CLIENT_CACHE_METADATA that makes
/// the definitions optional. (Servers write the count first and the metadata flag behind it; the
/// manual has them the other way round.)
Result<ColumnCount> decode_column_count(Bytes payload, Capabilities capabilities);
Buffer encode_column_count(ColumnCount columns, Capabilities capabilities);

/// ColumnDefinition41.
struct ColumnDefinition {
    std::string schema, table, original_table, name, original_name;
    /// MariaDB's extended type data, as it came; only under MARIADB_CLIENT_EXTENDED_METADATA.
    Buffer extended_metadata;
    std::uint16_t character_set = 63;  // binary
    std::uint32_t length = 0;
    ColumnType type = ColumnType::var_string;
    std::uint16_t flags = 0;
    std::uint8_t decimals = 0;
    /// COM_FIELD_LIST only: the column's default (undecoded string<lenenc> or NULL), as it came.
    Buffer default_value;
};

namespace column_flag {
constexpr std::uint16_t not_null = 0x0001;
constexpr std::uint16_t unsigned_ = 0x0020;
constexpr std::uint16_t binary = 0x0080;
}  // namespace column_flag

Result<ColumnDefinition> decode_column_definition(Bytes payload, Capabilities capabilities);
Buffer encode_column_definition(const ColumnDefinition& column, Capabilities capabilities);

/// A column of text or of a signed integer, for our own answers.
ColumnDefinition text_column(std::string_view name);
ColumnDefinition integer_column(std::string_view name);

/// One value; nothing is NULL. Borrowed.
using Cell = std::optional<Bytes>;
using TextCell = std::optional<std::string_view>;

/// A row of the text protocol must have exactly `column_count` values.
Result<std::vector<Cell>> decode_text_row(Bytes payload, std::size_t column_count);
Buffer encode_text_row(std::span<const TextCell> cells);

/// A row of the binary protocol; each value is its bytes without a length in front (see
/// binary_value.hpp for what they mean).
Result<std::vector<Cell>> decode_binary_row(Bytes payload, std::span<const ColumnType> types);
/// `cells` and `types` have the same size.
Buffer encode_binary_row(std::span<const Cell> cells, std::span<const ColumnType> types);

/// EOF_Packet, without CLIENT_DEPRECATE_EOF. (With it an OK of header 0xfe stands in its place.)
struct Eof {
    std::uint16_t warnings = 0;
    std::uint16_t status = 0;
};
Result<Eof> decode_eof(Bytes payload);
Buffer encode_eof(Eof eof);

/// A whole text result set as packets, for our own answers. Returns the next sequence id.
struct TextResult {
    std::vector<ColumnDefinition> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;
    std::uint16_t status = 0;
    std::uint16_t warnings = 0;
};
std::uint8_t append_text_result(Buffer& out, const TextResult& result, Capabilities capabilities,
                                std::uint8_t sequence);

}  // namespace pointsman::protocol
