// SET in all its forms: which of the session's or the server's variables it changes.

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/rules.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace pointsman::protocol::sql {

namespace {

using enum PrimaryReason;

enum class Scope { session, global };

void set_variable_in(Statement& statement, Scope scope)
{
    switch (scope) {
        case Scope::session:
            needs_primary(statement, session_state, effect_system_variable);
            return;
        case Scope::global:
            needs_primary(statement, server_specific, effect_global_variable);
            return;
    }
}

/// GLOBAL, PERSIST, SESSION …: nothing when no scope is next.
std::optional<Scope> accept_scope(Cursor& cursor)
{
    if (cursor.accept(Word::global) || cursor.accept(Word::persist) ||
        cursor.accept(Word::persist_only))
        return Scope::global;
    if (cursor.accept(Word::session) || cursor.accept(Word::local)) return Scope::session;
    return std::nullopt;
}

/// The value alone decides; an expression could be anything, and off is the careful guess.
Transaction autocommit_by(const Token& value, bool alone)
{
    if (!alone) return Transaction::set_autocommit_off;
    const bool on_word = value.is(Word::on) || value.is(Word::true_) || value.is(Word::default_);
    const bool on_text = value.is(TokenKind::string) && value.text.size() == 4 &&
                         same_name(value.text.substr(1, 2), "on");
    const bool one = value.is(TokenKind::number) && value.text == "1";
    return on_word || on_text || one ? Transaction::set_autocommit_on
                                     : Transaction::set_autocommit_off;
}

void read_value(Parse& parse)
{
    int depth = 0;
    while (!parse.cursor.at_end()) {
        if (depth == 0 && parse.cursor.peek().is(TokenKind::comma)) return;
        const Token token = parse.body.step();
        if (token.is(TokenKind::open)) ++depth;
        if (token.is(TokenKind::close)) --depth;
    }
}

void read_autocommit(Parse& parse)
{
    Cursor& cursor = parse.cursor;
    if (cursor.peek().is(TokenKind::assign) || cursor.peek().text == "=") cursor.take();
    const Token value = cursor.peek();
    if (!cursor.at_end()) parse.body.step();
    const bool alone = cursor.at_end() || cursor.peek().is(TokenKind::comma);
    parse.statement.transaction = autocommit_by(value, alone);
}

/// Those that links have their servers report (proxy/pool/trackers), and LAST_INSERT_ID(), which is
/// asked for. Of others a server tells only that something changed. In the order of the alphabet.
constexpr std::string_view reported[] = {
    "auto_increment_increment",
    "auto_increment_offset",
    "autocommit",
    "big_tables",
    "block_encryption_mode",
    "character_set_client",
    "character_set_connection",
    "character_set_results",
    "character_set_server",
    "collation_connection",
    "collation_database",
    "collation_server",
    "completion_type",
    "cte_max_recursion_depth",
    "default_storage_engine",
    "default_tmp_storage_engine",
    "default_week_format",
    "div_precision_increment",
    "end_markers_in_json",
    "explain_format",
    "explicit_defaults_for_timestamp",
    "foreign_key_checks",
    "group_concat_max_len",
    "gtid_next",
    "identity",
    "information_schema_stats_expiry",
    "innodb_lock_wait_timeout",
    "innodb_strict_mode",
    "interactive_timeout",
    "join_buffer_size",
    "last_insert_id",
    "lc_messages",
    "lc_time_names",
    "lock_wait_timeout",
    "long_query_time",
    "max_error_count",
    "max_execution_time",
    "max_heap_table_size",
    "max_join_size",
    "max_length_for_sort_data",
    "max_sort_length",
    "net_read_timeout",
    "net_write_timeout",
    "optimizer_switch",
    "read_buffer_size",
    "read_rnd_buffer_size",
    "resultset_metadata",
    "session_track_gtids",
    "show_create_table_verbosity",
    "sort_buffer_size",
    "sql_auto_is_null",
    "sql_big_selects",
    "sql_buffer_result",
    "sql_log_bin",
    "sql_mode",
    "sql_notes",
    "sql_quote_show_create",
    "sql_safe_updates",
    "sql_select_limit",
    "sql_warnings",
    "time_zone",
    "timestamp",
    "tmp_table_size",
    "transaction_isolation",
    "transaction_read_only",
    "tx_isolation",
    "tx_read_only",
    "unique_checks",
    "updatable_views_with_limit",
    "wait_timeout",
    "windowing_use_high_precision",
};

bool is_reported(std::string_view name)
{
    constexpr std::string_view tracking = "session_track_";
    if (same_name(name.substr(0, tracking.size()), tracking)) return true;
    return std::any_of(std::begin(reported), std::end(reported),
                       [name](auto known) { return same_name(name, known); });
}

/// Set as @@name, without a scope, they count for the next transaction only.
bool is_of_transactions(std::string_view name)
{
    constexpr std::string_view names[] = {"transaction_isolation", "transaction_read_only",
                                          "tx_isolation", "tx_read_only"};
    return std::any_of(std::begin(names), std::end(names),
                       [name](auto known) { return same_name(name, known); });
}

/// [scope] name = value, where name may have parts (validate_password.policy).
void read_system_variable(Parse& parse, std::optional<Scope> scope, Scope sticky)
{
    Cursor& cursor = parse.cursor;
    const Token name = cursor.take();
    set_variable_in(parse.statement, scope.value_or(Scope::session));
    // Without a scope of its own an assignment may follow the one before.
    if (!scope && sticky == Scope::global) set_variable_in(parse.statement, Scope::global);
    if (scope.value_or(Scope::session) == Scope::global) return;
    const bool is_named = name.is(TokenKind::word) || name.is(TokenKind::quoted_name);
    const bool is_own = scope || sticky == Scope::session;
    if (is_named && is_own && !is_reported(name.name()))
        parse.statement.effects |= effect_unreported_variable;
    // Nobody reports them, though a server lets them be tracked.
    if (same_name(name.name(), "identity") || same_name(name.name(), "last_insert_id"))
        parse.statement.effects |= effect_last_insert_id;
    // What a session sees of its GTIDs is no concern of its links: they always report them.
    const bool tracking = same_name(name.name().substr(0, 14), "session_track_");
    if (tracking && !same_name(name.name(), "session_track_gtids"))
        parse.statement.effects |= effect_session_tracking;
    if (same_name(name.name(), "session_track_system_variables"))
        parse.statement.effects |= effect_tracked_variables;
    if (same_name(name.name(), "session_track_state_change"))
        parse.statement.effects |= effect_tracked_state_change;
    if (same_name(name.name(), "autocommit")) read_autocommit(parse);
}

void read_assignment(Parse& parse, Scope& sticky)
{
    Cursor& cursor = parse.cursor;
    if (cursor.peek().is(TokenKind::user_variable)) {
        parse.body.step();
        return read_value(parse);
    }
    const bool at_at = cursor.accept(TokenKind::system_variable);
    const std::optional<Scope> scope = accept_scope(cursor);
    if (at_at) {
        cursor.accept(TokenKind::dot);
        if (!scope && is_of_transactions(cursor.peek().name()))
            parse.statement.effects |= effect_next_transaction;
        read_system_variable(parse, scope, Scope::session);
    } else {
        if (scope) sticky = *scope;
        read_system_variable(parse, scope, sticky);
    }
    read_value(parse);
}

void read_set_transaction(Parse& parse, std::optional<Scope> scope)
{
    parse.statement.kind = StatementKind::set_transaction;
    set_variable_in(parse.statement, scope.value_or(Scope::session));
    if (!scope) parse.statement.effects |= effect_next_transaction;
}

/// Forms that assign no variable; true when the statement was one of them.
bool read_special_form(Parse& parse)
{
    Cursor& cursor = parse.cursor;
    const Token first = cursor.peek();
    Cursor ahead = cursor;
    ahead.take();
    const Token second = ahead.peek();
    const bool assigns =
        second.is(TokenKind::assign) || second.text == "=" || second.is(TokenKind::dot);
    switch (first.word) {
        case Word::password:
            parse.statement.kind = StatementKind::account;
            parse.body.expect_accounts();
            needs_primary(parse.statement, writes, effect_implicit_commit);
            return true;
        case Word::default_:
            parse.statement.kind = StatementKind::account;
            parse.body.expect_accounts();
            needs_primary(parse.statement, writes);
            return true;
        case Word::role:
        case Word::resource:
            if (assigns) return false;
            parse.body.expect_accounts();
            needs_primary(parse.statement, session_state, effect_system_variable | effect_role);
            return true;
        case Word::statement:
            if (assigns) return false;
            read_set_statement_for(parse);
            return true;
        case Word::transaction:
            if (assigns) return false;
            read_set_transaction(parse, std::nullopt);
            return true;
        case Word::global:
        case Word::session:
        case Word::local: {
            if (!second.is(Word::transaction)) return false;
            const auto scope = accept_scope(cursor);
            read_set_transaction(parse, scope);
            return true;
        }
        default:
            return false;
    }
}

/// NAMES and CHARACTER SET may stand among assignments.
bool read_character_set(Parse& parse)
{
    Cursor ahead = parse.cursor;
    const Token first = ahead.take();
    const bool character_set = first.is(Word::charset) || first.is(Word::names) ||
                               (first.is(Word::character) && ahead.peek().is(Word::set));
    if (!character_set) return false;
    set_variable_in(parse.statement, Scope::session);
    read_value(parse);
    return true;
}

}  // namespace

void read_set(Parse& parse)
{
    if (read_special_form(parse)) return;
    Scope sticky = Scope::session;
    do {
        if (!read_character_set(parse)) read_assignment(parse, sticky);
    } while (parse.cursor.accept(TokenKind::comma));
    if (parse.statement.reason == none) needs_primary(parse.statement, session_state);
}

}  // namespace pointsman::protocol::sql
