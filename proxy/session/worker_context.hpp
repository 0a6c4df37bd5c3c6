#pragma once
// All that a session may use of its worker and of the process.

#include "protocol/sql/recent_statements.hpp"

#include "health/passive_signals.hpp"
#include "health/topology.hpp"

#include "proxy/metrics/counters.hpp"
#include "proxy/net/reactor.hpp"
#include "proxy/net/read_buffer.hpp"
#include "proxy/pool/connector.hpp"
#include "proxy/pool/link_pool.hpp"
#include "proxy/routing/acknowledged_writes.hpp"
#include "proxy/routing/balancer.hpp"
#include "proxy/routing/causal_reads.hpp"
#include "proxy/routing/recent_writes.hpp"
#include "proxy/session/account_use.hpp"
#include "proxy/session/credentials.hpp"
#include "proxy/session/lock_witness.hpp"
#include "proxy/session/login_guard.hpp"
#include "proxy/session/registry.hpp"
#include "proxy/session/settings.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace pointsman::proxy {

/// What the whole process did so far, for COM_STATISTICS.
struct Totals {
    std::chrono::seconds uptime{0};
    std::uint64_t sessions = 0;    // open now
    std::uint64_t statements = 0;  // sent to servers
};

/// Shared by all workers.
struct SharedContext {
    /// From any thread. Set before the workers start.
    std::function<Totals()> totals = [] { return Totals{}; };
    /// Is it certain that a statement, sent to this server at that moment or later and lost with
    /// it, left nothing behind? The answer comes on another thread, or never. From any thread; set
    /// before the first client comes.
    std::function<void(config::ServerId, net::TimePoint, std::function<void(bool)>)> ask_absence =
        [](config::ServerId, net::TimePoint, const auto& answer) { answer(false); };
    Credentials credentials;
    LoginGuard login_guard;
    AccountUse account_use;
    SessionRegistry registry;
    health::PassiveSignals signals;
    AcknowledgedWrites acknowledged;
    std::uint32_t workers = 1;  // how many share the configured limits
    /// Grows when global variables or privileges change: they count from the next login on.
    std::atomic<std::uint64_t> era{1};
};

/// One worker's own; touched by its thread only (`counters` are read by others).
struct WorkerContext {
    WorkerContext(net::Reactor& loop, SharedContext& common, Counters& worker_counters,
                  SettingsPtr initial, std::uint64_t seed)
        : reactor(loop),
          shared(common),
          counters(worker_counters),
          settings(std::move(initial)),
          topology(std::make_shared<health::Topology>()),
          topology_changed(loop),
          buffers(settings->config.limits.session_buffer.value, 1024),
          random(seed),
          pool(loop, worker_counters),
          lock_witness(loop)
    {
        take_pool_limits();
    }

    /// Those of `settings`.
    void take_pool_limits()
    {
        pool.set_limits(settings->config.pool, shared.workers);
        lock_witness.set_idle_timeout(settings->config.pool.idle_timeout);
    }

    net::Reactor& reactor;
    SharedContext& shared;
    Counters& counters;
    SettingsPtr settings;
    health::TopologyPtr topology;
    ServerMarks marks;             // what is known to be on which server; fed with the topology
    net::Signal topology_changed;  // also notified when the worker begins to stop
    net::BufferPool buffers;
    RecentWrites recent_writes;
    Random random;
    protocol::sql::RecentStatements recent_statements;
    PreparedKeys prepared_keys;
    LinkPool pool;
    LockWitness lock_witness;
    std::vector<std::uint32_t> outstanding = std::vector<std::uint32_t>(health::max_server_ids);
    bool stopping = false;
    /// Told when a session begins to keep its link for a reason that lasts.
    std::function<void(std::uint32_t connection_id, config::ServerId, std::string_view reason)>
        note_pinned = [](std::uint32_t, config::ServerId, std::string_view) {};
    /// Ends the worker's session of this connection id. From any thread.
    std::function<void(std::uint32_t)> end_session = [](std::uint32_t) {};

    ConnectorContext connector()
    {
        const auto& config = settings->config;
        return {reactor,
                buffers,
                counters,
                shared.signals,
                settings->server_tls,
                config.server_tls.mode,
                config.limits.connect_timeout,
                config.limits.max_status_packet.value,
                config.server_compression,
                config.tcp};
    }
};

}  // namespace pointsman::proxy
