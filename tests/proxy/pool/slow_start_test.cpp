#include "proxy/pool/slow_start.hpp"

#include "tests/support/sessions.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;
using namespace std::chrono_literals;

namespace {

constexpr config::Milliseconds length = 10s;
const net::TimePoint start{std::chrono::hours(1)};

/// The second replica, in a cluster where it is up or down.
health::TopologyPtr with_replica2(health::HealthState health)
{
    auto topology = cluster();
    topology.servers[2].health = health;
    return std::make_shared<const health::Topology>(topology);
}

std::uint32_t weight_of(const SlowStart& slow, net::TimePoint now)
{
    return slow.ramped(with_replica2(health::HealthState::up), length, now)->servers[2].weight;
}

}  // namespace

TEST_CASE("a server that comes back gets its weight little by little, others keep theirs")
{
    SlowStart slow;
    slow.learn(*with_replica2(health::HealthState::up), length, start);
    slow.learn(*with_replica2(health::HealthState::down), length, start + 60s);
    CHECK_FALSE(slow.is_ramping(length, start + 60s));
    const auto back = start + 70s;
    slow.learn(*with_replica2(health::HealthState::up), length, back);
    CHECK(slow.is_ramping(length, back));
    CHECK(weight_of(slow, back) == 10);
    CHECK(weight_of(slow, back + 5s) == 50);
    CHECK(weight_of(slow, back + 9'999ms) == 99);
    CHECK(weight_of(slow, back + 10s) == 100);
    CHECK_FALSE(slow.is_ramping(length, back + 10s));
    const auto topology = with_replica2(health::HealthState::up);
    CHECK(slow.ramped(topology, length, back)->servers[1].weight == 100);
    CHECK(slow.ramped(topology, length, back + 10s) == topology);
    CHECK(slow.ramped(topology, 0s, back) == topology);

    // What is learned meanwhile does not begin anew.
    slow.learn(*topology, length, back + 5s);
    CHECK(weight_of(slow, back + 5s) == 50);
}

TEST_CASE("a new server begins slowly, but not those that the process finds at its own start")
{
    SlowStart slow;
    slow.learn(*with_replica2(health::HealthState::starting), length, start);
    slow.learn(*with_replica2(health::HealthState::up), length, start + 1s);
    CHECK(weight_of(slow, start + 1s) == 100);

    SlowStart later;
    auto two = cluster();
    two.servers.pop_back();
    later.learn(two, length, start);
    later.learn(*with_replica2(health::HealthState::up), length, start + 60s);
    CHECK(weight_of(later, start + 60s) == 10);
}

TEST_CASE("a server without weight stays without, and a small one gets something")
{
    SlowStart slow;
    slow.learn(*with_replica2(health::HealthState::down), length, start);
    auto topology = *with_replica2(health::HealthState::up);
    topology.servers[2].weight = 0;
    slow.learn(topology, length, start + 60s);
    const auto none = std::make_shared<const health::Topology>(topology);
    CHECK(slow.ramped(none, length, start + 60s)->servers[2].weight == 0);
    topology.servers[2].weight = 1;
    const auto one = std::make_shared<const health::Topology>(topology);
    CHECK(slow.ramped(one, length, start + 60s)->servers[2].weight == 1);
}
