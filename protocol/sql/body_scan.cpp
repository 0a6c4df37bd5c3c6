#include "protocol/sql/body_scan.hpp"

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/functions.hpp"

namespace pointsman::protocol::sql {

namespace {

// Tables of information_schema that hold the data dictionary, which replicas share. The others (and
// any not known here) tell about one server.
constexpr std::string_view dictionary_tables[] = {
    "applicable_roles",
    "character_sets",
    "check_constraints",
    "collation_character_set_applicability",
    "collations",
    "column_privileges",
    "column_statistics",
    "columns",
    "columns_extensions",
    "engines",
    "events",
    "key_column_usage",
    "keywords",
    "parameters",
    "partitions",
    "referential_constraints",
    "routines",
    "schema_privileges",
    "schemata",
    "schemata_extensions",
    "sequences",
    "st_geometry_columns",
    "st_spatial_reference_systems",
    "st_units_of_measure",
    "statistics",
    "table_constraints",
    "table_constraints_extensions",
    "table_privileges",
    "tables",
    "tables_extensions",
    "triggers",
    "user_attributes",
    "user_privileges",
    "view_routine_usage",
    "view_table_usage",
    "views",
};

/// A statement is named by the worst that it may do.
constexpr int gravity(PrimaryReason reason)
{
    switch (reason) {
        case PrimaryReason::none:
            return 0;
        case PrimaryReason::session_state:
            return 1;
        case PrimaryReason::server_specific:
            return 2;
        case PrimaryReason::transaction:
            return 3;
        case PrimaryReason::function:
            return 4;
        case PrimaryReason::unknown_function:
            return 5;
        case PrimaryReason::locking_read:
            return 6;
        case PrimaryReason::into:
            return 7;
        case PrimaryReason::not_understood:
            return 8;
        case PrimaryReason::multi_statement:
            return 9;
        case PrimaryReason::writes:
            return 10;
    }
    return 0;
}

/// What reading @@variable needs of the session.
std::uint32_t effect_of_variable(Word variable)
{
    switch (variable) {
        case Word::identity:
        case Word::last_insert_id:
            return effect_last_insert_id;
        case Word::warning_count:
        case Word::error_count:
            return effect_reads_last_result;
        case Word::pseudo_thread_id:
            return effect_connection_id;
        default:
            return effect_none;
    }
}

/// What stands behind the column list of an INSERT, a LOAD DATA or a CREATE TABLE.
bool begins_rows(Word word, const Token& previous)
{
    if (word == Word::set) return !previous.is(Word::character);
    return word == Word::values || word == Word::value || word == Word::select;
}

bool is_name(const Token& token)
{
    return token.is(TokenKind::word) || token.is(TokenKind::quoted_name);
}

}  // namespace

void needs_primary(Statement& statement, PrimaryReason reason, std::uint32_t effects)
{
    statement.access = Access::primary;
    statement.effects |= effects;
    if (gravity(reason) > gravity(statement.reason)) statement.reason = reason;
}

Token BodyScan::step()
{
    const Token token = cursor_.take();
    switch (token.kind) {
        case TokenKind::word:
            word(token);
            break;
        case TokenKind::open:
            opened(token);
            break;
        case TokenKind::dot:
            qualified_by(previous_);
            break;
        case TokenKind::user_variable:
            user_variable(token);
            break;
        case TokenKind::system_variable:
            saw_system_variable_ = true;
            needs_primary(statement_, PrimaryReason::session_state);
            break;
        case TokenKind::quoted_name:
            if (in_information_schema_ && previous_.is(TokenKind::dot))
                named_in_information_schema(token);
            break;
        case TokenKind::comma:
            if (before_previous_word_ == Word::limit) statement_.skips_rows = true;
            break;
        case TokenKind::bad:
        case TokenKind::end:
        case TokenKind::string:
        case TokenKind::number:
        case TokenKind::semicolon:
        case TokenKind::close:
        case TokenKind::assign:
        case TokenKind::symbol:
            break;
    }
    before_previous_ = previous_.kind;
    before_previous_word_ = previous_.word;
    previous_ = token;
    return token;
}

void BodyScan::word(const Token& token)
{
    const bool after_dot = previous_.is(TokenKind::dot);
    if (after_dot && in_information_schema_) named_in_information_schema(token);
    if (token.is(Word::other)) return;
    switch (token.word) {
        case Word::identity:
        case Word::last_insert_id:
        case Word::warning_count:
        case Word::error_count:
        case Word::pseudo_thread_id:
            if (saw_system_variable_) statement_.effects |= effect_of_variable(token.word);
            return;
        default:
            break;
    }
    if (after_dot) return;
    saw_rows_ = saw_rows_ || begins_rows(token.word, previous_);
    switch (token.word) {
        case Word::from:
            statement_.names_table = true;
            return;
        case Word::into:
            return needs_primary(statement_, PrimaryReason::into);
        case Word::offset:
            statement_.skips_rows = true;
            return;
        case Word::lock:
            return needs_primary(statement_, PrimaryReason::locking_read);
        case Word::update:
        case Word::share:
            if (previous_.is(Word::for_)) needs_primary(statement_, PrimaryReason::locking_read);
            return;
        case Word::value:
            // NEXT VALUE FOR sequence
            if (previous_.is(Word::next) || previous_.is(Word::previous))
                needs_primary(statement_, PrimaryReason::function);
            return;
        case Word::current_role:
            return needs_primary(statement_, PrimaryReason::function);
        case Word::procedure:
            return needs_primary(statement_, PrimaryReason::not_understood);
        case Word::sql_calc_found_rows:
            return needs_primary(statement_, PrimaryReason::session_state, effect_calc_found_rows);
        default:
            return;
    }
}

/// A parenthesis opens: is it the argument list of a call?
void BodyScan::opened(const Token& token)
{
    if (previous_.is(TokenKind::string)) return called_unknown();
    if (!is_name(previous_)) return;
    const bool qualified = before_previous_ == TokenKind::dot;
    const FunctionTraits* traits = nullptr;
    if (previous_.is(TokenKind::word) && !qualified && !is_table_name())
        traits = find_function(previous_.text, previous_.hash, dialect_);
    if (!traits) return called_unknown();
    if (traits->only_adjacent && token.spaced) return called_unknown();
    if (traits->reason != PrimaryReason::none)
        needs_primary(statement_, traits->reason, traits->effects);
}

/// After ) or AS a name is an alias, and its parentheses hold column names or a query.
void BodyScan::called_unknown()
{
    if (before_previous_ == TokenKind::close || before_previous_word_ == Word::as) return;
    if (is_cte_column_list()) return;
    auto effects = is_column_list() ? effect_none : effect_routine;
    needs_primary(statement_, PrimaryReason::unknown_function, effects);
}

/// A table or an index may have a function's name, and columns in parentheses behind it.
bool BodyScan::is_table_name() const
{
    if (!is_column_list()) return false;
    if (before_previous_ == TokenKind::end) return true;  // the words before it told the kind
    switch (before_previous_word_) {
        case Word::exists:  // IF NOT EXISTS
        case Word::index:
        case Word::into:
        case Word::key:
        case Word::references:
        case Word::table:
            return true;
        default:
            return false;
    }
}

/// Behind a table's name, or an index's.
bool BodyScan::is_column_list() const
{
    switch (statement_.kind) {
        case StatementKind::insert:
        case StatementKind::replace:
        case StatementKind::load:
        case StatementKind::ddl:
            return !saw_rows_;
        default:
            return false;
    }
}

/// name ( column, column ) AS ( cannot be a call: an alias is never a parenthesis.
bool BodyScan::is_cte_column_list() const
{
    Cursor ahead = cursor_;
    do {
        if (!is_name(ahead.take())) return false;
    } while (ahead.accept(TokenKind::comma));
    return ahead.accept(TokenKind::close) && ahead.accept(Word::as) &&
           ahead.accept(TokenKind::open);
}

void BodyScan::user_variable(const Token& token)
{
    const bool after_account_name = previous_.is(TokenKind::string) ||
                                    previous_.is(TokenKind::quoted_name) ||
                                    (previous_.is(TokenKind::word) && !token.spaced);
    if (accounts_ && after_account_name) return;
    needs_primary(statement_, PrimaryReason::session_state, effect_user_variable);
}

/// A dot follows `name`: is it a schema whose tables are about one server?
void BodyScan::qualified_by(const Token& name)
{
    in_information_schema_ = false;
    if (!is_name(name) || before_previous_ == TokenKind::dot) return;
    const std::string_view schema = name.name();
    const bool of_one_server = same_name(schema, "performance_schema") ||
                               same_name(schema, "sys") || same_name(schema, "mysql");
    if (of_one_server) needs_primary(statement_, PrimaryReason::server_specific);
    in_information_schema_ = same_name(schema, "information_schema");
}

void BodyScan::named_in_information_schema(const Token& table)
{
    in_information_schema_ = false;
    for (const auto known : dictionary_tables)
        if (same_name(known, table.name())) return;
    needs_primary(statement_, PrimaryReason::server_specific);
}

}  // namespace pointsman::protocol::sql
