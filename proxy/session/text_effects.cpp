#include "proxy/session/text_effects.hpp"

#include "protocol/sql/account_text.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace sql = protocol::sql;

namespace {

/// Does a statement do nothing to its session but what its text tells?
bool tells_all(const sql::Statement& statement)
{
    constexpr std::uint32_t told = sql::effect_user_variable | sql::effect_reads_last_result |
                                   sql::effect_reads_found_rows | sql::effect_last_insert_id |
                                   sql::effect_connection_id | sql::effect_implicit_commit;
    if (statement.statement_count != 1 || (statement.effects & ~told) != 0) return false;
    switch (statement.kind) {
        case sql::StatementKind::select:
        case sql::StatementKind::table:
        case sql::StatementKind::values:
        case sql::StatementKind::show:
        case sql::StatementKind::insert:
        case sql::StatementKind::replace:
        case sql::StatementKind::update:
        case sql::StatementKind::delete_:
        case sql::StatementKind::do_:
        case sql::StatementKind::set:
            return true;
        default:
            return false;
    }
}

/// Somewhere in the text; a mention too many only keeps a link after an error.
bool mentions_call(std::string_view text)
{
    constexpr std::string_view word = "call";
    auto same = [](char a, char b) { return (a | 0x20) == b; };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// EXECUTE does what the text does that was prepared, if that is known.
void note_run(const SessionCore& core, CommandText& out)
{
    const auto& dialect = core.state.dialect();
    for (const auto& change : out.held) {
        auto* text = change.act == sql::HeldChange::Act::run
                         ? core.state.held().prepared_text(change.name)
                         : nullptr;
        if (!text) continue;
        auto statement = sql::classify(*text, dialect);
        if (!tells_all(statement)) continue;
        out.assigned = assigned_by(core, *text);
        out.runs_known_text = out.assigned.has_value();
    }
}

}  // namespace

void note_effects(const SessionCore& core, const sql::Statement& statement,
                  std::optional<std::string_view> text, CommandText& out)
{
    bool executes = statement.kind == sql::StatementKind::execute;
    if (statement.statement_count > 1) out.may_call = !text || mentions_call(*text);
    if (statement.has(sql::effect_user_variable) && !executes)
        out.assigned = assigned_by(core, text);
    out.may_lock = statement.has(sql::effect_routine) && core.worker.pool.is_shared() &&
                   core.worker.settings->config.pool.check_routine_locks;
    if (statement.kind == sql::StatementKind::account)
        out.changes_login =
            !text || sql::changes_login_of(core.account.user, *text, core.state.dialect());
    if (!core.state.may_change_held(statement)) return;
    out.held = text ? sql::held_changes(*text, statement, core.state.dialect())
                    : sql::held_by_effects(statement);
    if (executes) note_run(core, out);
}

}  // namespace pointsman::proxy
