#include "proxy/app/worker.hpp"

#include "proxy/app/log.hpp"
#include "proxy/net/tcp_options.hpp"

#include <algorithm>
#include <exception>
#include <vector>

namespace pointsman::proxy {

namespace {

constexpr auto shortest_step = std::chrono::milliseconds(10);

bool any_server_gone(const health::Topology& before, const health::Topology& after)
{
    for (const auto& server : before.servers)
        if (!after.find(server.id)) return true;
    return false;
}

std::vector<config::ServerId> newly_severed(const health::Topology& before,
                                            const health::Topology& after)
{
    std::vector<config::ServerId> severed;
    for (const auto& server : after.servers) {
        const auto* known = before.find(server.id);
        if (server.severed && !(known && known->severed)) severed.push_back(server.id);
    }
    return severed;
}

void log_end(const SessionCore& core, CloseReason reason)
{
    const auto& traits = traits_of(reason);
    log_event(traits.worth_logging ? LogLevel::warn : LogLevel::debug, "session ended",
              {{"reason", traits.label},
               {"client", core.client_host},
               {"listener", core.listener.name},
               {"connection_id", core.connection_id}});
}

}  // namespace

Worker::Worker(SharedContext& shared, SettingsPtr settings, std::uint64_t seed)
    : counters_(std::make_unique<Counters>()),
      context_(reactor_, shared, *counters_, std::move(settings), seed),
      published_(context_.topology),
      ramp_(reactor_, [this] { ramp(); }),
      silence_(reactor_, [this] { cut_silent_links(); })
{
    context_.end_session = [this](std::uint32_t connection_id) {
        post([connection_id](Worker& on_thread) { on_thread.kill_session(connection_id); });
    };
    context_.note_pinned = [this](std::uint32_t connection_id, config::ServerId id,
                                  std::string_view reason) {
        const auto* server = context_.topology->find(id);
        log_event(LogLevel::debug, "session keeps its link",
                  {{"reason", reason},
                   {"server", server ? server->name : ""},
                   {"connection_id", connection_id}});
    };
}

Worker::~Worker()
{
    stop();
    join();
}

void Worker::start()
{
    thread_ = std::thread([this] {
        choose_io();
        cut_silent_links();
        reactor_.run();
    });
}

void Worker::choose_io()
{
    auto asked = context_.settings->config.io;
    std::string why_not = "it is configured";
    if (asked != config::Io::epoll) why_not = reactor_.open_ring();
    if (why_not.empty()) {
        log_event(LogLevel::info, "worker started", {{"io", "io_uring"}});
        return;
    }
    auto level = asked == config::Io::io_uring ? LogLevel::warn : LogLevel::info;
    log_event(level, "worker started", {{"io", "epoll"}, {"because", why_not}});
}

void Worker::stop()
{
    reactor_.stop();
}

void Worker::join()
{
    if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void(Worker&)> work)
{
    reactor_.post([this, work = std::move(work)] { work(*this); });
}

void Worker::set_topology(health::TopologyPtr topology)
{
    bool gone = any_server_gone(*context_.topology, *topology);
    auto severed = newly_severed(*context_.topology, *topology);
    published_ = std::move(topology);
    slow_start_.learn(*published_, context_.settings->config.pool.slow_start, reactor_.now());
    ramp();
    context_.marks.learn(*context_.topology);
    counters_->topology_seen.set(context_.topology->revision);
    context_.topology_changed.notify_all();
    for (auto server : severed)
        for (auto* session : sessions_) session->sever(server);
    if (!gone) return;
    std::vector<config::ServerId> there;
    for (const auto& server : context_.topology->servers) there.push_back(server.id);
    context_.pool.close_idle_except(there);
    context_.lock_witness.close_idle_except(there);
    for (auto* session : sessions_) session->drop_stale_links();
}

/// Gives the sessions the weights of now, and comes again while they change.
void Worker::ramp()
{
    constexpr int steps = 20;
    auto length = context_.settings->config.pool.slow_start;
    auto now = reactor_.now();
    context_.topology = slow_start_.ramped(published_, length, now);
    if (slow_start_.is_ramping(length, now))
        ramp_.set(now + std::max<config::Milliseconds>(length / steps, shortest_step));
}

/// Comes again for ever: a reload may ask for it.
void Worker::cut_silent_links()
{
    constexpr int looks = 8;
    constexpr config::Milliseconds most_often{100}, least_often{5'000};
    for (auto* session : sessions_) session->cut_silent_links();
    auto limit = context_.settings->config.tcp.server_timeout;
    auto pause = limit.count() == 0 ? least_often : limit / looks;
    silence_.set(reactor_.now() + std::clamp(pause, most_often, least_often));
}

void Worker::set_settings(SettingsPtr settings)
{
    context_.settings = std::move(settings);
    context_.take_pool_limits();
    context_.topology_changed.notify_all();
}

void Worker::open_listener(int listening_fd, std::shared_ptr<ListenerShare> share)
{
    const auto& name = share->name;
    auto on_accept = [this, share](net::Accepted accepted) { accept(std::move(accepted), share); };
    listeners_[name] = std::make_unique<net::Listener>(reactor_, listening_fd, on_accept);
}

void Worker::close_listener(const std::string& name)
{
    listeners_.erase(name);
}

void Worker::accept(net::Accepted accepted, const std::shared_ptr<ListenerShare>& share)
{
    net::keep_alive(accepted.fd, context_.settings->config.tcp);
    auto session = std::make_unique<Session>(context_, accepted, share);
    sessions_.insert(session.get());
    net::spawn(run_session(std::move(session)));
}

net::Task<void> Worker::run_session(std::unique_ptr<Session> session)
{
    try {
        auto reason = co_await session->run();
        log_end(session->core(), reason);
    } catch (const std::exception& bug) {
        auto index = static_cast<std::size_t>(CloseReason::internal_error);
        counters_->sessions_closed[index].add();
        log_event(LogLevel::error, "session failed",
                  {{"what", bug.what()}, {"connection_id", session->core().connection_id}});
    }
    sessions_.erase(session.get());
}

void Worker::begin_drain()
{
    listeners_.clear();
    context_.stopping = true;
    context_.topology_changed.notify_all();
    context_.pool.begin_drain();
    context_.lock_witness.begin_drain();
    auto sessions = std::vector<Session*>(sessions_.begin(), sessions_.end());
    for (auto* session : sessions)
        if (sessions_.contains(session)) session->begin_drain();
}

void Worker::kill_session(std::uint32_t connection_id)
{
    for (auto* session : sessions_)
        if (session->core().connection_id == connection_id) {
            session->kill();
            return;
        }
}

std::vector<SessionInfo> Worker::sessions() const
{
    std::vector<SessionInfo> list;
    list.reserve(sessions_.size());
    for (const auto* session : sessions_) list.push_back(session->describe());
    return list;
}

void Worker::abort_sessions()
{
    auto sessions = std::vector<Session*>(sessions_.begin(), sessions_.end());
    for (auto* session : sessions)
        if (sessions_.contains(session)) session->abort();
}

void Worker::abort_sessions_on(const std::vector<config::ServerId>& servers)
{
    auto sessions = std::vector<Session*>(sessions_.begin(), sessions_.end());
    for (auto* session : sessions) {
        if (!sessions_.contains(session)) continue;
        for (auto server : servers)
            if (session->core().links.held(server)) {
                session->abort();
                break;
            }
    }
}

}  // namespace pointsman::proxy
