#pragma once
// One thread, one reactor, its listeners and its sessions. Everything but the constructor, start,
// join and post happens on its own thread; others reach it by post.

#include "proxy/net/listener.hpp"
#include "proxy/pool/slow_start.hpp"
#include "proxy/session/session.hpp"
#include "proxy/session/worker_context.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace pointsman::proxy {

class Worker {
public:
    Worker(SharedContext& shared, SettingsPtr settings, std::uint64_t seed);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    /// From any thread: the loop ends after its current turn. join() waits for it.
    void stop();
    void join();
    /// Runs `work` on the worker's thread.
    void post(std::function<void(Worker&)> work);
    /// Read by the exporter's thread.
    const Counters& counters() const { return *counters_; }

    // On the worker's own thread:
    void set_topology(health::TopologyPtr topology);
    void set_settings(SettingsPtr settings);
    void open_listener(int listening_fd, std::shared_ptr<ListenerShare> share);
    void close_listener(const std::string& name);
    /// No new clients; idle sessions end now, others after their transaction.
    void begin_drain();
    void abort_sessions();
    void kill_session(std::uint32_t connection_id);
    /// The transactions that its clients were told of last.
    protocol::GtidSet recent_writes() const { return context_.recent_writes.set(); }
    void forget_writes() { context_.recent_writes = {}; }
    /// All sessions, for whoever asks by post().
    std::vector<SessionInfo> sessions() const;
    /// Ends the sessions that still hold something on one of these servers.
    void abort_sessions_on(const std::vector<config::ServerId>& servers);

private:
    void choose_io();
    void accept(net::Accepted accepted, const std::shared_ptr<ListenerShare>& share);
    void ramp();
    void cut_silent_links();
    net::Task<void> run_session(std::unique_ptr<Session> session);

    std::unique_ptr<Counters> counters_;  // large: it has a slot for every possible server
    net::Reactor reactor_;
    WorkerContext context_;
    health::TopologyPtr published_;  // without slow starts
    SlowStart slow_start_;
    net::Timer ramp_, silence_;
    std::map<std::string, std::unique_ptr<net::Listener>> listeners_;
    std::unordered_set<Session*> sessions_;
    std::thread thread_;
};

}  // namespace pointsman::proxy
