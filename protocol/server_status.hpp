#pragma once
// SERVER_STATUS_* flags, as OK and EOF packets carry them.
// https://dev.mysql.com/doc/dev/mysql-server/latest/mysql__com_8h.html

#include <cstdint>

namespace pointsman::protocol::server_status {

constexpr std::uint16_t in_trans = 0x0001;
constexpr std::uint16_t autocommit = 0x0002;
constexpr std::uint16_t more_results_exists = 0x0008;
constexpr std::uint16_t no_good_index_used = 0x0010;
constexpr std::uint16_t no_index_used = 0x0020;
constexpr std::uint16_t cursor_exists = 0x0040;
constexpr std::uint16_t last_row_sent = 0x0080;
constexpr std::uint16_t db_dropped = 0x0100;
constexpr std::uint16_t no_backslash_escapes = 0x0200;
constexpr std::uint16_t metadata_changed = 0x0400;
constexpr std::uint16_t query_was_slow = 0x0800;
constexpr std::uint16_t ps_out_params = 0x1000;
constexpr std::uint16_t in_trans_readonly = 0x2000;
constexpr std::uint16_t session_state_changed = 0x4000;

/// What is true of a session between statements; all else is about the statement that said it.
constexpr std::uint16_t of_session =
    in_trans | autocommit | no_backslash_escapes | in_trans_readonly;

}  // namespace pointsman::protocol::server_status
