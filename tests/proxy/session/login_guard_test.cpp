#include "proxy/session/login_guard.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;

namespace {

const net::TimePoint start{std::chrono::hours(1)};
const std::string here = "192.0.2.1";
const std::string there = "192.0.2.2";

config::Limits limits(std::uint32_t max_connect_errors, std::chrono::milliseconds block)
{
    config::Limits limits;
    limits.max_connect_errors = max_connect_errors;
    limits.connect_error_block = block;
    return limits;
}

void fail(LoginGuard& guard, int times, net::TimePoint now = start)
{
    for (int i = 0; i < times; ++i) guard.note_failure(here, now);
}

}  // namespace

TEST_CASE("the first failures cost nothing, then the delay doubles up to a second")
{
    LoginGuard guard;
    for (int i = 0; i < 5; ++i) CHECK(guard.note_failure(here, start) == 0ms);
    auto delay = guard.note_failure(here, start);
    CHECK(delay > 0ms);
    for (int i = 0; i < 9; ++i) {
        const auto next = guard.note_failure(here, start);
        CHECK(next == 2 * delay);
        delay = next;
    }
    CHECK(delay >= 1000ms);
    CHECK(delay < 1100ms);
    for (int i = 0; i < 50; ++i) CHECK(guard.note_failure(here, start) == delay);
    CHECK(guard.note_failure(there, start) == 0ms);  // another address is another's
}

TEST_CASE("an address that failed too often is blocked for a while")
{
    LoginGuard guard;
    guard.configure(limits(10, 60s));
    fail(guard, 9);
    CHECK_FALSE(guard.is_blocked(here, start));
    fail(guard, 1, start + 1s);
    CHECK(guard.is_blocked(here, start + 1s));
    CHECK(guard.is_blocked(here, start + 60'999ms));
    CHECK_FALSE(guard.is_blocked(there, start + 1s));
    CHECK_FALSE(guard.is_blocked(here, start + 61s));
    CHECK(guard.note_failure(here, start + 61s) == 0ms);  // and begins anew
}

TEST_CASE("a login that succeeds clears what failed before")
{
    LoginGuard guard;
    guard.configure(limits(10, 60s));
    fail(guard, 9);
    guard.note_success(here);
    CHECK(guard.note_failure(here, start) == 0ms);
    fail(guard, 8);
    CHECK_FALSE(guard.is_blocked(here, start));
}

TEST_CASE("an address that failed long ago fails like a new one")
{
    LoginGuard guard;
    guard.configure(limits(10, 60s));
    for (std::size_t i = 0; i < LoginGuard::max_addresses + 10; ++i)
        guard.note_failure("host" + std::to_string(i), start);
    CHECK(guard.note_failure("host" + std::to_string(1), start) == 0ms);  // bounded memory
}
