#include "health/primary_choice.hpp"

#include "tests/health/model_cluster.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;
using namespace pointsman::tests;

TEST_CASE("a former primary that nobody fenced is not taken at first sight for a dead one's place")
{
    ModelCluster cluster{3};
    cluster.make_replica(2, 1);
    cluster.truth(1).executed = cluster.truth(2).executed = gtids(100) + "," + gtids(5, 1);
    cluster.take_down(1);
    SECTION("when the servers are seen for the first time")
    {
        auto topology = cluster.settle_but(1);
        CHECK(primary_name(topology) == "none");
        CHECK(quarantined(topology) == "db1");
        CHECK(topology.servers[0].problem ==
              "db1 is writable, no server replicates from it, and it lacks transactions that db3 "
              "has, which is not its replica: it gets nothing. To have it all the same, make it "
              "read-only and then writable");
        CHECK(topology.why_not_open ==
              "no server is known to be the primary; db3 is read-only; db2 does not answer; db1 is "
              "writable and may lack transactions");

        cluster.make_read_only(0);
        cluster.settle_but(1);
        cluster.make_writable(0);
        CHECK(primary_name(cluster.settle_but(1)) == "db1");
    }
    SECTION("what was only received counts")
    {
        cluster.channel(2).received = cluster.truth(2).executed;
        cluster.truth(2).executed = gtids(100);
        CHECK(primary_name(cluster.settle_but(1)) == "none");
    }
    SECTION("and what the one has that was fenced, and has replicas")
    {
        cluster.truth(1).channels.clear();
        cluster.truth(2).executed = gtids(100);
        cluster.make_read_only(1);
        CHECK(primary_name(cluster.settle()) == "none");
    }
    SECTION("unless the journal says that it is the primary: then that was lost before")
    {
        cluster.memory.appointed.uuid = uuid_of(0);
        CHECK(primary_name(cluster.settle_but(1)) == "db1");
    }
    SECTION("unless nothing would be lost by that")
    {
        cluster.truth(2).executed = gtids(100);
        CHECK(primary_name(cluster.settle_but(1)) == "db1");
    }
    SECTION("unless the one that has more replicates from nobody")
    {
        cluster.truth(2).channels.clear();
        CHECK(primary_name(cluster.settle_but(1)) == "db1");
    }
}

TEST_CASE("a former primary that was open when its role was given away was not opened by hand")
{
    ModelCluster cluster{3};
    bool was_closed_before = GENERATE(false, true);
    if (was_closed_before) {
        cluster.make_read_only(0);
        cluster.look(0);
        cluster.make_writable(0);
    }
    cluster.settle();
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.make_replica(2, 1);
    cluster.machine(0).on_told(false, cluster.now());
    cluster.machine(1).on_told(true, cluster.now());
    cluster.memory.primary = KnownPrimary{cluster.server(1).id, "db2",      {"10.0.0.2", 3306, {}},
                                          Flavour::mysql,       uuid_of(1), gtids(100)};
    cluster.truth(1).executed = cluster.truth(2).executed = gtids(100) + "," + gtids(5, 1);
    CHECK(primary_name(cluster.settle()) == "db2");
    cluster.take_down(1);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "none");
    CHECK(quarantined(topology) == "db1");
}

TEST_CASE("one that was replaced is not taken again for what it has, before it was read-only")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.make_replica(2, 1);
    cluster.machine(0).on_told(false, cluster.now());
    cluster.machine(1).on_told(true, cluster.now());
    cluster.memory.primary = KnownPrimary{cluster.server(1).id, "db2",      {"10.0.0.2", 3306, {}},
                                          Flavour::mysql,       uuid_of(1), gtids(100)};
    CHECK(primary_name(cluster.settle()) == "db2");
    // What db2 told clients in its last moments no look at it has seen.
    cluster.take_down(1);
    cluster.look(0);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "none");
    CHECK(quarantined(topology) == "db1");
    CHECK(topology.servers[0].problem ==
          "db1 is writable still though its role was given to db2: it gets nothing. To have it all "
          "the same, make it read-only and then writable");
    CHECK(topology.why_not_open.ends_with("db3 is read-only; db1 is writable still"));

    cluster.take_down(0);  // nor when it comes back so
    cluster.look(0);
    CHECK(primary_name(cluster.build()) == "none");
    cluster.make_read_only(0);
    cluster.look(0);
    cluster.make_writable(0);
    cluster.look(0);
    CHECK(primary_name(cluster.build()) == "db1");
}

TEST_CASE("of two that are open at first sight the one that was appointed is the primary")
{
    ModelCluster cluster{3};  // db3 still replicates from db1, which hung when db2 was promoted
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.memory.appointed.uuid = uuid_of(1);
    SECTION("whatever replicas follow")
    {
        cluster.truth(1).executed = gtids(100) + "," + gtids(5, 1);
        CHECK(primary_name(cluster.settle()) == "db2");
    }
    SECTION("unless the other one has more: then nobody can tell")
    {
        cluster.truth(0).executed = gtids(101);
        auto topology = cluster.settle();
        CHECK(primary_name(topology) == "none");
        CHECK(topology.why_not_open ==
              "db1, db2 are writable and which is the primary cannot be told: make all but one "
              "read-only");
    }
    SECTION("unless it follows the other one by now")
    {
        cluster.make_replica(1, 0);
        cluster.make_writable(1);
        CHECK(primary_name(cluster.settle()) == "db1");
    }
    SECTION("unless another was accepted since")
    {
        cluster.make_read_only(1);
        CHECK(primary_name(cluster.settle()) == "db1");
        cluster.make_writable(1);
        CHECK(primary_name(cluster.settle()) == "db1");
    }
}

TEST_CASE("nor is one taken at first sight of which the journal says that it was replaced")
{
    ModelCluster cluster{3};
    cluster.memory.appointed = {uuid_of(1), {uuid_of(0)}};
    cluster.take_down(1);
    cluster.take_down(2);
    cluster.look(0);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "none");
    CHECK(topology.servers[0].problem ==
          "db1 is writable still though its role was given to another: it gets nothing. To have it "
          "all the same, make it read-only and then writable");
    SECTION("before it was read-only")
    {
        cluster.make_read_only(0);
        cluster.look(0);
        cluster.make_writable(0);
        cluster.look(0);
        CHECK(primary_name(cluster.build()) == "db1");
    }
    SECTION("also while the new one is away again")
    {
        cluster.make_writable(1);
        cluster.truth(1).channels.clear();
        cluster.make_replica(2, 1);
        CHECK(primary_name(cluster.settle()) == "db2");
        cluster.take_down(1);
        CHECK(primary_name(cluster.build()) == "none");
    }
    SECTION("another that was promoted by hand may be")
    {
        cluster.make_writable(2);
        cluster.truth(2).channels.clear();
        cluster.look(2);
        CHECK(primary_name(cluster.build()) == "db3");
    }
}
