// FailoverLoop: the write canary, on a connection of its own.

#include "proxy/control/failover_loop.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace pointsman::proxy {

/// Not while the role moves: what an old primary commits behind its fence its successor lacks.
void FailoverLoop::canary_due(const failover::Evidence& evidence, net::TimePoint now)
{
    if (controller_.phase() != failover::Phase::idle) return;
    auto order = canary_.next(evidence, now);
    if (!order) return;
    if (canary_server_ != order->server) {
        const auto* server = evidence.find(order->server);
        canary_server_ = order->server;
        canary_control_ = std::make_shared<failover::MysqlServerControl>(
            server->server.address, failover::access_of(config_));
    }
    auto job = [&control = around_.control, weak = std::weak_ptr(self_), worker = canary_control_,
                given = std::move(*order)] {
        auto outcome = std::make_shared<failover::Outcome>(worker->perform(given));
        boost::asio::post(control, [weak, outcome] {
            if (auto loop = weak.lock()) (*loop)->note_canary(*outcome);
        });
    };
    if (!around_.pool.post(std::move(job)))
        note_canary({failover::OutcomeKind::refused, {}, "too many jobs wait"});
}

void FailoverLoop::note_canary(const failover::Outcome& outcome)
{
    canary_.on_outcome(outcome, net::Clock::now());
    // Late ones are what it is for: the finding says more.
    bool refused = outcome.kind == failover::OutcomeKind::refused;
    auto error = refused ? outcome.error : std::string();
    if (std::exchange(canary_said_, error) != error && refused && running_)
        write_down({failover::JournalKind::warning, "the write canary is refused: " + error});
}

}  // namespace pointsman::proxy
