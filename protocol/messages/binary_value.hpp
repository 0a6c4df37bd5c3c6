#pragma once
// What the bytes of a value in the binary protocol mean, as the text that the text protocol would
// have for it.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html#sect_protocol_binary_resultset_row_value

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/column_type.hpp"

#include <string>

namespace pointsman::protocol {

enum class Signedness : std::uint8_t { signed_, unsigned_ };

/// `value`: as decode_binary_row and decode_execute_values give it. bad_value: a size or a field
/// that the type can't have. Types that travel as strings are copied.
Result<std::string> text_of_binary(Bytes value, ColumnType type,
                                   Signedness signedness = Signedness::signed_);

}  // namespace pointsman::protocol
