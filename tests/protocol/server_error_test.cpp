#include "protocol/server_error.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol::server_error {

TEST_CASE("the proxy's own errors have MySQL's numbers, states and words")
{
    struct Row {
        Err err;
        int code;
        std::string_view sqlstate, message;
    };
    const Row rows[] = {
        {too_many_connections(), 1040, "08004", "Too many connections"},
        {access_denied("joe", "10.0.0.7", UsingPassword::yes), 1045, "28000",
         "Access denied for user 'joe'@'10.0.0.7' (using password: YES)"},
        {access_denied("", "localhost", UsingPassword::no), 1045, "28000",
         "Access denied for user ''@'localhost' (using password: NO)"},
        {unknown_command(), 1047, "08S01", "Unknown command"},
        {server_shutdown(), 1053, "08S01", "Server shutdown in progress"},
        {server_shutdown("session moved"), 1053, "08S01",
         "Server shutdown in progress (session moved)"},
        {packet_too_large(), 1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes"},
        {packets_out_of_order(), 1156, "08S01", "Got packets out of order"},
        {outcome_unknown(), 1180, "08007",
         "Got error during COMMIT: primary lost, transaction resolution unknown"},
        {user_limit_reached("joe", "max_user_connections", 10), 1226, "42000",
         "User 'joe' has exceeded the 'max_user_connections' resource (current value: 10)"},
        {unknown_statement(7, "mysqld_stmt_execute"), 1243, "HY000",
         "Unknown prepared statement handler (7) given to mysqld_stmt_execute"},
        {read_only("no primary"), 1290, "HY000",
         "The MySQL server is running with the --read-only option so it cannot execute this "
         "statement (no primary)"},
        {malformed_packet(), 1835, "HY000", "Malformed communication packet."},
    };
    for (const Row& row : rows) {
        CHECK(row.err.code == row.code);
        CHECK(row.err.sqlstate == row.sqlstate);
        CHECK(row.err.message == row.message);
    }
}

TEST_CASE("no error of ours borrows a number of the client library")
{
    for (const Err& err :
         {too_many_connections(), bad_handshake(), unknown_command(), server_shutdown(),
          host_blocked("h"), host_not_privileged("h"), packet_too_large(), packets_out_of_order(),
          read_error(), read_timeout(), outcome_unknown(), transaction_aborted("failover"),
          client_auth_not_supported(), read_only("x"), query_interrupted(), malformed_packet(),
          secure_transport_required()}) {
        INFO(err.message);
        CHECK((err.code < 2000 || err.code >= 3000));
        CHECK(err.sqlstate.size() == 5);
    }
}

}  // namespace pointsman::protocol::server_error
