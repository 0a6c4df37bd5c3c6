// Performer: what waits while there is no primary, or the role moves, and what cannot wait.

#include "protocol/server_error.hpp"

#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;

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

}  // namespace pointsman::proxy
