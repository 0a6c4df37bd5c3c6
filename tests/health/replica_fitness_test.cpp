#include "health/replica_fitness.hpp"

#include "tests/health/model_cluster.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;
using namespace pointsman::tests;

TEST_CASE("replicas that are current take reads, the primary does not count as one")
{
    ModelCluster cluster{3};
    auto topology = cluster.settle();
    CHECK(readers(topology) == "db2 db3");
    CHECK(topology.servers[1].lag == 0ms);
    CHECK(topology.servers[1].problem.empty());
}

TEST_CASE("a replica that lags more than the limit takes no reads, at the limit it does")
{
    ModelCluster cluster{3};
    struct Row {
        std::chrono::milliseconds lag;
        bool reads;
    };
    for (auto row :
         {Row{999ms, true}, Row{1'000ms, true}, Row{1'001ms, false}, Row{5'000ms, false}}) {
        cluster.channel(1).lag = row.lag;
        auto topology = cluster.settle();
        INFO(row.lag.count());
        CHECK(topology.servers[1].takes_reads == row.reads);
        CHECK(topology.servers[1].lag == row.lag);
    }
    CHECK(cluster.build().servers[1].problem == "db2 lags 5000 ms, more than the limit of 1000 ms");
}

TEST_CASE("a replica whose replication stands still takes no reads")
{
    ModelCluster cluster{3};
    cluster.settle();
    auto& channel = cluster.channel(1);
    std::string problem;
    SECTION("the SQL thread is stopped")
    {
        channel.applier_on = false;
        channel.error = "duplicate key";
        problem = "db2 does not apply (SQL thread stopped): duplicate key";
    }
    SECTION("the I/O thread is stopped")
    {
        channel.receiver = ReceiverState::off;
        problem = "db2 does not receive (I/O thread stopped)";
    }
    SECTION("its lag is not known")
    {
        channel.lag.reset();
        problem = "db2 cannot tell how late it is";
    }
    SECTION("it follows nobody")
    {
        cluster.truth(1).channels.clear();
        problem = "db2 follows no server";
    }
    SECTION("it follows a server that is none of ours")
    {
        channel.source_uuid = uuid_of(8);
        channel.source = {"10.9.9.9", 3306, {}};
        problem = "db2 replicates from 10.9.9.9:3306, which is not the primary";
    }
    auto topology = cluster.settle();
    CHECK(readers(topology) == "db3");
    CHECK_FALSE(topology.servers[1].lag.has_value());
    CHECK(topology.servers[1].problem == problem);
}

TEST_CASE("a server that is not up, has no weight or is in maintenance takes no reads")
{
    ModelCluster cluster{3};
    cluster.settle();
    SECTION("one probe failed")
    {
        cluster.fail(1);
    }
    SECTION("down")
    {
        cluster.take_down(1);
    }
    SECTION("full")
    {
        cluster.fail(1, ProbeResult::saturated);
    }
    SECTION("weight 0")
    {
        cluster.server(1).weight = 0;
    }
    SECTION("maintenance")
    {
        cluster.set_maintenance(1);
    }
    CHECK(readers(cluster.build()) == "db3");
}

TEST_CASE("a replica cut off from a primary that serves is as late as the time since")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.channel(1).receiver = ReceiverState::connecting;
    cluster.pass(400ms);
    cluster.look_at_all();
    auto lag = cluster.build().servers[1].lag;
    REQUIRE(lag);
    CHECK(*lag >= 400ms);
    CHECK(readers(cluster.build()) == "db2 db3");

    cluster.pass(700ms);
    CHECK(readers(cluster.settle()) == "db3");
}

TEST_CASE("replicas go on taking reads while the primary is gone, and get time to find it again")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.take_down(0);
    for (auto i : {1u, 2u}) cluster.channel(i).receiver = ReceiverState::connecting;
    cluster.pass(60s);
    cluster.look(1);
    cluster.look(2);
    CHECK(readers(cluster.build()) == "db2 db3");

    // It is back: from now on they may miss writes.
    CHECK(readers(cluster.settle()) == "db2 db3");
    cluster.pass(1'100ms);
    CHECK(readers(cluster.settle()) == "");
}

TEST_CASE("a replica with a backlog of a primary that is gone is still late")
{
    ModelCluster cluster{2};
    cluster.settle();
    cluster.take_down(0);
    cluster.channel(1).receiver = ReceiverState::connecting;
    cluster.channel(1).lag = 3s;
    cluster.look(1);
    CHECK(readers(cluster.build()) == "");
}

TEST_CASE("below another replica the worst link of the chain counts")
{
    ModelCluster cluster{3};
    cluster.make_replica(2, 1);
    CHECK(readers(cluster.settle()) == "db2 db3");

    SECTION("the middle is late")
    {
        cluster.channel(1).lag = 4s;
        auto topology = cluster.settle();
        CHECK(readers(topology) == "");
        CHECK(topology.servers[2].lag == 4'000ms);
    }
    SECTION("the middle receives nothing")
    {
        cluster.channel(1).receiver = ReceiverState::off;
        CHECK(readers(cluster.settle()) == "");
    }
}

TEST_CASE("servers that replicate in a ring are judged and nothing runs for ever")
{
    ModelCluster cluster{3};
    cluster.make_replica(0, 2);
    cluster.make_replica(1, 0);
    cluster.make_replica(2, 1);
    cluster.make_writable(0);
    auto topology = cluster.settle();
    CHECK(primary_name(topology) == "db1");
    CHECK(readers(topology) == "db2 db3");
}
