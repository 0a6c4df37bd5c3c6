#pragma once
// COM_STMT_PREPARE's first answer packet. Definitions of the parameters, then of the columns,
// follow. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_prepare.html

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/resultset.hpp"

#include <cstdint>
#include <optional>

namespace pointsman::protocol {

struct PrepareOk {
    std::uint32_t statement_id = 0;
    std::uint16_t column_count = 0;
    std::uint16_t parameter_count = 0;
    std::uint16_t warnings = 0;
    /// With `none` no definitions follow. Only under CLIENT_OPTIONAL_RESULTSET_METADATA.
    ResultMetadata metadata = ResultMetadata::full;
};

Result<PrepareOk> decode_prepare_ok(Bytes payload, Capabilities capabilities);
Buffer encode_prepare_ok(const PrepareOk& prepared, Capabilities capabilities);

/// Writes another statement id into a COM_STMT_PREPARE_OK payload, or into the payload of a command
/// that names a statement (COM_STMT_EXECUTE, CLOSE, RESET, FETCH, SEND_LONG_DATA): the four bytes
/// behind the first one in all of them. truncated: the payload is too short to have one.
Result<void> replace_statement_id(MutableBytes payload, std::uint32_t statement_id);

}  // namespace pointsman::protocol
