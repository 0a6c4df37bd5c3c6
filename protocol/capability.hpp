#pragma once
// Capability flags of the connection phase, one line each, named as in the manual without CLIENT_.
// https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html
// The low half is MySQL's; the high half is MariaDB's extended set (sent in the greeting's and the
// answer's filler when CLIENT_MYSQL, the lowest bit, is clear).

#include <cstdint>

namespace pointsman::protocol {

using Capabilities = std::uint64_t;

namespace capability {
constexpr Capabilities mysql = 1u << 0;  // CLIENT_LONG_PASSWORD of old; MariaDB servers clear it
constexpr Capabilities found_rows = 1u << 1;
constexpr Capabilities long_flag = 1u << 2;
constexpr Capabilities connect_with_db = 1u << 3;
constexpr Capabilities no_schema = 1u << 4;
constexpr Capabilities compress = 1u << 5;
constexpr Capabilities odbc = 1u << 6;
constexpr Capabilities local_files = 1u << 7;
constexpr Capabilities ignore_space = 1u << 8;
constexpr Capabilities protocol_41 = 1u << 9;
constexpr Capabilities interactive = 1u << 10;
constexpr Capabilities ssl = 1u << 11;
constexpr Capabilities ignore_sigpipe = 1u << 12;
constexpr Capabilities transactions = 1u << 13;
constexpr Capabilities reserved = 1u << 14;
constexpr Capabilities secure_connection = 1u << 15;
constexpr Capabilities multi_statements = 1u << 16;
constexpr Capabilities multi_results = 1u << 17;
constexpr Capabilities ps_multi_results = 1u << 18;
constexpr Capabilities plugin_auth = 1u << 19;
constexpr Capabilities connect_attrs = 1u << 20;
constexpr Capabilities plugin_auth_lenenc_data = 1u << 21;
constexpr Capabilities can_handle_expired_passwords = 1u << 22;
constexpr Capabilities session_track = 1u << 23;
constexpr Capabilities deprecate_eof = 1u << 24;
constexpr Capabilities optional_resultset_metadata = 1u << 25;
constexpr Capabilities zstd_compression = 1u << 26;
constexpr Capabilities query_attributes = 1u << 27;
constexpr Capabilities multi_factor_authentication = 1u << 28;
constexpr Capabilities capability_extension = 1u << 29;
constexpr Capabilities ssl_verify_server_cert = 1u << 30;
constexpr Capabilities remember_options = 1u << 31;

constexpr Capabilities mariadb_progress = 1ull << 32;
constexpr Capabilities mariadb_com_multi = 1ull << 33;
constexpr Capabilities mariadb_stmt_bulk_operations = 1ull << 34;
constexpr Capabilities mariadb_extended_metadata = 1ull << 35;
constexpr Capabilities mariadb_cache_metadata = 1ull << 36;
constexpr Capabilities mariadb_bulk_unit_results = 1ull << 37;
}  // namespace capability

}  // namespace pointsman::protocol
