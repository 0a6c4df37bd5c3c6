#pragma once
// Runs the operator's commands beside takeovers: one shell line each, on threads of their own, for
// a bounded time, with what they print in the log. A takeover never waits for one.

#include "config/config.hpp"

#include "failover/hook.hpp"

#include "proxy/control/blocking_pool.hpp"

#include <atomic>
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
    HookRunner() : pool_(most_at_once) {}
    /// Ends what still runs.
    ~HookRunner() { stopping_ = true; }
    HookRunner(const HookRunner&) = delete;
    HookRunner& operator=(const HookRunner&) = delete;

    /// Begins the command that the configuration has for this line, if it has one.
    void on_entry(const config::Hooks& hooks, const failover::JournalEntry& entry,
                  const failover::HookScene& scene);

    /// Runs it by /bin/sh with this environment, besides PATH and HOME, and waits for it. At the
    /// deadline, or once `stop` is set, it and its children are killed.
    static HookOutcome run(const std::string& command, const std::vector<std::string>& environment,
                           config::Milliseconds timeout, const std::atomic<bool>& stop);

private:
    static constexpr std::size_t most_at_once = 4;

    std::atomic<bool> stopping_ = false;
    BlockingPool pool_;  // the last member: its end waits for jobs that use the others
};

}  // namespace pointsman::proxy
