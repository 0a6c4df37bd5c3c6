#pragma once
// Looks at every server again and again and publishes what follows from it. A shell: the prober
// does the looking, ServerHealth and the topology builder do the judging; here are only timers and
// threads.
//
// All but `probe_totals` belongs to the control thread, the one that runs the io_context given.

#include "config/config.hpp"

#include "health/event.hpp"
#include "health/passive_signals.hpp"
#include "health/prober.hpp"
#include "health/server_health.hpp"
#include "health/topology_builder.hpp"

#include "proxy/control/blocking_pool.hpp"
#include "proxy/control/topology_board.hpp"
#include "proxy/net/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::proxy {

/// What came of the probes of one server since it was configured.
struct ProbeTotals {
    config::ServerId server{};
    std::string name;
    std::array<std::uint64_t, health::probe_result_count> results{};  // by ProbeResult
    std::chrono::nanoseconds last_duration{0};
    std::chrono::nanoseconds total_duration{0};
    std::optional<std::chrono::milliseconds> lag;  // as in the last snapshot
};

class HealthLoop {
public:
    using OnEvent = std::function<void(const health::HealthEvent&)>;

    /// What it needs of others; all of it outlives the loop, and `pool` dies before `control`.
    struct Surroundings {
        boost::asio::io_context& control;
        BlockingPool& pool;
        TopologyBoard& board;
        health::PassiveSignals& signals;
        OnEvent on_event;  // called on the control thread
    };

    /// Sets the signals' wake, so it is made before the workers run.
    HealthLoop(Surroundings surroundings, const config::Config& config);
    ~HealthLoop();
    HealthLoop(const HealthLoop&) = delete;
    HealthLoop& operator=(const HealthLoop&) = delete;

    /// Begins to probe. A first snapshot, of servers that are not known yet, is published at once.
    void start();
    /// Probes no more. The last snapshot stays on the board.
    void stop();
    /// New configuration: servers that stay are not disturbed.
    void apply(const config::Config& config);

    /// From any thread.
    std::vector<ProbeTotals> probe_totals() const;

private:
    struct Watched {
        config::Server server;
        health::ServerHealth health;
        std::shared_ptr<health::Prober> prober;
        bool probing = false;
        net::TimePoint overdue_at{};  // when a probe under way counts as failed
        std::optional<net::TimePoint> flowing_at;
        health::PassiveSignals::Counts signals;
        std::uint64_t incarnation = 0;  // of the prober; results of an older one are void
    };

    Watched watch(const config::Server& server, net::TimePoint now);
    void replace_prober(Watched& watched);
    void wake_at(net::TimePoint when);
    void on_tick();
    void on_signals();
    void give_up_overdue(Watched& watched, net::TimePoint now);
    void launch(Watched& watched, net::TimePoint now);
    void on_sample(config::ServerId id, std::uint64_t incarnation, health::ProbeSample sample);
    void take(Watched& watched, health::ProbeSample sample);
    void count(const Watched& watched, const health::ProbeSample& sample);
    void rebuild(net::TimePoint now);
    void publish(health::Topology topology, net::TimePoint now);
    void hand_out(health::Topology topology);
    Watched* find(config::ServerId id);

    Surroundings around_;
    config::Config config_;
    boost::asio::steady_timer timer_;
    std::vector<Watched> watched_;
    health::ClusterMemory memory_;
    health::TopologyPtr published_;  // null until the first
    net::TimePoint published_at_{};
    std::uint64_t last_incarnation_ = 0;
    bool running_ = false;
    std::shared_ptr<HealthLoop*> self_;  // handlers hold it weakly: they may outlive the loop

    mutable std::mutex totals_mutex_;
    std::vector<ProbeTotals> totals_;
};

}  // namespace pointsman::proxy
