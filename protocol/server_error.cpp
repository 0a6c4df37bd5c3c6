#include "protocol/server_error.hpp"

#include <string>

namespace pointsman::protocol::server_error {

namespace {

/// `text` as MySQL quotes it in messages: 'text'.
std::string quoted(std::string_view text)
{
    return "'" + std::string(text) + "'";
}

}  // namespace

Err no_free_link(std::string_view server, std::uint32_t limit)
{
    // Not 08004, by which a client would take its connection for lost.
    std::string text = "Too many connections: none to server ";
    text.append(server).append(" became free in time (pool.max_links is ");
    text += std::to_string(limit) + ")";
    return other(1040, "HY000", text);
}

Err last_result_lost()
{
    return other(1105, "HY000",
                 "What the statement before left (ROW_COUNT(), FOUND_ROWS(), warnings) is no longer "
                 "known: its connection to the server was given to another session. From now on "
                 "this session keeps it; pool.sharing: false keeps all");
}

Err too_many_connections()
{
    return other(er_con_count, "08004", "Too many connections");
}

Err bad_handshake()
{
    return other(er_handshake, "08S01", "Bad handshake");
}

Err access_denied(std::string_view user, std::string_view host, UsingPassword using_password)
{
    const char* answer = using_password == UsingPassword::yes ? "YES" : "NO";
    return other(er_access_denied, "28000",
                 "Access denied for user " + quoted(user) + "@" + quoted(host) +
                     " (using password: " + answer + ")");
}

Err unknown_command()
{
    return other(er_unknown_command, "08S01", "Unknown command");
}

Err server_shutdown(std::string_view why)
{
    std::string message = "Server shutdown in progress";
    if (!why.empty()) message.append(" (").append(why).append(")");
    return other(er_server_shutdown, "08S01", message);
}

Err host_blocked(std::string_view host)
{
    return other(er_host_is_blocked, "HY000",
                 "Host " + quoted(host) + " is blocked because of many connection errors");
}

Err host_not_privileged(std::string_view host)
{
    return other(er_host_not_privileged, "HY000",
                 "Host " + quoted(host) + " is not allowed to connect to this MySQL server");
}

Err packet_too_large()
{
    return other(er_packet_too_large, "08S01",
                 "Got a packet bigger than 'max_allowed_packet' bytes");
}

Err prepared_text_too_long(std::uint64_t limit)
{
    return other(er_packet_too_large, "08S01",
                 "Got a packet bigger than 'max_allowed_packet' bytes: a text to prepare may have " +
                     std::to_string(limit) + " (the proxy's limits.max_prepared_text)");
}

Err packets_out_of_order()
{
    return other(er_packets_out_of_order, "08S01", "Got packets out of order");
}

Err read_error()
{
    return other(er_read_error, "08S01", "Got an error reading communication packets");
}

Err read_timeout()
{
    return other(er_read_interrupted, "08S01", "Got timeout reading communication packets");
}

Err outcome_unknown()
{
    return other(er_error_during_commit, "08007",
                 "Got error during COMMIT: primary lost, transaction resolution unknown");
}

Err too_many_user_connections(std::string_view user)
{
    return other(er_too_many_user_connections, "42000",
                 "User " + std::string(user) +
                     " already has more than 'max_user_connections' active connections");
}

Err transaction_aborted(std::string_view why)
{
    return other(er_deadlock, "40001",
                 "Deadlock found when trying to get lock (transaction aborted by " +
                     std::string(why) + "); try restarting transaction");
}

Err user_limit_reached(std::string_view user, std::string_view resource, std::uint64_t limit)
{
    return other(er_user_limit_reached, "42000",
                 "User " + quoted(user) + " has exceeded the " + quoted(resource) +
                     " resource (current value: " + std::to_string(limit) + ")");
}

Err unknown_statement(std::uint32_t statement_id, std::string_view where)
{
    return other(er_unknown_stmt_handler, "HY000",
                 "Unknown prepared statement handler (" + std::to_string(statement_id) +
                     ") given to " + std::string(where));
}

Err client_auth_not_supported()
{
    return other(er_auth_mode_not_supported, "08004",
                 "Client does not support authentication protocol requested by server; consider "
                 "upgrading MySQL client");
}

Err read_only(std::string_view reason)
{
    return other(er_option_prevents_statement, "HY000",
                 "The MySQL server is running with the --read-only option so it cannot execute "
                 "this statement (" +
                     std::string(reason) + ")");
}

Err query_interrupted()
{
    return other(er_query_interrupted, "70100", "Query execution was interrupted");
}

Err malformed_packet()
{
    return other(er_malformed_packet, "HY000", "Malformed communication packet.");
}

Err secure_transport_required()
{
    return other(er_secure_transport_required, "HY000",
                 "Connections using insecure transport are prohibited while "
                 "--require_secure_transport=ON.");
}

Err idle_for_too_long()
{
    return other(er_client_interaction_timeout, "HY000",
                 "The client was disconnected by the server because of inactivity. See "
                 "wait_timeout and interactive_timeout for configuring this behavior.");
}

Err wrong_zstd_level()
{
    return other(er_wrong_compression_level, "HY000",
                 "Invalid zstd compression level for algorithm 'zstd'.");
}

Err other(std::uint16_t code, std::string_view sqlstate, std::string_view message)
{
    return {code, std::string(sqlstate), std::string(message)};
}

}  // namespace pointsman::protocol::server_error
