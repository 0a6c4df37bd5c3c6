#include "health/topology_builder.hpp"

#include "tests/health/model_cluster.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;
using namespace pointsman::tests;

TEST_CASE("a view shows what was configured and what the server said")
{
    ModelCluster cluster{2};
    cluster.server(1).weight = 30;
    auto topology = cluster.settle();
    REQUIRE(topology.servers.size() == 2);
    const auto& view = topology.servers[1];
    CHECK(view.name == "db2");
    CHECK(view.address.host == "10.0.0.2");
    CHECK(view.weight == 30);
    CHECK(view.role == Role::replica);
    CHECK(view.health == HealthState::up);
    CHECK(view.version == "9.7.4");
    CHECK(view.version_number == 90704);
    CHECK(view.uuid == uuid_of(1));
    CHECK_FALSE(topology.servers[0].lag.has_value());
}

TEST_CASE("each snapshot has the next revision, and an epoch of its primary")
{
    ModelCluster cluster{2};
    CHECK(cluster.build().epoch == 0);
    CHECK(cluster.settle().revision == 2);
    auto topology = cluster.settle();
    CHECK(topology.revision == 3);
    CHECK(topology.epoch == 1);
}

TEST_CASE("a server that failed its probes says since when and why")
{
    struct Row {
        ProbeResult result;
        std::string_view problem;
    };
    const Row rows[] = {
        {ProbeResult::connect_refused, "db2 does not answer since 2.5 s (Can't connect)"},
        {ProbeResult::query_timeout, "db2 does not answer since 2.5 s (Can't connect)"},
        {ProbeResult::saturated, "db2 is full since 2.5 s (Can't connect)"},
        {ProbeResult::access_denied,
         "db2 refuses the monitor's account since 2.5 s (Can't connect)"},
        {ProbeResult::tls_failed, "db2 fails TLS since 2.5 s (Can't connect)"},
        {ProbeResult::query_failed, "db2 fails the probe since 2.5 s (Can't connect)"},
    };
    for (const auto& row : rows) {
        ModelCluster cluster{2};
        cluster.settle();
        cluster.fail(1, row.result);
        cluster.pass(2'500ms);
        CHECK(cluster.build().servers[1].problem == row.problem);
    }
}

TEST_CASE("a primary that misses one probe keeps its writes")
{
    ModelCluster cluster{2};
    cluster.settle();
    cluster.fail(0);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "db1");
    CHECK(topology.writes == WriteState::open);
    CHECK(topology.servers[0].health == HealthState::suspect);
}

TEST_CASE("the same inputs give the same snapshot")
{
    ModelCluster cluster{3};
    cluster.settle();
    auto memory = cluster.memory;
    auto one = cluster.build();
    cluster.memory = memory;
    auto other = cluster.build();
    CHECK(one.revision == other.revision);
    CHECK(readers(one) == readers(other));
    CHECK(one.primary == other.primary);
}
