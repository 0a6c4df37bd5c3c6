#include "proxy/app/application.hpp"

#include "config/server_ids.hpp"

#include "proxy/admin/api.hpp"
#include "proxy/app/log.hpp"
#include "proxy/app/settings_builder.hpp"
#include "proxy/app/version.hpp"

#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/post.hpp>
#include <sys/resource.h>

#include <csignal>
#include <random>
#include <thread>
#include <utility>

namespace pointsman::proxy {

namespace {

constexpr std::size_t most_blocking_threads = 32;

LogLevel log_level(health::Severity severity)
{
    switch (severity) {
        case health::Severity::debug:
            return LogLevel::debug;
        case health::Severity::info:
            return LogLevel::info;
        case health::Severity::warning:
            return LogLevel::warn;
        case health::Severity::error:
            break;
    }
    return LogLevel::error;
}

void log_health(const health::HealthEvent& event)
{
    log_event(log_level(health::severity(event.kind)), health::to_text(event.kind),
              {{"server", event.server_name}, {"what", event.sentence}});
}

protocol::GtidSet newest_acknowledged(const AcknowledgedWrites& writes)
{
    auto position = writes.position();
    auto* set = position ? std::get_if<protocol::GtidSet>(&*position) : nullptr;
    return set ? *set : protocol::GtidSet{};
}

std::chrono::milliseconds wall_clock()
{
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now);
}

/// Ten thousand clients need as many descriptors, and the default soft limit is 1024.
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// One core is left to the control thread, which must notice within milliseconds that a server is
/// lost. Fewer workers also cost less: each wakes for more at once (bench/README.md).
std::size_t worker_count(const config::Config& config)
{
    if (config.workers > 0) return config.workers;
    auto cores = std::thread::hardware_concurrency();
    return cores > 1 ? cores - 1 : 1;
}

}  // namespace

Application::Application(std::string config_path, config::Config config)
    : config_path_(std::move(config_path)),
      config_(std::move(config)),
      listed_(config_.servers),
      found_file_(config_.state_directory),
      blocking_(most_blocking_threads),
      listeners_(workers_),
      signals_(control_, SIGHUP, SIGTERM, SIGINT),
      second_timer_(control_),
      drain_timer_(control_)
{
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
}

Application::~Application()
{
    errant_saver_.stop();
    for (auto& worker : workers_) worker->stop();
    for (auto& worker : workers_) worker->join();
}

int Application::run()
{
    if (!start()) return 1;
    control_.run();
    log_event(LogLevel::info, "stopped");
    flush_suppressed_log();
    return 0;
}

bool Application::start()
{
    if (auto problem = configure_log(config_.log)) {
        log_event(LogLevel::error, "not started", {{"what", *problem}});
        return false;
    }
    auto refuse = [](const std::string& what) {
        log_event(LogLevel::error, "not started", {{"what", what}});
        return false;
    };
    recall_found();
    if (auto mistake = config::assign_server_ids(config_, nullptr, next_server_id_))
        return refuse(config::to_text(*mistake));
    auto settings = build_settings(config_);
    if (auto* problem = std::get_if<std::string>(&settings)) return refuse(*problem);
    auto opened = open_listeners(config_.listeners, worker_count(config_));
    if (auto* problem = std::get_if<std::string>(&opened)) return refuse(*problem);
    seen_file_ = mark_of_file();
    shared_.credentials.configure(config_);
    shared_.login_guard.configure(config_.limits);
    shared_.account_use.configure(config_);
    start_workers(std::get<SettingsPtr>(settings));

    HealthLoop::Surroundings around{control_, blocking_, board_, shared_.signals, log_health};
    health_ = std::make_unique<HealthLoop>(around, config_);
    board_.subscribe([this](const health::TopologyPtr& topology) { on_topology(topology); });
    health_->start();
    record_ = std::make_unique<TakeoverRecord>(config_);
    failover_ = std::make_unique<FailoverLoop>(failover_surroundings(), config_);
    failover_->start();
    shared_.ask_absence = [this](config::ServerId server, net::TimePoint sent_at,
                                 std::function<void(bool)> answer) {
        boost::asio::post(control_, [this, server, sent_at, answer = std::move(answer)]() mutable {
            failover_->resolve({server, sent_at}, std::move(answer));
        });
    };
    if (!start_metrics() || !start_admin()) return false;
    listeners_.add(std::move(std::get<OpenedListeners>(opened)));
    for (const auto& listener : config_.listeners)
        log_event(LogLevel::info, "listening",
                  {{"listener", listener.name}, {"address", listener.address.text()}});
    log_event(LogLevel::info, "started",
              {{"version", version}, {"workers", workers_.size()}, {"config", config_path_}});
    wait_for_signal();
    on_second();
    return true;
}

FailoverLoop::Surroundings Application::failover_surroundings()
{
    hooks_.set_on_end([this](failover::HookKind kind, const failover::Outcome& outcome) {
        boost::asio::post(control_, [this, kind, outcome] {
            using Kind = failover::JournalKind;
            if (!outcome.ok()) return failover_->note(Kind::warning, outcome.error);
            failover_->note(Kind::note,
                            "hook " + std::string(failover::to_text(kind)) + " is done");
        });
    });
    return {control_,
            blocking_,
            *health_,
            [this](config::ServerId server, std::uint64_t revision) {
                return open_work(server, revision);
            },
            [this](const JournalLine& line) { on_journal_line(line); },
            wall_clock,
            record_->past(),
            [this] { return newest_acknowledged(shared_.acknowledged); },
            [this](const protocol::GtidSet& lost) { shared_.acknowledged.forget(lost); },
            [this](std::function<void(protocol::GtidSet)> done) { gather_writes(std::move(done)); },
            [this] {
                for (auto& worker : workers_)
                    worker->post([](Worker& on_thread) { on_thread.forget_writes(); });
            },
            [this](failover::HookKind kind, const failover::JournalEntry& entry,
                   std::function<void(failover::Outcome)> done) {
                call_hook(kind, entry, std::move(done));
            },
            [this](const failover::SaveErrant& wanted) { return errant_saver_.save(wanted); }};
}

Totals Application::totals() const
{
    Totals totals;
    auto uptime = net::Clock::now() - started_;
    totals.uptime = std::chrono::duration_cast<std::chrono::seconds>(uptime);
    for (const auto& worker : workers_) {
        totals.sessions += worker->counters().sessions_open.get();
        for (const auto& server : worker->counters().servers)
            for (const auto& statements : server.statements) totals.statements += statements.get();
    }
    return totals;
}

void Application::start_workers(SettingsPtr settings)
{
    shared_.totals = [this] { return totals(); };
    std::random_device seed;
    shared_.workers = static_cast<std::uint32_t>(worker_count(config_));
    for (std::size_t i = 0; i < shared_.workers; ++i)
        workers_.push_back(std::make_unique<Worker>(shared_, settings, seed()));
    for (auto& worker : workers_) worker->start();
}

MetricsSources Application::metrics_sources()
{
    MetricsSources sources;
    sources.cluster = config_.cluster;
    sources.version = version;
    sources.workers = [this] {
        std::vector<const Counters*> counters;
        for (const auto& worker : workers_) counters.push_back(&worker->counters());
        return counters;
    };
    sources.topology = [this] { return board_.get(); };
    sources.probes = [this] {
        std::vector<ProbeStats> stats;
        for (const auto& totals : health_->probe_totals()) {
            ProbeStats one{totals.server, {}, 0, totals.total_duration};
            for (std::size_t i = 0; i < totals.results.size(); ++i) {
                auto name = health::to_text(static_cast<health::ProbeResult>(i));
                one.results.push_back({name, totals.results[i]});
                one.timed += totals.results[i];
            }
            stats.push_back(std::move(one));
        }
        return stats;
    };
    return sources;
}

bool Application::start_metrics()
{
    exporter_ = std::make_unique<Exporter>(metrics_sources());
    if (!config_.metrics.enabled) return true;
    http_ = std::make_unique<HttpServer>(control_.get_executor());
    http_->add("GET", "/metrics", [this](const HttpRequest&) {
        return HttpReply{200, Exporter::content_type, exporter_->text()};
    });
    http_->add("GET", "/healthz", [](const HttpRequest&) {
        return HttpReply{200, "text/plain", "ok\n"};
    });
    auto port = http_->listen(config_.metrics.address);
    if (!port) {
        auto what = "metrics on " + config_.metrics.address.text() + ": " + port.error().message();
        log_event(LogLevel::error, "not started", {{"what", what}});
        return false;
    }
    log_event(LogLevel::info, "metrics", {{"address", config_.metrics.address.text()}});
    return true;
}

bool Application::start_admin()
{
    if (!config_.admin.enabled) return true;
    admin_ = std::make_unique<HttpServer>(control_.get_executor());
    add_api(*admin_, *failover_, board_);
    auto port = admin_->listen(config_.admin.listen);
    if (port) return true;
    auto what = "admin.listen on " + config_.admin.listen.text() + ": " + port.error().message();
    log_event(LogLevel::error, "not started", {{"what", what}});
    return false;
}

OpenWork Application::open_work(config::ServerId server, std::uint64_t revision) const
{
    OpenWork work{true, 0, 0};
    for (const auto& worker : workers_) {
        auto& counters = worker->counters();
        if (counters.topology_seen.get() < revision) work.current = false;
        const auto& at_server = counters.servers[Counters::server_slot(server)];
        work.transactions += at_server.transactions_open.get();
        work.busy_links += at_server.links_busy.get();
    }
    return work;
}

void Application::on_journal_line(const JournalLine& line)
{
    record_->write(line);
    if (!failover_) return;
    if (failover::hook_for(line.entry)) hooks_.on_entry(config_.hooks, line.entry, hook_scene());
}

failover::HookScene Application::hook_scene() const
{
    failover::HookScene scene{config_.cluster, {}, config_.servers, {}};
    const auto& findings = failover_->controller().findings();
    if (!findings.empty()) scene.analysis = findings.front().problem->analysis;
    if (auto* primary = board_.get()->primary_server()) scene.primary = primary->name;
    scene.automatic = config_.failover.mode == config::FailoverMode::automatic;
    boost::system::error_code unknown;
    scene.host = boost::asio::ip::host_name(unknown);
    for (const auto& sight : failover_->evidence().servers)
        if (!sight.answers()) scene.lost.push_back(sight.server.id);
    return scene;
}

void Application::call_hook(failover::HookKind kind, const failover::JournalEntry& entry,
                            std::function<void(failover::Outcome)> done)
{
    auto answer = [this, done = std::move(done)](const failover::Outcome& outcome) {
        boost::asio::post(control_, [done, outcome] { done(outcome); });
    };
    hooks_.call(kind, config_.hooks, entry, hook_scene(), std::move(answer));
}

/// Answers on the control thread once every worker has.
void Application::gather_writes(std::function<void(protocol::GtidSet)> done)
{
    struct Gathered {
        std::size_t missing;
        protocol::GtidSet writes = {};
        std::function<void(protocol::GtidSet)> done;
    };
    auto all = std::make_shared<Gathered>(Gathered{workers_.size(), {}, std::move(done)});
    for (auto& worker : workers_)
        worker->post([this, all](Worker& on_thread) {
            boost::asio::post(control_, [all, part = on_thread.recent_writes()] {
                all->writes.unite(part);
                if (--all->missing == 0) all->done(std::move(all->writes));
            });
        });
}

void Application::on_topology(const health::TopologyPtr& topology)
{
    for (auto& worker : workers_)
        worker->post([topology](Worker& on_thread) { on_thread.set_topology(topology); });
}

void Application::wait_for_signal()
{
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        if (signal == SIGHUP)
            reload("SIGHUP");
        else
            begin_shutdown();
        wait_for_signal();
    });
}

void Application::begin_shutdown()
{
    if (std::exchange(draining_, true)) {
        finish();  // asked twice: at once
        return;
    }
    log_event(LogLevel::info, "stopping", {{"drain_ms", config_.limits.drain_timeout}});
    listeners_.remove_files();
    drain_until_ = net::Clock::now() + config_.limits.drain_timeout;
    for (auto& worker : workers_) worker->post([](Worker& on_thread) { on_thread.begin_drain(); });
    watch_drain();
}

bool Application::is_drained() const
{
    for (const auto& worker : workers_)
        if (worker->counters().sessions_open.get() > 0) return false;
    return true;
}

void Application::watch_drain()
{
    constexpr auto step = std::chrono::milliseconds(20);
    drain_timer_.expires_after(step);
    drain_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        if (is_drained() || net::Clock::now() >= drain_until_)
            finish();
        else
            watch_drain();
    });
}

void Application::finish()
{
    for (auto& worker : workers_)
        worker->post([](Worker& on_thread) { on_thread.abort_sessions(); });
    for (auto& worker : workers_) worker->stop();
    for (auto& worker : workers_) worker->join();
    if (admin_) admin_->stop();
    failover_->stop();
    health_->stop();
    if (http_) http_->stop();
    signals_.cancel();
    second_timer_.cancel();
    drain_timer_.cancel();
    control_.stop();
}

}  // namespace pointsman::proxy
