#include "failover/cooldown.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::failover;
using namespace std::chrono_literals;

TEST_CASE("after a takeover nothing acts by itself for a while, unless an operator says so")
{
    Cooldown cooldown;
    TimePoint now{1h};
    CHECK(cooldown.allows(now, 30s));
    cooldown.note_takeover(now);
    CHECK_FALSE(cooldown.allows(now + 29s, 30s));
    CHECK(cooldown.allows(now + 30s, 30s));
    cooldown.forget();
    CHECK(cooldown.allows(now, 30s));
}

TEST_CASE("an attempt that failed is repeated after a moment")
{
    Cooldown cooldown;
    TimePoint now{1h};
    cooldown.note_failure(now);
    CHECK_FALSE(cooldown.allows(now + 100ms, 30s));
    now += Cooldown::after_failure;
    CHECK(cooldown.allows(now, 30s));
    cooldown.note_failure(now);
    CHECK_FALSE(cooldown.allows(now + Cooldown::after_failure, 30s));
    for (int i = 0; i < 9; ++i) cooldown.note_failure(now);
    CHECK(cooldown.allows(now + Cooldown::longest_wait, 30s));
    cooldown.note_well();
    CHECK(cooldown.allows(now, 30s));
}
