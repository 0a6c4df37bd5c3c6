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

#include "failover/evidence.hpp"

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

    /// What was seen of the servers, for the failover loop.
    failover::Evidence evidence(net::TimePoint now) const;
    std::uint64_t published_revision() const { return published_ ? published_->revision : 0; }
    /// `on_look` is called after each look at a server.
    void set_on_look(std::function<void()> on_look) { on_look_ = std::move(on_look); }
    /// Until `release_writes` snapshots say that writes are held, for this reason.
    void hold_writes(std::string why);
    /// Also ends what `sever` began.
    void release_writes();
    /// Snapshots say that links to the server are to be cut.
    void sever(config::ServerId server);
    /// The role went from one to the other just now. What earlier looks at them bring is void.
    void appoint(config::ServerId from, config::ServerId to);

    /// Who had the role last, by what an earlier process wrote down. To be called before start.
    void recall(health::Appointed last) { memory_.appointed = std::move(last); }

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
        std::optional<health::ServerReport> last_report;  // kept while it is down
        net::TimePoint last_report_at{};
        std::uint32_t refused_in_a_row = 0;
        net::TimePoint void_before{};   // looks that began earlier saw what is no longer true
        std::uint64_t incarnation = 0;  // of the prober; results of an older one are void
        std::optional<net::TimePoint> open_at = {};  // the last look that saw it take writes
        bool failed_since_open = false;
        net::TimePoint committed_at{};  // the look that saw new transactions last
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
    void note_lateness(net::TimePoint now);
    void remember(Watched& watched, const health::ProbeSample& sample);
    Watched* find(config::ServerId id);

    Surroundings around_;
    config::Config config_;
    boost::asio::steady_timer timer_;
    std::vector<Watched> watched_;
    health::ClusterMemory memory_;
    health::TopologyPtr published_;  // null until the first
    net::TimePoint published_at_{};
    std::uint64_t last_incarnation_ = 0;
    std::optional<std::string> held_;  // why writes are held
    std::vector<config::ServerId> severed_;
    net::TimePoint wake_due_{}, late_at_{};
    std::chrono::milliseconds late_{0};
    std::function<void()> on_look_;
    bool running_ = false;
    std::shared_ptr<HealthLoop*> self_;  // handlers hold it weakly: they may outlive the loop

    mutable std::mutex totals_mutex_;
    std::vector<ProbeTotals> totals_;
};

}  // namespace pointsman::proxy
