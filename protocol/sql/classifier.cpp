#include "protocol/sql/classifier.hpp"

#include "protocol/sql/rules.hpp"

#include <utility>

namespace pointsman::protocol::sql {

namespace {

Statement read_one(Cursor& cursor, const Dialect& dialect)
{
    Statement statement;
    statement.access = Access::replica;
    statement.reason = PrimaryReason::none;
    BodyScan body(cursor, statement, dialect);
    Parse parse{cursor, statement, body};
    read_statement(parse);
    body.rest();
    if (cursor.failed()) needs_primary(statement, PrimaryReason::not_understood);
    return statement;
}

/// The kind of the first, the effects of all, the transaction state that the last one leaves.
void add(Statement& all, const Statement& next)
{
    if (next.transaction != Transaction::none) all.transaction = next.transaction;
    all.effects |= next.effects;
    all.names_table = all.names_table || next.names_table;
    all.skips_rows = all.skips_rows || next.skips_rows;
    if (all.access == Access::replica && next.access == Access::replica) return;
    all.access = Access::primary;
    all.reason = PrimaryReason::multi_statement;
}

RouteHint owned(const HintView& hint)
{
    return {hint.kind, std::string(hint.server), std::string(hint.after_gtid)};
}

}  // namespace

Statement classify(std::string_view text, const Dialect& dialect)
{
    Cursor cursor(text, dialect);
    Statement all;
    std::uint16_t count = 0;
    while (!cursor.peek().is(TokenKind::end)) {
        if (cursor.accept(TokenKind::semicolon)) continue;
        Statement one = read_one(cursor, dialect);
        if (count == 0)
            all = std::move(one);
        else
            add(all, one);
        if (count < UINT16_MAX) ++count;
    }
    all.statement_count = count;
    all.has_set_var = cursor.has_set_var();
    const HintView& hint = cursor.hint();
    const bool hinted = hint.kind != RouteHint::Kind::none || !hint.after_gtid.empty();
    if (hinted) all.hint = owned(hint);
    return all;
}

}  // namespace pointsman::protocol::sql
