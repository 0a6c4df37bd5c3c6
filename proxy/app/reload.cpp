// Application: taking over another configuration while it runs, whole or not at all.

#include "config/loader.hpp"
#include "config/server_ids.hpp"

#include "proxy/app/application.hpp"
#include "proxy/app/log.hpp"
#include "proxy/app/settings_builder.hpp"

#include <boost/asio/post.hpp>
#include <sys/stat.h>

#include <algorithm>

namespace pointsman::proxy {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

void log_refusal(const std::string& what)
{
    log_event(LogLevel::error, "reload refused", {{"what", what}});
}

}  // namespace

Application::FileMark Application::mark_of_file() const
{
    struct stat info {};
    if (::stat(config_path_.c_str(), &info) != 0) return {};
    auto nanoseconds = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    return {nanoseconds, static_cast<std::uint64_t>(info.st_size), info.st_ino};
}

void Application::on_second()
{
    second_timer_.expires_after(std::chrono::seconds(1));
    second_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        flush_suppressed_log();
        auto mark = mark_of_file();
        // A file that is away is one being replaced.
        bool is_there = mark.inode != 0;
        if (is_there && mark != seen_file_ && !draining_) reload("file changed");
        look_for_replicas();
        on_second();
    });
}

void Application::reload(const char* cause)
{
    seen_file_ = mark_of_file();
    log_event(LogLevel::info, "reload", {{"cause", cause}, {"config", config_path_}});
    auto loaded = config::load_config(config_path_);
    for (const auto& mistake : loaded.mistakes) log_refusal(config::to_text(mistake));
    if (!loaded.config) return;
    auto listed = loaded.config->servers;
    auto before = found_;
    found_.add_to(*loaded.config);
    if (apply(std::move(*loaded.config))) {
        listed_ = std::move(listed);
        auto kept = found_.text(listed_);
        if (kept != before.text(listed_)) found_file_.write(std::move(kept), blocking_);
    } else {
        found_.restore(std::move(before));
    }
    next_discovery_ = {};
}

/// A start with every listed server down knows the others all the same.
void Application::recall_found()
{
    if (!config_.discover) return;
    std::string error;
    auto text = found_file_.read(error);
    if (error.empty() && !text.empty())
        error = found_.recall(text, config_, net::Clock::now()).value_or("");
    if (!error.empty()) log_event(LogLevel::warn, "discovery", {{"what", error}});
    found_.add_to(config_);
}

void Application::look_for_replicas()
{
    auto now = net::Clock::now();
    auto topology = board_.get();
    bool idle = failover_->controller().phase() == failover::Phase::idle;
    bool due = config_.discover && !discovering_ && !draining_ && now >= next_discovery_;
    if (!due || !idle || !topology) return;
    auto task = FoundServers::task(config_, *topology, found_.room(config_));
    if (task.sources.empty()) return;
    next_discovery_ = now + std::chrono::seconds(5);
    discovering_ = blocking_.post([this, task = std::move(task)] {
        auto seen = health::discover(task);
        boost::asio::post(control_, [this, seen = std::move(seen)] { on_discovery(seen); });
    });
}

void Application::on_discovery(const health::Discovery& seen)
{
    discovering_ = false;
    bool idle = failover_->controller().phase() == failover::Phase::idle;
    if (!config_.discover || draining_ || !idle) return;
    auto before = found_;
    std::vector<std::string> problems;
    bool changed = found_.take(seen, config_, *board_.get(), net::Clock::now(), problems);
    for (const auto& problem : problems)
        log_event(LogLevel::warn, "discovery", {{"what", problem}});
    if (!changed) return;
    auto next = config_;
    next.servers = listed_;
    found_.add_to(next);
    log_event(LogLevel::info, "reload", {{"cause", "discovery"}});
    if (!apply(std::move(next))) return found_.restore(std::move(before));
    found_file_.write(found_.text(listed_), blocking_);
}

bool Application::apply(config::Config next)
{
    auto changes = config::diff(config_, next);
    // What can't change while running keeps its value until the restart that the log asks for.
    next.workers = config_.workers;
    next.state_directory = config_.state_directory;
    next.failover.journal = config_.failover.journal;
    next.failover.journal_size = config_.failover.journal_size;
    next.metrics = config_.metrics;
    next.admin = config_.admin;
    next.cluster = config_.cluster;
    next.limits.session_buffer = config_.limits.session_buffer;

    auto ids = next_server_id_;
    if (auto mistake = config::assign_server_ids(next, &config_, ids)) {
        log_refusal(config::to_text(*mistake));
        return false;
    }
    auto settings = build_settings(next);
    if (auto* problem = std::get_if<std::string>(&settings)) {
        log_refusal(*problem);
        return false;
    }
    std::vector<config::Listener> added;
    for (const auto& listener : next.listeners)
        if (contains(changes.listeners.added, listener.name)) added.push_back(listener);
    auto opened = open_listeners(added, workers_.size());
    if (auto* problem = std::get_if<std::string>(&opened)) {
        log_refusal(*problem);
        return false;
    }
    if (auto problem = configure_log(next.log)) {
        log_refusal(*problem);
        return false;
    }
    // From here on nothing can fail.
    next_server_id_ = ids;
    shared_.credentials.configure(next);
    shared_.login_guard.configure(next.limits);
    shared_.account_use.configure(next);
    auto ready = std::get<SettingsPtr>(settings);
    for (auto& worker : workers_)
        worker->post([ready](Worker& on_thread) { on_thread.set_settings(ready); });
    apply_listeners(changes, next, std::move(std::get<OpenedListeners>(opened)));
    drain_removed(changes);
    health_->apply(next);
    failover_->apply(next);
    for (const auto& sentence : changes.sentences)
        log_event(LogLevel::info, "reloaded", {{"change", sentence}});
    for (const auto& sentence : changes.needs_restart)
        log_event(LogLevel::warn, "reload needs a restart", {{"change", sentence}});
    log_event(LogLevel::info, "reload done", {{"changes", changes.sentences.size()}});
    config_ = std::move(next);
    return true;
}

void Application::apply_listeners(const config::Diff& changes, const config::Config& next,
                                  OpenedListeners opened)
{
    for (const auto& name : changes.listeners.removed) listeners_.remove(name);
    listeners_.add(std::move(opened));
    for (const auto& listener : next.listeners)
        if (contains(changes.listeners.changed, listener.name)) listeners_.change(listener);
}

void Application::drain_removed(const config::Diff& changes)
{
    std::vector<config::ServerId> removed;
    for (const auto& server : config_.servers)
        if (contains(changes.servers.removed, server.name)) removed.push_back(server.id);
    if (removed.empty()) return;
    auto timer =
        std::make_shared<boost::asio::steady_timer>(control_, config_.limits.drain_timeout);
    timer->async_wait([this, timer, removed](const boost::system::error_code& error) {
        if (error) return;
        for (auto& worker : workers_)
            worker->post([removed](Worker& on_thread) { on_thread.abort_sessions_on(removed); });
    });
}

}  // namespace pointsman::proxy
