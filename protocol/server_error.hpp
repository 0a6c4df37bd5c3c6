#pragma once
// The errors that Pointsman itself sends to a client, worded as MySQL words them, so that drivers
// and people recognise them. What a server answered is never rebuilt here: it is passed on.
// Numbers 2000-2999 belong to the client library and never stand in an ERR packet.
// https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html

#include "protocol/messages/err.hpp"

#include <cstdint>
#include <string_view>

namespace pointsman::protocol::server_error {

constexpr std::uint16_t er_con_count = 1040;
constexpr std::uint16_t er_handshake = 1043;
constexpr std::uint16_t er_access_denied = 1045;
constexpr std::uint16_t er_unknown_command = 1047;
constexpr std::uint16_t er_bad_db = 1049;
constexpr std::uint16_t er_server_shutdown = 1053;
constexpr std::uint16_t er_host_is_blocked = 1129;
constexpr std::uint16_t er_host_not_privileged = 1130;
constexpr std::uint16_t er_packet_too_large = 1153;
constexpr std::uint16_t er_packets_out_of_order = 1156;
constexpr std::uint16_t er_read_error = 1158;
constexpr std::uint16_t er_read_interrupted = 1159;
constexpr std::uint16_t er_write_error = 1160;
constexpr std::uint16_t er_error_during_commit = 1180;
constexpr std::uint16_t er_too_many_user_connections = 1203;
constexpr std::uint16_t er_deadlock = 1213;
constexpr std::uint16_t er_user_limit_reached = 1226;
constexpr std::uint16_t er_unknown_stmt_handler = 1243;
constexpr std::uint16_t er_auth_mode_not_supported = 1251;
constexpr std::uint16_t er_option_prevents_statement = 1290;
constexpr std::uint16_t er_query_interrupted = 1317;
constexpr std::uint16_t er_read_only_transaction = 1792;
constexpr std::uint16_t er_malformed_packet = 1835;
constexpr std::uint16_t er_read_only_mode = 1836;
constexpr std::uint16_t er_run_hook = 3100;  // a plugin (semi-synchronous replication) said no
constexpr std::uint16_t er_secure_transport_required = 3159;
constexpr std::uint16_t er_client_interaction_timeout = 4031;
constexpr std::uint16_t er_wrong_compression_level = 3923;

/// Whether the client sent a password, as error 1045 tells.
enum class UsingPassword : std::uint8_t { no, yes };

/// 1040 08004. In place of a greeting it has no SQLSTATE: encode it without CLIENT_PROTOCOL_41.
Err too_many_connections();
/// 1105: what the statement before left cannot be asked for any more.
Err last_result_lost();
/// 1040: no link to `server` became free in time, of `limit` in all.
Err no_free_link(std::string_view server, std::uint32_t limit);
Err bad_handshake();
Err access_denied(std::string_view user, std::string_view host, UsingPassword using_password);
Err unknown_command();
/// 1053 08S01; `why` (may be empty) stands in brackets behind MySQL's sentence.
Err server_shutdown(std::string_view why = {});
Err host_blocked(std::string_view host);
Err host_not_privileged(std::string_view host);
Err packet_too_large();
/// COM_STMT_PREPARE: the whole text is needed, to prepare it on other links, too.
Err prepared_text_too_long(std::uint64_t limit);
Err packets_out_of_order();
Err read_error();
Err read_timeout();
/// 1180 08007: the server was lost under a write, and nobody knows whether it happened.
Err outcome_unknown();
/// 1203 42000: beyond the limit of all accounts.
Err too_many_user_connections(std::string_view user);
/// 1213 40001: the transaction is certainly rolled back, because of `why`; drivers start it again.
Err transaction_aborted(std::string_view why);
/// 1226 42000, for example ("joe", "max_user_connections", 10).
Err user_limit_reached(std::string_view user, std::string_view resource, std::uint64_t limit);
/// 1243 HY000; `where` is the command's name as MySQL puts it: "mysqld_stmt_execute".
Err unknown_statement(std::uint32_t statement_id, std::string_view where);
/// 1251 08004: the login plugins that the client has do not do.
Err client_auth_not_supported();
/// 1290 HY000: not executed, and the connection stays usable; `reason` says what is wrong.
Err read_only(std::string_view reason);
Err query_interrupted();
Err malformed_packet();
/// 3923 HY000: zstd has levels 1 to 22.
Err wrong_zstd_level();
/// 3159 HY000: this account or listener wants TLS.
Err secure_transport_required();

/// 4031 HY000: the session was silent for too long; sent unasked, before the connection ends.
Err idle_for_too_long();

/// Any other number; `sqlstate` has five characters.
Err other(std::uint16_t code, std::string_view sqlstate, std::string_view message);

}  // namespace pointsman::protocol::server_error
