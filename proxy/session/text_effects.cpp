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

/// Somewhere in the text: a mention too many only costs.
bool mentions(std::string_view text, std::string_view word)
{
    auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// SET NAMES and SET CHARACTER SET change collation_connection, and servers do not report it
/// (measured: MySQL 9.7). A plain SET NAMES only ends a collation that is known already: else every
/// new session would ask. A mention too many costs one round trip.
void note_collation(const SessionCore& core, const sql::Statement& statement, std::string_view text,
                    CommandText& out)
{
    if (statement.kind != sql::StatementKind::set && statement.statement_count == 1) return;
    bool names = mentions(text, "names"), collates = mentions(text, "collate");
    bool known = core.state.variables()->contains("collation_connection");
    if (!collates && !mentions(text, "charset") && !mentions(text, "character") &&
        !(names && known))
        return;
    out.sets_collation = true;
    out.collates_results = names && collates;
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
        note_collation(core, statement, *text, out);
        if (out.runs_known_text) out.ran = std::move(statement);
    }
}

/// To prepare a text that assigns variables makes them.
void note_prepared(const SessionCore& core, CommandText& out)
{
    for (const auto& change : out.held) {
        bool takes = change.act == sql::HeldChange::Act::take && !change.text.empty();
        if (!takes || change.what != sql::Held::prepared_text || !out.assigned) continue;
        auto made = assigned_by(core, change.text);
        if (made) out.assigned->insert(out.assigned->end(), made->begin(), made->end());
    }
}

}  // namespace

void note_effects(const SessionCore& core, const sql::Statement& statement,
                  std::optional<std::string_view> text, CommandText& out)
{
    bool executes = statement.kind == sql::StatementKind::execute;
    if (statement.statement_count > 1) out.may_call = !text || mentions(*text, "call");
    if (text) note_collation(core, statement, *text, out);
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
    note_prepared(core, out);
}

}  // namespace pointsman::proxy
