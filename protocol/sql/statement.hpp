#pragma once
// Facts about the text of one COM_QUERY or COM_STMT_PREPARE: what a router needs to know, and no
// more. What cannot be told for sure is told as the careful case: access primary.

#include <cstdint>
#include <string>

namespace pointsman::protocol::sql {

/// What the (first) statement is. Several spellings share a kind where nobody needs to tell them
/// apart.
enum class StatementKind : std::uint8_t {
    empty,
    select,
    table,
    values,
    show,
    describe,
    explain,
    help,
    checksum,
    insert,
    replace,
    update,
    delete_,
    load,
    import,
    call,
    do_,
    handler,
    set,
    use,
    begin,
    commit,
    rollback,
    savepoint,
    xa,
    set_transaction,
    prepare,
    execute,
    deallocate,
    lock_tables,
    unlock_tables,
    flush,
    kill,
    reset,
    ddl,
    account,
    admin,
    replication,
    other,
};

/// Where it may run.
enum class Access : std::uint8_t {
    replica,  // certain: reads only, and its answer depends on nothing but data and known session
              // state
    primary,  // everything else
};

/// Why it must go to the primary; of several, the gravest. For metrics and for explaining a route.
enum class PrimaryReason : std::uint8_t {
    none,           // it need not
    writes,         // it changes data, structure or accounts
    locking_read,   // FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE
    into,           // SELECT … INTO
    session_state,  // it reads or changes what lives in the session (variables, temporary tables,
                    // locks…)
    function,       // calls a function that writes, locks or depends on the session
    unknown_function,  // a function that is not MySQL's own: it could write
    transaction,       // transaction control
    multi_statement,   // several statements, not all of them certain
    not_understood,    // outside the rules
    server_specific,   // its answer is about one server (SHOW PROCESSLIST, KILL, FLUSH …): the
                       // primary by convention
};

enum class Transaction : std::uint8_t {
    none,
    begin,
    begin_read_only,
    commit,
    rollback,
    commit_chain,
    rollback_chain,  // AND CHAIN: a new one begins at once
    commit_release,
    rollback_release,  // RELEASE: the session ends
    set_autocommit_off,
    set_autocommit_on,
};

/// What a statement does to its session, or needs of it. A bit set.
enum Effect : std::uint32_t {
    effect_none = 0,
    effect_user_variable = 1u << 0,  // reads or assigns @x
    effect_system_variable =
        1u << 1,  // SET of a session variable (also SET NAMES, SET TRANSACTION)
    effect_global_variable = 1u << 2,  // SET GLOBAL, SET PERSIST
    effect_schema = 1u << 3,           // USE
    effect_temporary_table = 1u << 4,  // CREATE/DROP TEMPORARY TABLE
    effect_lock_tables = 1u << 5,      // LOCK TABLES, FTWRL, LOCK INSTANCE
    effect_unlock_tables = 1u << 6,
    effect_user_lock = 1u << 7,          // GET_LOCK, RELEASE_LOCK …
    effect_reads_last_result = 1u << 8,  // ROW_COUNT(), SHOW WARNINGS/ERRORS, GET DIAGNOSTICS
    effect_calc_found_rows = 1u << 9,
    effect_handler = 1u << 10,
    effect_prepared_text = 1u << 11,  // PREPARE, EXECUTE, DEALLOCATE
    effect_xa = 1u << 12,
    effect_connection_id = 1u << 13,     // CONNECTION_ID(), SHOW PROCESSLIST
    effect_session_tracking = 1u << 14,  // SET session_track_*
    effect_local_infile = 1u << 15,      // LOAD DATA/XML LOCAL
    effect_implicit_commit = 1u << 16,   // DDL and friends: ends an open transaction
    effect_last_insert_id =
        1u << 17,  // LAST_INSERT_ID(), @@last_insert_id: lives where the last INSERT ran
    effect_tracked_variables = 1u << 18,     // SET session_track_system_variables
    effect_tracked_state_change = 1u << 19,  // SET session_track_state_change
    effect_routine = 1u << 20,               // CALL, or a function that is not the server's own
    effect_reads_found_rows = 1u << 21,      // FOUND_ROWS(): not always of the statement before
    effect_unreported_variable = 1u << 22,   // SET of a variable that servers do not report
    effect_next_transaction = 1u << 23,  // SET TRANSACTION …, SET @@transaction_…: counts for one
    effect_role = 1u << 24,              // SET ROLE, SET RESOURCE GROUP: reported by no tracker
};

/// A routing hint in a comment: /* route=primary */, /* route=replica */, /* route=server:NAME */,
/// and beside it /* after_gtid=… */.
struct RouteHint {
    enum class Kind : std::uint8_t { none, primary, replica, server };
    Kind kind = Kind::none;
    std::string server;  // with Kind::server
    /// after_gtid=…: what the server that answers must have executed; empty: nothing asked for.
    std::string after_gtid;
};

struct Statement {
    StatementKind kind = StatementKind::empty;
    Access access = Access::primary;
    PrimaryReason reason = PrimaryReason::not_understood;
    Transaction transaction = Transaction::none;
    std::uint32_t effects = effect_none;  // of Effect
    std::uint16_t statement_count = 0;    // statements in the text, separated by ;
    bool names_table = false;             // FROM was seen in it
    bool has_set_var = false;             // a hint sets variables until its end
    bool skips_rows = false;              // OFFSET, or LIMIT a, b, somewhere in it
    RouteHint hint;

    bool has(Effect effect) const { return (effects & effect) != 0; }
};

}  // namespace pointsman::protocol::sql
