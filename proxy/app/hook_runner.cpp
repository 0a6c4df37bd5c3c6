#include "proxy/app/hook_runner.hpp"

#include "config/surroundings.hpp"

#include "proxy/app/log.hpp"
#include "proxy/net/clock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace pointsman::proxy {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_output = 4'096;
constexpr milliseconds look_every{50};
constexpr int unknown_exit_code = 255;

/// Both ends of a pipe.
class Pipe {
public:
    Pipe() { is_open_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe()
    {
        close_write();
        if (is_open_) ::close(ends_[0]);
    }
    bool is_open() const { return is_open_; }
    int read_end() const { return ends_[0]; }
    int write_end() const { return ends_[1]; }
    void close_write()
    {
        if (is_open_ && ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
    }

private:
    std::array<int, 2> ends_{-1, -1};
    bool is_open_ = false;
};

/// In a process group of its own, with the signals' defaults: this process blocks some.
int spawn(pid_t& pid, const std::string& command, std::vector<std::string> environment, int output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    // The HTTP server's sockets and the client library's stay open on exec: a command that outlived
    // this process would keep the admin port taken.
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    std::string shell = "/bin/sh", option = "-c", text = command;
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    std::vector<char*> variables;
    for (auto& variable : environment) variables.push_back(variable.data());
    variables.push_back(nullptr);
    int failed =
        posix_spawn(&pid, shell.c_str(), &files, &attributes, arguments.data(), variables.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/// Takes what is there. False: nobody writes any more.
bool drain(int from, std::string& output)
{
    std::array<char, 1'024> piece;
    auto got = ::read(from, piece.data(), piece.size());
    if (got < 0) return errno == EINTR;
    auto room = most_output - output.size();
    output.append(piece.data(), std::min(static_cast<std::size_t>(got), room));
    return got > 0;
}

int exit_code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The operator's own environment may hold passwords: only what a shell needs goes on.
std::vector<std::string> with_shell_variables(std::vector<std::string> environment)
{
    for (const char* name : {"PATH", "HOME"})
        if (auto value = config::real_surroundings().environment(name))
            environment.push_back(std::string(name) + "=" + *value);
    return environment;
}

/// In words that hold nothing of what it printed.
failover::Outcome outcome_of(failover::HookKind kind, const HookOutcome& ended)
{
    auto failed = [kind](const std::string& what) {
        auto text = "hook " + std::string(failover::to_text(kind)) + ": " + what;
        return failover::Outcome{failover::OutcomeKind::refused, {}, std::move(text)};
    };
    if (!ended.started) return failed("it could not be started");
    if (ended.timed_out) return failed("it took too long and was killed");
    if (ended.exit_code == 0) return {failover::OutcomeKind::done, {}, {}};
    return failed("it ended with exit code " + std::to_string(ended.exit_code));
}

}  // namespace

HookOutcome HookRunner::run(const std::string& command, const std::vector<std::string>& environment,
                            config::Milliseconds timeout, const std::atomic<bool>& stop)
{
    HookOutcome outcome;
    Pipe pipe;
    pid_t pid = 0;
    if (!pipe.is_open()) return outcome;
    if (spawn(pid, command, with_shell_variables(environment), pipe.write_end()) != 0)
        return outcome;
    outcome.started = true;
    pipe.close_write();
    auto until = net::Clock::now() + timeout;
    bool writes = true;
    int status = 0;
    // A child that it leaves behind may hold the pipe: its own end is what counts.
    pid_t ended = 0;
    while ((ended = ::waitpid(pid, &status, WNOHANG)) == 0) {
        outcome.timed_out = net::Clock::now() >= until;
        if (outcome.timed_out || stop) {
            ::kill(-pid, SIGKILL);
            ended = ::waitpid(pid, &status, 0);
            break;
        }
        pollfd readable{pipe.read_end(), POLLIN, 0};
        auto ready = ::poll(&readable, writes ? 1 : 0, static_cast<int>(look_every.count()));
        if (ready > 0) writes = drain(pipe.read_end(), outcome.output);
    }
    ::fcntl(pipe.read_end(), F_SETFL, O_NONBLOCK);
    while (writes && outcome.output.size() < most_output &&
           drain(pipe.read_end(), outcome.output)) {
    }
    // Where somebody else takes our children's ends nobody knows how it went: no success.
    outcome.exit_code = ended == pid ? exit_code_of(status) : unknown_exit_code;
    return outcome;
}

failover::Outcome HookRunner::run_all(failover::HookKind kind,
                                      const std::vector<std::string>& commands,
                                      const std::vector<std::string>& environment,
                                      config::Milliseconds timeout)
{
    auto until = net::Clock::now() + timeout;
    failover::Outcome outcome{failover::OutcomeKind::done, {}, {}};
    for (const auto& command : commands) {
        auto left = std::chrono::duration_cast<milliseconds>(until - net::Clock::now());
        auto ended = run(command, environment, std::max(left, milliseconds{0}), stopping_);
        outcome = outcome_of(kind, ended);
        log_event(outcome.ok() ? LogLevel::info : LogLevel::warn, "hook",
                  {{"hook", failover::to_text(kind)},
                   {"started", ended.started},
                   {"timed_out", ended.timed_out},
                   {"exit_code", ended.exit_code},
                   {"output", ended.output}});
        if (!outcome.ok()) break;
    }
    return outcome;
}

void HookRunner::on_entry(const config::Hooks& hooks, const failover::JournalEntry& entry,
                          const failover::HookScene& scene)
{
    auto kind = failover::hook_for(entry);
    if (kind && !failover::commands_for(*kind, hooks).empty()) call(*kind, hooks, entry, scene, {});
}

void HookRunner::call(failover::HookKind kind, const config::Hooks& hooks,
                      const failover::JournalEntry& entry, const failover::HookScene& scene,
                      Done done)
{
    auto values = failover::hook_values(kind, entry, scene);
    bool is_awaited = kind == failover::HookKind::before_switchover ||
                      kind == failover::HookKind::before_failover;
    std::vector<std::string> commands;
    for (const auto& command : failover::commands_for(kind, hooks))
        commands.push_back(failover::expand(command, values));
    auto job = [this, kind, done, timeout = is_awaited ? hooks.before_timeout : hooks.timeout,
                commands = std::move(commands), environment = failover::hook_environment(values)] {
        auto outcome = run_all(kind, commands, environment, timeout);
        if (on_end_) on_end_(kind, outcome);
        if (done) done(outcome);
    };
    if (pool_.post(std::move(job))) return;
    log_event(LogLevel::warn, "hook", {{"hook", failover::to_text(kind)}, {"started", false}});
    if (done) done({failover::OutcomeKind::refused, {}, "too many commands wait"});
}

}  // namespace pointsman::proxy
