#pragma once
// The commands about prepared statements, as clients send them; COM_STMT_PREPARE itself is its byte
// and the text.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_ps.html
//
// All views borrow from the payload.

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/parameters.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace pointsman::protocol {

/// MySQL's clients may use this id for "the statement prepared last" (MariaDB: in one go with
/// COM_STMT_PREPARE).
constexpr std::uint32_t last_prepared_statement = 0xffffffff;

/// COM_STMT_PREPARE.
Result<std::string_view> decode_prepare(Bytes payload);
Buffer encode_prepare(std::string_view text);

/// The statement id of COM_STMT_EXECUTE, CLOSE, RESET, FETCH, SEND_LONG_DATA (and of MariaDB's bulk
/// execute): all have it right behind the command byte.
Result<std::uint32_t> decode_statement_id(Bytes payload);

namespace cursor {
constexpr std::uint8_t read_only = 0x01;
constexpr std::uint8_t for_update = 0x02;
constexpr std::uint8_t scrollable = 0x04;
/// CLIENT_QUERY_ATTRIBUTES: the parameter count is sent, and may exceed the statement's own.
constexpr std::uint8_t parameter_count_available = 0x08;
}  // namespace cursor

/// COM_STMT_EXECUTE up to the parameters' values.
struct Execute {
    std::uint32_t statement_id = 0;
    std::uint8_t flags = 0;  // of cursor::
    std::uint32_t iterations = 1;
    ParameterBlock parameters;  // of count 0 when there are none
};

/// `statement_parameters`: as the statement's preparation said; without parameter_count_available
/// the packet does not tell.
Result<Execute> decode_execute(Bytes payload, Capabilities capabilities,
                               std::uint16_t statement_parameters);

/// The values of an execution that sent its types, none of its parameters having come by
/// COM_STMT_SEND_LONG_DATA.
Result<std::vector<Parameter>> decode_execute_values(const Execute& execute);

Buffer encode_execute(std::uint32_t statement_id, std::uint8_t flags,
                      const std::vector<Parameter>& parameters, Capabilities capabilities);

/// COM_STMT_SEND_LONG_DATA: a piece of one parameter's value. It has no response.
struct LongData {
    std::uint32_t statement_id = 0;
    std::uint16_t parameter = 0;
    Bytes data;
};
Result<LongData> decode_long_data(Bytes payload);
Buffer encode_long_data(const LongData& piece);

/// COM_STMT_FETCH: so many rows from the statement's cursor.
struct Fetch {
    std::uint32_t statement_id = 0;
    std::uint32_t rows = 0;
};
Result<Fetch> decode_fetch(Bytes payload);
Buffer encode_fetch(Fetch fetch);

Buffer encode_statement_close(std::uint32_t statement_id);
Buffer encode_statement_reset(std::uint32_t statement_id);

}  // namespace pointsman::protocol
