#include "proxy/session/plan.hpp"

namespace pointsman::proxy {

namespace sql = protocol::sql;
using protocol::Command;

namespace {

/// Commands without SQL text are about the session or one server: the primary's.
const sql::Statement command_statement = [] {
    sql::Statement statement;
    statement.kind = sql::StatementKind::other;
    statement.reason = sql::PrimaryReason::session_state;
    return statement;
}();

Route route_to(config::ServerId server, RouteReason reason, const health::Topology& topology)
{
    auto* view = topology.find(server);
    return {RouteKind::server, reason, server, view && view->role == health::Role::replica};
}

/// Where earlier statements force this one to go.
std::optional<Route> forced_route(const PlanInput& input)
{
    const auto& state = input.state;
    const auto& topology = input.topology;
    if (input.facts.only_on) return route_to(*input.facts.only_on, RouteReason::pinned, topology);
    if (auto server = state.transaction_on())
        return route_to(*server, RouteReason::in_transaction, topology);
    if (auto server = state.pinned_to()) return route_to(*server, RouteReason::pinned, topology);
    bool asks = !input.knows_answer && input.facts.statement &&
                asks_for_last_result(*input.facts.statement);
    auto last_result = asks ? state.last_result_on() : std::nullopt;
    bool counts = asks && input.facts.statement->has(sql::effect_reads_found_rows);
    if (counts && state.found_rows().on()) last_result = state.found_rows().on();
    if (last_result && topology.find(*last_result))
        return route_to(*last_result, RouteReason::pinned, topology);
    if (input.mode == config::ListenerMode::replicas && input.home && input.home != input.avoid) {
        auto* home = topology.find(*input.home);
        if (home && home->takes_reads)
            return route_to(*input.home, RouteReason::listener_mode, topology);
    }
    return std::nullopt;
}

/// What a replica refused is the primary's, whatever a hint says.
std::optional<Route> redo_route(const health::Topology& topology)
{
    auto* primary = topology.primary_server();
    bool open = primary && topology.writes == health::WriteState::open;
    if (!open) return Route{RouteKind::wait_primary, RouteReason::redo, {}, false};
    return Route{RouteKind::server, RouteReason::redo, primary->id, false};
}

/// How much more work the replica of the last read may have and still be kept. Going to and fro
/// costs: caches, and a statement prepared twice (figures in bench/README.md).
constexpr std::uint32_t slack = 2;

std::uint32_t outstanding_at(const PlanInput& input, config::ServerId server)
{
    auto index = config::index_of(server);
    return index < input.outstanding.size() ? input.outstanding[index] : 0;
}

bool keeps_preferred(const PlanInput& input, Route& chosen)
{
    auto preferred = input.facts.prefers;
    if (!preferred || preferred == input.avoid) return false;
    auto* view = input.topology.find(*preferred);
    auto* primary = input.topology.primary_server();
    bool is_primary = primary && primary->id == *preferred;
    if (!view || !(view->takes_reads || is_primary)) return false;
    chosen.server = *preferred;
    chosen.on_replica = !is_primary;
    return true;
}

/// A read stays on the replica of the session's last one unless the drawn one has clearly less to
/// do, by outstanding work over weight.
void keep_replica(const PlanInput& input, Route& chosen)
{
    auto last = input.state.last_replica();
    bool drawn = chosen.kind == RouteKind::server && chosen.reason == RouteReason::read;
    if (drawn && keeps_preferred(input, chosen)) return;
    if (!drawn || !last || *last == chosen.server || last == input.avoid) return;
    auto* kept = input.topology.find(*last);
    auto* other = input.topology.find(chosen.server);
    if (!kept || !other || !kept->takes_reads) return;
    std::uint64_t kept_load = outstanding_at(input, *last);
    std::uint64_t other_load = outstanding_at(input, chosen.server) + slack;
    if (kept_load * other->weight <= other_load * kept->weight) chosen.server = *last;
}

Route free_route(const PlanInput& input, Random& random)
{
    const auto& statement = input.facts.statement ? *input.facts.statement : command_statement;
    SessionFacts session;
    // What a replica refused, what an off autocommit makes part of a transaction, and what may ask
    // for the row of the last insert, is the primary's.
    bool to_primary =
        input.redo_on_primary || !input.state.autocommit() || input.state.reads_last_insert_id();
    session.mode = to_primary ? config::ListenerMode::primary : input.mode;
    session.avoid = input.avoid;
    RouterInput router_input{statement, session, input.topology, input.outstanding,
                             input.no_replica};
    auto chosen = route(router_input, random);
    keep_replica(input, chosen);
    return chosen;
}

bool begins_transaction(const CommandFacts& facts)
{
    return facts.statement && facts.statement->transaction == sql::Transaction::begin_read_only;
}

/// Statements that may hold a COMMIT which nobody here has seen.
bool may_hide_commit(const sql::Statement& statement)
{
    return statement.kind == sql::StatementKind::call ||
           statement.kind == sql::StatementKind::execute || statement.statement_count > 1 ||
           statement.reason == sql::PrimaryReason::not_understood;
}

bool may_end_transaction(const sql::Statement& statement)
{
    constexpr std::uint32_t committing = sql::effect_implicit_commit | sql::effect_xa;
    if ((statement.effects & committing) != 0) return true;
    switch (statement.transaction) {
        case sql::Transaction::commit:
        case sql::Transaction::commit_chain:
        case sql::Transaction::commit_release:
        case sql::Transaction::set_autocommit_on:
        case sql::Transaction::begin:  // commits the one before
        case sql::Transaction::begin_read_only:
            return true;
        default:
            return may_hide_commit(statement);
    }
}

bool may_end_transaction(const CommandFacts& facts)
{
    if (facts.statement) return may_end_transaction(*facts.statement);
    switch (facts.command) {
        case Command::query:
        case Command::stmt_execute:
        case Command::create_db:
        case Command::drop_db:
        case Command::refresh:
            return true;
        default:
            return false;
    }
}

/// Outside a transaction: does doing it twice come to the same as doing it once?
bool is_repeatable(const CommandFacts& facts)
{
    switch (facts.command) {
        case Command::query:
        case Command::stmt_execute:
            break;
        case Command::stmt_prepare:
        case Command::init_db:
        case Command::field_list:
        case Command::statistics:
        case Command::stmt_reset:
        case Command::reset_connection:
            return true;
        default:
            return false;
    }
    if (!facts.statement) return false;
    const auto& statement = *facts.statement;
    if (statement.access == sql::Access::replica) return true;
    if (statement.statement_count != 1) return false;
    constexpr std::uint32_t more_than_session =
        sql::effect_global_variable | sql::effect_user_lock | sql::effect_xa |
        sql::effect_implicit_commit | sql::effect_temporary_table;
    switch (statement.kind) {
        case sql::StatementKind::begin:
        case sql::StatementKind::set:
        case sql::StatementKind::use:
        case sql::StatementKind::show:
        case sql::StatementKind::describe:
        case sql::StatementKind::set_transaction:
            return (statement.effects & more_than_session) == 0;
        case sql::StatementKind::commit:
        case sql::StatementKind::rollback:
            return statement.transaction != sql::Transaction::commit_release &&
                   statement.transaction != sql::Transaction::rollback_release;
        case sql::StatementKind::select:
            // Session reads are safe to repeat; functions that are not ours to judge are not.
            return (statement.effects & more_than_session) == 0 &&
                   (statement.reason == sql::PrimaryReason::session_state ||
                    statement.reason == sql::PrimaryReason::server_specific);
        default:
            return false;
    }
}

bool changes_data(sql::StatementKind kind)
{
    switch (kind) {
        case sql::StatementKind::insert:
        case sql::StatementKind::replace:
        case sql::StatementKind::update:
        case sql::StatementKind::delete_:
        case sql::StatementKind::ddl:
            return true;
        default:
            return false;
    }
}

}  // namespace

bool CommandFacts::runs_statement() const
{
    return statement && (command == Command::query || command == Command::stmt_execute);
}

Plan plan(const PlanInput& input, Random& random)
{
    Plan result;
    auto forced = input.redo_on_primary ? redo_route(input.topology) : forced_route(input);
    result.route = forced ? *forced : free_route(input, random);
    if (result.route.kind != RouteKind::server) return result;
    // Reads elsewhere are free of what binds a session; everything else must find it.
    bool free_read = input.facts.statement && input.facts.statement->access == sql::Access::replica;
    auto bound = input.state.bound_to();
    if (!bound || *bound == result.route.server || free_read || input.facts.only_on) return result;
    // What the last statement left is asked for where that one ran.
    bool asks = input.facts.statement && asks_for_last_result(*input.facts.statement);
    const auto& state = input.state;
    bool left_there = state.last_result_on() == result.route.server ||
                      state.found_rows().on() == result.route.server;
    if (asks && left_there) return result;
    // Neither a hint nor a read-only transaction takes a session away from the state that it needs.
    bool by_choice = result.route.reason == RouteReason::hint || begins_transaction(input.facts);
    if (result.route.on_replica && by_choice)
        result.route = route_to(*bound, RouteReason::pinned, input.topology);
    else
        result.state_lost = result.route.reason != RouteReason::in_transaction;
    return result;
}

StatementClass class_of(const CommandFacts& facts)
{
    if (facts.command == Command::stmt_prepare) return StatementClass::prepare;
    if (!facts.runs_statement()) return StatementClass::other;
    const auto& statement = *facts.statement;
    if (statement.access == sql::Access::replica) return StatementClass::read;
    switch (statement.reason) {
        case sql::PrimaryReason::writes:
            return StatementClass::write;
        case sql::PrimaryReason::transaction:
            return StatementClass::transaction;
        case sql::PrimaryReason::session_state:
            return StatementClass::session;
        case sql::PrimaryReason::locking_read:
        case sql::PrimaryReason::function:
        case sql::PrimaryReason::server_specific:
            return StatementClass::read;
        default:
            return StatementClass::other;
    }
}

InDoubt in_doubt(const Loss& loss)
{
    const auto* statement = loss.facts.statement;
    bool whole = loss.facts.runs_statement() && statement->statement_count == 1 &&
                 !loss.answer_begun && !loss.facts.only_on;
    // State that is lost with the server would be missing afterwards.
    if (!whole || loss.state.loses_state_with(loss.server)) return InDoubt::undecidable;
    bool commits = statement->transaction == sql::Transaction::commit;
    if (loss.state.in_transaction()) return commits ? InDoubt::commit : InDoubt::undecidable;
    constexpr std::uint32_t more_than_data =
        sql::effect_user_variable | sql::effect_global_variable | sql::effect_user_lock |
        sql::effect_xa | sql::effect_temporary_table | sql::effect_local_infile |
        sql::effect_reads_last_result | sql::effect_reads_found_rows | sql::effect_last_insert_id;
    bool plain = loss.state.autocommit() && statement->reason == sql::PrimaryReason::writes &&
                 (statement->effects & more_than_data) == 0;
    return plain && changes_data(statement->kind) ? InDoubt::statement : InDoubt::undecidable;
}

Recovery on_backend_lost(const Loss& loss)
{
    const auto& state = loss.state;
    if (loss.answer_begun) return Recovery::cut;
    bool in_transaction = state.transaction_on() == loss.server;
    bool bound_here = state.loses_state_with(loss.server);
    if (!loss.sent) {
        if (in_transaction) return Recovery::transaction_aborted;
        if (bound_here) return Recovery::state_lost;
        return loss.may_retry ? Recovery::retry : Recovery::state_lost;
    }
    if (in_transaction)
        return may_end_transaction(loss.facts) ? Recovery::outcome_unknown
                                               : Recovery::transaction_aborted;
    bool repeatable = is_repeatable(loss.facts);
    if (!repeatable) return Recovery::outcome_unknown;
    if (bound_here || !loss.may_retry) return Recovery::state_lost;
    return Recovery::retry;
}

}  // namespace pointsman::proxy
