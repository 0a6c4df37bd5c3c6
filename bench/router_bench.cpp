// The decision where a classified statement goes.

#include "protocol/sql/classifier.hpp"

#include "proxy/routing/router.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

using namespace pointsman;
using namespace pointsman::proxy;

namespace {

health::Topology cluster_of(std::uint32_t servers)
{
    health::Topology topology;
    for (std::uint32_t i = 0; i < servers; ++i) {
        health::ServerView server;
        server.id = config::ServerId{i};
        server.name = "db" + std::to_string(i + 1);
        server.health = health::HealthState::up;
        server.role = i == 0 ? health::Role::primary : health::Role::replica;
        server.takes_reads = i > 0;
        topology.servers.push_back(server);
    }
    topology.primary = 0;
    topology.writes = health::WriteState::open;
    return topology;
}

void route_all(benchmark::State& state, const char* sql)
{
    auto topology = cluster_of(static_cast<std::uint32_t>(state.range(0)));
    auto statement = protocol::sql::classify(sql);
    std::vector<std::uint32_t> outstanding(topology.servers.size(), 3);
    SessionFacts session;
    Random random(7);
    for (auto _ : state) {
        auto decision = route({statement, session, topology, outstanding}, random);
        benchmark::DoNotOptimize(decision);
    }
    state.SetItemsProcessed(state.iterations());
}

void read_to_replica(benchmark::State& state)
{
    route_all(state, "SELECT c FROM sbtest1 WHERE id=1");
}
BENCHMARK(read_to_replica)->Arg(3)->Arg(16)->Arg(64);

void write_to_primary(benchmark::State& state)
{
    route_all(state, "UPDATE sbtest1 SET k=1 WHERE id=1");
}
BENCHMARK(write_to_primary)->Arg(3);

}  // namespace

BENCHMARK_MAIN();
