#include "proxy/routing/balancer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

using namespace pointsman;
using namespace pointsman::proxy;

namespace {

config::ServerId id(std::uint32_t number)
{
    return static_cast<config::ServerId>(number);
}

health::ServerView server(std::uint32_t number, health::Role role, std::uint32_t weight)
{
    health::ServerView view;
    view.id = id(number);
    view.role = role;
    view.weight = weight;
    view.takes_reads = role == health::Role::replica;
    return view;
}

/// A primary (0) and one replica per weight (1, 2, …).
health::Topology replicas_with_weights(const std::vector<std::uint32_t>& weights)
{
    health::Topology topology;
    topology.servers.push_back(server(0, health::Role::primary, 100));
    topology.primary = 0;
    for (const auto weight : weights) {
        const auto number = static_cast<std::uint32_t>(topology.servers.size());
        topology.servers.push_back(server(number, health::Role::replica, weight));
    }
    return topology;
}

/// How often each server is chosen in `draws`.
std::array<int, 8> chosen(const health::Topology& topology,
                          const std::vector<std::uint32_t>& outstanding,
                          std::optional<config::ServerId> avoid, int draws, std::uint64_t seed = 1)
{
    std::array<int, 8> counts{};
    Random random(seed);
    for (int i = 0; i < draws; ++i) {
        const auto replica = choose_replica(topology, outstanding, avoid, random);
        ++counts[replica ? config::index_of(*replica) : 7];
    }
    return counts;
}

}  // namespace

TEST_CASE("idle replicas of one weight get the same share")
{
    const auto counts = chosen(replicas_with_weights({100, 100, 100}), {}, std::nullopt, 30'000);
    CHECK(counts[0] == 0);
    for (int replica = 1; replica <= 3; ++replica) CHECK(std::abs(counts[replica] - 10'000) < 500);
}

TEST_CASE("of two replicas the less busy one is always taken")
{
    const auto topology = replicas_with_weights({100, 100});
    CHECK(chosen(topology, {0, 5, 4}, std::nullopt, 1000)[2] == 1000);
    CHECK(chosen(topology, {0, 0, 1}, std::nullopt, 1000)[1] == 1000);
}

TEST_CASE("work counts against weight: three under way at 300 are less than two at 100")
{
    const auto topology = replicas_with_weights({300, 100});
    CHECK(chosen(topology, {0, 3, 1}, std::nullopt, 1000)[1] == 1000);
    CHECK(chosen(topology, {0, 6, 1}, std::nullopt, 1000)[2] == 1000);
    // (5 + 1) / 300 equals (1 + 1) / 100: a tie, drawn by weight.
    const auto tied = chosen(topology, {0, 5, 1}, std::nullopt, 10'000);
    CHECK(std::abs(tied[1] - 7'500) < 400);
}

TEST_CASE("the busiest replica of three is never taken")
{
    const auto counts =
        chosen(replicas_with_weights({100, 100, 100}), {0, 9, 1, 1}, std::nullopt, 10'000);
    CHECK(counts[1] == 0);
    CHECK(std::abs(counts[2] - 5'000) < 400);
}

TEST_CASE("under load shares follow the weights")
{
    // Each draw puts one command on a server; all finish after a round of 40.
    const auto topology = replicas_with_weights({300, 100});
    Random random(7);
    std::array<int, 3> counts{};
    for (int round = 0; round < 500; ++round) {
        std::array<std::uint32_t, 3> outstanding{};
        for (int i = 0; i < 40; ++i) {
            const auto replica = choose_replica(topology, outstanding, std::nullopt, random);
            REQUIRE(replica.has_value());
            ++outstanding[config::index_of(*replica)];
            ++counts[config::index_of(*replica)];
        }
    }
    CHECK(std::abs(counts[1] - 15'000) < 300);
}

TEST_CASE("what does not take reads, is to be avoided or has no weight is never taken")
{
    auto topology = replicas_with_weights({100, 100, 0});
    CHECK(chosen(topology, {}, id(1), 1000)[2] == 1000);
    topology.servers[2].takes_reads = false;
    CHECK(chosen(topology, {}, std::nullopt, 1000)[1] == 1000);
    CHECK(chosen(topology, {}, id(1), 1000)[7] == 1000);
    CHECK(chosen(health::Topology{}, {}, std::nullopt, 10)[7] == 10);
    CHECK(chosen(replicas_with_weights({0}), {}, std::nullopt, 10)[7] == 10);
}

TEST_CASE("a replica whose outstanding count is not known counts as idle")
{
    CHECK(chosen(replicas_with_weights({100, 100}), {0, 1}, std::nullopt, 1000)[2] == 1000);
}

TEST_CASE("the largest weights do not overflow")
{
    const auto counts = chosen(replicas_with_weights({UINT32_MAX, UINT32_MAX, 1}),
                               {0, UINT32_MAX, 3, 0}, std::nullopt, 10'000);
    CHECK(counts[1] < 10);
    CHECK(counts[2] > 9'900);
}

TEST_CASE("the same seed gives the same choices, another seed others")
{
    const auto topology = replicas_with_weights({100, 100, 100, 100});
    Random one(42), same(42), other(43);
    int differences = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto first = choose_replica(topology, {}, std::nullopt, one);
        CHECK(first == choose_replica(topology, {}, std::nullopt, same));
        differences += first != choose_replica(topology, {}, std::nullopt, other);
    }
    CHECK(differences > 500);
}

TEST_CASE("random numbers stay below their bound and reach all of it")
{
    Random random(0);
    std::array<int, 3> seen{};
    for (int i = 0; i < 3000; ++i) ++seen[random.below(3)];
    for (const int count : seen) CHECK(std::abs(count - 1000) < 150);
    CHECK(random.below(1) == 0);
}
