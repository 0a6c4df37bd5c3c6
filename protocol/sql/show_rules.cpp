// SHOW, DESCRIBE and EXPLAIN.

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/rules.hpp"

namespace pointsman::protocol::sql {

namespace {

using enum PrimaryReason;

struct ShowRule {
    Word subject = Word::other;
    PrimaryReason reason = PrimaryReason::none;
    std::uint32_t effects = effect_none;
};

// What is not listed tells about one server. So do SHOW CREATE and SHOW TABLE STATUS: a replica may
// have another engine (default_storage_engine is not replicated), another AUTO_INCREMENT counter,
// and columns spelled out that CREATE TABLE … SELECT took over.
constexpr ShowRule show_rules[] = {
    {Word::tables},
    {Word::columns},
    {Word::fields},
    {Word::databases},
    {Word::schemas},
    {Word::index},
    {Word::indexes},
    {Word::keys},
    {Word::triggers},
    {Word::events},
    {Word::character},
    {Word::charset},
    {Word::collation},
    {Word::function},
    {Word::procedure},
    {Word::package},
    {Word::library},
    {Word::privileges},
    {Word::warnings, session_state, effect_reads_last_result},
    {Word::errors, session_state, effect_reads_last_result},
    {Word::count, session_state, effect_reads_last_result},
    {Word::variables, session_state},
    {Word::status, session_state},
    {Word::profile, session_state},
    {Word::profiles, session_state},
    {Word::grants, session_state},
    {Word::processlist, server_specific, effect_connection_id},
};

ShowRule rule_of(Word subject)
{
    for (const ShowRule& rule : show_rules)
        if (rule.subject == subject) return rule;
    return {subject, server_specific};
}

bool begins_explainable(const Token& token)
{
    switch (token.word) {
        case Word::select:
        case Word::table:
        case Word::values:
        case Word::with:
        case Word::insert:
        case Word::replace:
        case Word::update:
        case Word::delete_:
            return true;
        default:
            return token.is(TokenKind::open);
    }
}

/// FORMAT = name | EXTENDED | PARTITIONS | ANALYZE | INTO @x, any number; false when none is next.
bool accept_explain_option(Parse& parse)
{
    Cursor& cursor = parse.cursor;
    if (cursor.accept(Word::extended) || cursor.accept(Word::partitions) ||
        cursor.accept(Word::analyze))
        return true;
    if (cursor.accept(Word::format)) {
        cursor.take();  // =
        cursor.take();
        return true;
    }
    if (!cursor.peek().is(Word::into)) return false;
    parse.body.step();
    parse.body.step();
    return true;
}

/// Could the word be an option and not a table's name? DESC format is a table.
bool option_follows(const Cursor& cursor)
{
    Cursor ahead = cursor;
    ahead.take();
    return !ahead.at_end() && !ahead.peek().is(TokenKind::dot);
}

}  // namespace

void read_show(Parse& parse)
{
    Cursor& cursor = parse.cursor;
    const bool global = cursor.accept(Word::global);
    if (!global) {
        cursor.accept(Word::session);
        cursor.accept(Word::local);
        cursor.accept(Word::extended);
        cursor.accept(Word::full);
    }
    const ShowRule rule = rule_of(cursor.take().word);
    // SHOW CREATE TABLE and PROCEDURE CODE: the next word is no statement's own.
    if (rule.subject == Word::create) cursor.take();
    if (rule.reason == none) return;
    needs_primary(parse.statement, global ? server_specific : rule.reason, rule.effects);
}

/// DESCRIBE table, or EXPLAIN of a statement: then the statement's own facts hold, because ANALYZE
/// runs it and a plan for a write is the primary's.
void read_explain(Parse& parse)
{
    Cursor& cursor = parse.cursor;
    while (option_follows(cursor) && accept_explain_option(parse)) {
    }
    if (cursor.accept(Word::for_)) {
        const bool schema = cursor.accept(Word::schema) || cursor.accept(Word::database);
        if (!schema) {
            parse.statement.kind = StatementKind::explain;
            return needs_primary(parse.statement, server_specific);
        }
        cursor.take();
    }
    if (!begins_explainable(cursor.peek())) return;
    read_statement(parse);
    parse.statement.kind = StatementKind::explain;
}

}  // namespace pointsman::protocol::sql
