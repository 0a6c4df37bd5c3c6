#pragma once
// Why a session keeps its link to a server, with the names that metrics, logs and lists give them.

#include <array>
#include <cstdint>
#include <string_view>

namespace pointsman::proxy {

/// A bit set.
enum Pin : std::uint32_t {
    pin_none = 0,
    // Any statement may depend on these: everything goes to that server.
    pin_temporary_table = 1u << 0,
    pin_lock_tables = 1u << 1,
    pin_session_variable = 1u << 2,  // one that can't be set again elsewhere
    pin_session_tracking = 1u << 3,  // the client chose what is tracked: we no longer see all
    pin_xa = 1u << 4,
    pin_unexplained = 1u << 5,       // something may be there that nobody can name
    pin_next_transaction = 1u << 6,  // SET TRANSACTION …: until the next transaction
    pin_role = 1u << 7,              // SET ROLE, RESOURCE GROUP: outlives COM_RESET_CONNECTION
    pin_account = 1u << 8,           // no other link can log in as it: it changed how it logs in
    // Only statements that go to the primary anyway depend on these; they die with the server.
    pin_user_variable = 1u << 16,
    pin_prepared_text = 1u << 17,
    pin_user_lock = 1u << 18,
    pin_handler = 1u << 19,
    // These keep the link for a while, and are known by other means than this set.
    pin_transaction = 1u << 24,
    pin_last_result = 1u << 25,  // ROW_COUNT(), warnings …: until the next statement
    pin_found_rows = 1u << 26,   // SQL_CALC_FOUND_ROWS, until FOUND_ROWS()
    pin_cursor = 1u << 27,       // of a prepared statement, or its long data
};
constexpr std::uint32_t pins_every_statement = 0xffffu;

struct PinName {
    Pin pin;
    std::string_view name;
};
constexpr std::size_t pin_count = 17;
constexpr std::array<PinName, pin_count> pin_names{{
    {pin_temporary_table, "temporary_table"},
    {pin_lock_tables, "table_locks"},
    {pin_session_variable, "session_variable"},
    {pin_session_tracking, "session_tracking"},
    {pin_xa, "xa"},
    {pin_unexplained, "unexplained"},
    {pin_next_transaction, "next_transaction"},
    {pin_role, "role"},
    {pin_account, "account"},
    {pin_user_variable, "user_variable"},
    {pin_prepared_text, "prepared_text"},
    {pin_user_lock, "user_lock"},
    {pin_handler, "handler"},
    {pin_transaction, "transaction"},
    {pin_last_result, "last_result"},
    {pin_found_rows, "found_rows"},
    {pin_cursor, "cursor"},
}};

}  // namespace pointsman::proxy
