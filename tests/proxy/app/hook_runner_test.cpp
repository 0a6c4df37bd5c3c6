#include "proxy/app/hook_runner.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <array>
#include <chrono>

using namespace pointsman::proxy;
using namespace std::chrono_literals;

namespace {

HookOutcome run(const std::string& command, pointsman::config::Milliseconds timeout = 30s,
                bool stopped = false)
{
    std::atomic<bool> stop = stopped;
    return HookRunner::run(command, {"ORC_FAILED_HOST=10.0.0.1"}, timeout, stop);
}

}  // namespace

TEST_CASE("a hook's output and exit code are told")
{
    auto outcome = run("echo to $ORC_FAILED_HOST; echo also >&2; exit 3");
    CHECK(outcome.started);
    CHECK_FALSE(outcome.timed_out);
    CHECK(outcome.exit_code == 3);
    CHECK(outcome.output == "to 10.0.0.1\nalso\n");
}

TEST_CASE("a hook sees nothing else of this process's environment")
{
    ::setenv("POINTSMAN_FAILOVER_PASSWORD", "secret", 1);
    auto outcome = run("env");
    ::unsetenv("POINTSMAN_FAILOVER_PASSWORD");
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output.find("ORC_FAILED_HOST") != std::string::npos);
    CHECK(outcome.output.find("secret") == std::string::npos);
}

TEST_CASE("a hook that hangs is killed with its children")
{
    auto outcome = run("echo begun; sleep 600 & sleep 600", 200ms);
    CHECK(outcome.timed_out);
    CHECK(outcome.exit_code == 128 + 9);
    CHECK(outcome.output == "begun\n");
}

TEST_CASE("a hook ends with the process")
{
    auto outcome = run("sleep 600", 600s, true);
    CHECK_FALSE(outcome.timed_out);
    CHECK(outcome.exit_code == 128 + 9);
}

TEST_CASE("a hook may print more than is kept")
{
    auto outcome = run("yes | head -c 1000000");
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output.size() == 4096);
}

TEST_CASE("a hook gets none of this process's connections")
{
    std::array<int, 2> ends;
    REQUIRE(::pipe(ends.data()) == 0);  // not closed on exec, as some libraries' sockets are
    auto outcome = run("test ! -e /dev/fd/" + std::to_string(ends[0]));
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(outcome.exit_code == 0);
}
