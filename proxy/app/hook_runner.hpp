#pragma once
// Runs the operator's commands beside takeovers: one shell line each, on threads of their own, for
// a bounded time, with what they print in the log. A takeover waits for those before it
// only.

#include "config/config.hpp"

#include "failover/hook.hpp"

#include "proxy/control/blocking_pool.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace pointsman::proxy {

/// What became of a command.
struct HookOutcome {
    bool started = false, timed_out = false;
    int exit_code = 0;   // 128 and the signal's number, as shells say it, when one ended it
    std::string output;  // the first 4 KiB of both its streams
};

class HookRunner {
public:
    using Done = std::function<void(failover::Outcome)>;
    using OnEnd = std::function<void(failover::HookKind, const failover::Outcome&)>;

    HookRunner() : pool_(most_at_once) {}
    /// Ends what still runs.
    ~HookRunner() { stopping_ = true; }
    HookRunner(const HookRunner&) = delete;
    HookRunner& operator=(const HookRunner&) = delete;

    /// Begins the commands that the configuration has for this line, if it has any.
    void on_entry(const config::Hooks& hooks, const failover::JournalEntry& entry,
                  const failover::HookScene& scene);
    /// Runs the commands of this kind and says what came of it, on a thread of its own.
    void call(failover::HookKind kind, const config::Hooks& hooks,
              const failover::JournalEntry& entry, const failover::HookScene& scene, Done done);
    /// Told of every command that ended, on its thread. To be set before the first.
    void set_on_end(OnEnd on_end) { on_end_ = std::move(on_end); }

    /// Runs it by /bin/sh with this environment, besides PATH and HOME, and waits for it. At the
    /// deadline, or once `stop` is set, it and its children are killed.
    static HookOutcome run(const std::string& command, const std::vector<std::string>& environment,
                           config::Milliseconds timeout, const std::atomic<bool>& stop);

private:
    /// One after the other until one fails; all of them within the time.
    failover::Outcome run_all(failover::HookKind kind, const std::vector<std::string>& commands,
                              const std::vector<std::string>& environment,
                              config::Milliseconds timeout);

    static constexpr std::size_t most_at_once = 4;

    std::atomic<bool> stopping_ = false;
    OnEnd on_end_;
    BlockingPool pool_;  // the last member: its end waits for jobs that use the others
};

}  // namespace pointsman::proxy
