#pragma once
// Builds everything, owns everything, in order: workers, control plane, metrics. One per process.

#include "config/config.hpp"
#include "config/diff.hpp"

#include "proxy/admin/http_server.hpp"
#include "proxy/app/errant_saver.hpp"
#include "proxy/app/found_file.hpp"
#include "proxy/app/found_servers.hpp"
#include "proxy/app/hook_runner.hpp"
#include "proxy/app/listeners.hpp"
#include "proxy/app/takeover_record.hpp"
#include "proxy/app/worker.hpp"
#include "proxy/control/blocking_pool.hpp"
#include "proxy/control/failover_loop.hpp"
#include "proxy/control/health_loop.hpp"
#include "proxy/control/topology_board.hpp"
#include "proxy/metrics/exporter.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pointsman::proxy {

class Application {
public:
    /// `config` has been checked; its server ids are assigned here.
    Application(std::string config_path, config::Config config);
    ~Application();

    /// Serves until SIGTERM or SIGINT. The process's exit code: 0, or 1 when it could not start
    /// (the log says why).
    int run();

private:
    /// What a reload looks at to see that the file is another one.
    struct FileMark {
        std::int64_t modified_ns = 0;
        std::uint64_t size = 0;
        std::uint64_t inode = 0;
        friend bool operator==(const FileMark&, const FileMark&) = default;
    };

    bool start();
    void start_workers(SettingsPtr settings);
    bool start_metrics();
    Totals totals() const;
    bool start_admin();
    OpenWork open_work(config::ServerId server, std::uint64_t revision) const;
    FailoverLoop::Surroundings failover_surroundings();
    void on_journal_line(const JournalLine& line);
    failover::HookScene hook_scene() const;
    void call_hook(failover::HookKind kind, const failover::JournalEntry& entry,
                   std::function<void(failover::Outcome)> done);
    void gather_writes(std::function<void(protocol::GtidSet)> done);
    void wait_for_signal();
    void on_second();
    void on_topology(const health::TopologyPtr& topology);

    void reload(const char* cause);
    bool apply(config::Config next);
    void apply_listeners(const config::Diff& changes, const config::Config& next,
                         OpenedListeners opened);
    void drain_removed(const config::Diff& changes);
    void recall_found();
    void look_for_replicas();
    void on_discovery(const health::Discovery& seen);

    void begin_shutdown();
    void watch_drain();
    bool is_drained() const;
    void finish();
    FileMark mark_of_file() const;
    MetricsSources metrics_sources();

    const std::string config_path_;
    config::Config config_;  // with the servers that were found
    std::vector<config::Server> listed_;
    FoundServers found_;
    FoundFile found_file_;
    net::TimePoint next_discovery_{};
    bool discovering_ = false;
    std::uint32_t next_server_id_ = 0;
    FileMark seen_file_;

    const net::TimePoint started_ = net::Clock::now();
    SharedContext shared_;
    std::vector<std::unique_ptr<Worker>> workers_;
    boost::asio::io_context control_{1};
    ErrantSaver errant_saver_;
    BlockingPool blocking_;
    TopologyBoard board_;
    std::unique_ptr<HealthLoop> health_;
    std::unique_ptr<TakeoverRecord> record_;
    HookRunner hooks_;
    std::unique_ptr<FailoverLoop> failover_;
    std::unique_ptr<HttpServer> http_, admin_;
    std::unique_ptr<Exporter> exporter_;
    Listeners listeners_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer second_timer_, drain_timer_;
    net::TimePoint drain_until_{};
    bool draining_ = false;
};

}  // namespace pointsman::proxy
