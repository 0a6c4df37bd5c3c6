// Performer: what waits while there is no primary, or the role moves, and what cannot wait.

#include "protocol/server_error.hpp"

#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;

namespace {

constexpr auto reconnect_pause = std::chrono::milliseconds(20);

}  // namespace

net::Task<Performer::Next> Performer::hold(std::string why)
{
    auto& worker = core_.worker;
    worker.counters.statements_held.add();
    auto now = worker.reactor.now();
    if (worker.stopping || now >= hold_until_) {
        worker.counters.hold_timeouts.add();
        auto error = server_error::read_only(why);
        co_return co_await fail(std::move(error));
    }
    // A primary that is known but refuses connections may be back before the topology changes.
    auto until = worker.topology->writes == health::WriteState::open
                     ? std::min(hold_until_, now + reconnect_pause)
                     : hold_until_;
    co_await worker.topology_changed.wait_until(until);
    co_return Next::again;
}

net::Task<Performer::Next> Performer::hold_refused_write(BackendLink& link)
{
    core_.worker.shared.signals.note_read_only(link.server);
    std::string why = "the primary became read-only";
    co_return co_await hold(std::move(why));
}

/// The server that its transaction is on was made read-only because the role moves.
bool Performer::is_fenced_transaction() const
{
    if (!core_.state.in_transaction() || route_.on_replica) return false;
    const auto& topology = *core_.worker.topology;
    const auto* primary = topology.primary_server();
    return topology.writes == health::WriteState::held || !primary || primary->id != route_.server;
}

/// It can never commit: with its link it is rolled back, and the client begins it anew.
net::Task<Performer::Next> Performer::end_fenced_transaction(BackendLink& link)
{
    auto server = link.server;
    core_.links.drop(server);
    core_.state.forget_server(server);
    core_.prepared.forget_server(server);
    auto error = server_error::transaction_aborted("the primary role moved");
    co_return co_await fail(std::move(error));
}

/// What commits a read-only transaction before it does its own work would find a server that
/// takes no writes.
bool Performer::commits_at_replica() const
{
    bool on_replica = route_.kind == RouteKind::server && route_.on_replica;
    if (!on_replica || !core_.state.in_read_only_transaction() || !facts_.runs_statement())
        return false;
    if (core_.listener.mode != config::ListenerMode::split) return false;
    const auto& statement = *facts_.statement;
    if (statement.statement_count != 1) return false;
    return statement.has(sql::effect_implicit_commit);
}

/// The transaction ends where it is, and the statement goes where it would go without one.
net::Task<Performer::Next> Performer::commit_at_replica()
{
    auto* link = core_.links.held(route_.server);
    bool committed = false;
    if (link && !link->broken) {
        auto answer = co_await run_statement(*link, "COMMIT");
        if (!answer.ok() && !link->broken) co_return co_await fail(std::move(answer.error));
        committed = !link->broken;
    }
    if (!committed) {
        // It changed nothing that could be lost.
        auto server = route_.server;
        core_.links.drop(server);
        core_.state.forget_server(server);
        core_.prepared.forget_server(server);
    }
    core_.state.end_transaction();
    co_return Next::again;
}

/// A replica speaks of its own option before it looks at the transaction; the primary speaks of
/// the transaction.
bool Performer::is_write_in_read_only_transaction() const
{
    return route_.on_replica && facts_.runs_statement() && core_.state.in_read_only_transaction() &&
           core_.listener.mode == config::ListenerMode::split;
}

/// The replica itself says the primary's words, in the client's language and for SHOW WARNINGS,
/// of a statement that its option allows and the transaction does not.
net::Task<Performer::Next> Performer::refuse_as_read_only(BackendLink& link)
{
    // START TRANSACTION READ WRITE. (A plain BEGIN is not refused, and stays read-only.)
    bool begins = facts_.statement->transaction == sql::Transaction::begin;
    if (begins && facts_.statement->statement_count == 1) co_return co_await commit_at_replica();
    auto refusal = co_await run_statement(link, "DROP TEMPORARY TABLE pointsman.nothing");
    if (link.broken) {
        RelayResult nothing;
        co_return co_await on_lost(link, true, nothing);
    }
    report_ = refusal.report;
    settle(link);
    finished_at_ = link.server;
    auto server = link.server;
    auto next = co_await fail(std::move(refusal.error));
    core_.state.note_error_at(server);
    co_return next;
}

}  // namespace pointsman::proxy
