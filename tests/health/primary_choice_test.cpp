#include "health/primary_choice.hpp"

#include "tests/health/model_cluster.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;
using namespace pointsman::tests;

TEST_CASE("the one writable server is the primary, and writes are open")
{
    ModelCluster cluster{3};
    auto topology = cluster.settle();
    CHECK(primary_name(topology) == "db1");
    CHECK(topology.servers[0].role == Role::primary);
    CHECK(topology.writes == WriteState::open);
    CHECK(topology.why_not_open.empty());
    CHECK(topology.epoch == 1);
}

TEST_CASE("a server alone is the primary")
{
    ModelCluster cluster{1};
    CHECK(primary_name(cluster.settle()) == "db1");
}

TEST_CASE("nothing is the primary until every server was looked at")
{
    ModelCluster cluster{3};
    cluster.look(0);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "none");
    CHECK(topology.writes == WriteState::none);
    CHECK(topology.why_not_open == "still looking at db2, db3 for the first time");

    cluster.take_down(1);
    cluster.look(2);
    CHECK(primary_name(cluster.build()) == "db1");
}

TEST_CASE("a primary moved by hand is followed with the next look, in a new epoch")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.make_read_only(0);
    cluster.make_writable(1);
    cluster.truth(1).executed = gtids(105);

    cluster.look(0);
    CHECK(primary_name(cluster.build()) == "none");
    cluster.look(1);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "db2");
    CHECK(topology.epoch == 2);
    CHECK(topology.writes == WriteState::open);
}

TEST_CASE("a move of which the second half is seen first waits for the first half and is no alarm")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.make_read_only(0);
    cluster.make_writable(1);

    cluster.look(1);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "db1");
    CHECK(quarantined(topology) == "");
    CHECK_FALSE(topology.servers[1].takes_reads);
    REQUIRE(cluster.look_again.size() == 1);
    CHECK(cluster.look_again[0] == cluster.server(0).id);

    cluster.look(0);
    CHECK(primary_name(cluster.build()) == "db2");
}

TEST_CASE("a move is believed without the old primary's report when it refused a write")
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
    cluster.machine(0).on_write_refused();
    CHECK(primary_name(cluster.build()) == "db1");

    cluster.look(1);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "db2");
    CHECK(topology.epoch == 2);
    CHECK(quarantined(topology) == "");
    cluster.look(1);
    topology = cluster.build();
    CHECK(primary_name(topology) == "db2");
    CHECK(quarantined(topology) == "");

    cluster.make_read_only(0);
    cluster.look(0);
    CHECK(primary_name(cluster.build()) == "db2");
}

TEST_CASE("a refused write takes no role away by itself, nor gives it to who was writable before")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.machine(0).on_write_refused();
    CHECK(primary_name(cluster.build()) == "db1");

    SECTION("another was writable beside it")
    {
        cluster.make_writable(1);
        cluster.truth(1).channels.clear();
        cluster.look(1);
        cluster.look(0);
        cluster.machine(0).on_write_refused();
        auto topology = cluster.build();
        CHECK(primary_name(topology) == "db1");
        CHECK(quarantined(topology) == "db2");
    }
    SECTION("the other still follows it")
    {
        cluster.make_writable(1);
        cluster.look(1);
        CHECK(primary_name(cluster.build()) == "db1");
    }
    SECTION("the other lacks what it had")
    {
        cluster.make_writable(1);
        cluster.truth(1).channels.clear();
        cluster.truth(1).executed = gtids(99);
        cluster.look(1);
        CHECK(primary_name(cluster.build()) == "db1");
    }
    SECTION("it said since then that it is writable")
    {
        cluster.look(0);
        cluster.make_writable(1);
        cluster.truth(1).channels.clear();
        cluster.look(1);
        CHECK(primary_name(cluster.build()) == "db1");
    }
}

TEST_CASE("of two writable servers the known primary stays and the other gets nothing")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.make_writable(2);
    for (int round = 0; round < 3; ++round) {
        cluster.look(2);
        cluster.look(0);
        auto topology = cluster.build();
        CHECK(primary_name(topology) == "db1");
        CHECK(topology.epoch == 1);
        CHECK(topology.writes == WriteState::open);
        CHECK(quarantined(topology) == "db3");
        CHECK_FALSE(topology.servers[2].takes_reads);
        CHECK(topology.servers[2].problem ==
              "db3 is writable, but the primary is db1 (10.0.0.1:3306): it gets nothing");
    }
    // The order in which the two are looked at does not make it flap.
    cluster.look(2);
    CHECK(quarantined(cluster.build()) == "db3");
}

TEST_CASE("a primary that lost its role while it was down stays out when it comes back writable")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.take_down(0);
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.look(1);
    CHECK(primary_name(cluster.build()) == "db2");

    cluster.look(0);
    cluster.look(1);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "db2");
    CHECK(topology.epoch == 2);
    CHECK(quarantined(topology) == "db1");
}

TEST_CASE("a former primary that comes back writable and lacks what the primary had gets nothing")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.take_down(0);
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.truth(1).executed = gtids(100) + "," + gtids(5, 1);
    cluster.look(1);
    REQUIRE(primary_name(cluster.build()) == "db2");

    std::string why = "db2 (10.0.0.2:3306), the primary, ";
    SECTION("while the primary is back, and read-only")
    {
        cluster.make_read_only(1);
        cluster.look(1);
        why += "is read-only";
    }
    SECTION("while the primary is down")
    {
        cluster.take_down(1);
        why += "does not answer since 0.0 s (Can't connect)";
    }
    cluster.look(0);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "none");
    CHECK(quarantined(topology) == "db1");
    CHECK(topology.servers[0].problem ==
          "db1 came back writable and lacks transactions that db2, the primary until now, had: it "
          "gets nothing. To have it all the same, make it read-only and then writable");
    CHECK(topology.why_not_open ==
          why + "; db3 is read-only; db1 is writable and may lack transactions");

    // That is an operator's word.
    cluster.make_read_only(0);
    cluster.look(0);
    cluster.make_writable(0);
    cluster.look(0);
    CHECK(primary_name(cluster.build()) == "db1");
}

TEST_CASE("a server that comes back writable and has all that the primary had takes the role")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.take_down(1);
    cluster.take_down(0);
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.look(1);
    CHECK(primary_name(cluster.build()) == "db2");
}

TEST_CASE("a primary that comes back before another took its role is the primary of the same epoch")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.take_down(0);
    CHECK(primary_name(cluster.build()) == "none");
    auto topology = cluster.settle();
    CHECK(primary_name(topology) == "db1");
    CHECK(topology.epoch == 1);
}

TEST_CASE("of two writable servers that are both new the one that is followed is the primary")
{
    ModelCluster cluster{4};
    cluster.make_writable(3);
    cluster.truth(3).channels.clear();
    auto topology = cluster.settle();
    CHECK(primary_name(topology) == "db1");
    cluster.look(0);
    CHECK(quarantined(cluster.build()) == "db4");
}

TEST_CASE("a writable replica is not taken for the primary at the start")
{
    ModelCluster cluster{2};
    cluster.make_writable(1);
    CHECK(primary_name(cluster.settle()) == "db1");
}

TEST_CASE(
    "of two writable servers that nobody follows the one that has all transactions is the primary")
{
    ModelCluster cluster{2};
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.truth(1).executed = gtids(120);
    CHECK(primary_name(cluster.settle()) == "db2");
}

TEST_CASE("two writable servers that cannot be told apart both get nothing, and it is said why")
{
    ModelCluster cluster{2};
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    SECTION("the same transactions") {}
    SECTION("each has what the other lacks")
    {
        cluster.truth(1).executed = gtids(50) + "," + gtids(3, 1);
    }
    SECTION("no GTIDs")
    {
        for (auto i : {0u, 1u}) {
            cluster.truth(i).executed.clear();
            cluster.truth(i).facts.gtids = false;
        }
    }
    auto topology = cluster.settle();
    CHECK(primary_name(topology) == "none");
    CHECK(topology.writes == WriteState::none);
    CHECK(topology.why_not_open ==
          "db1, db2 are writable and which is the primary cannot be told: make all but one "
          "read-only");
    CHECK(quarantined(topology) == "db1 db2");
}

TEST_CASE("a writable server of another origin is never the primary")
{
    ModelCluster cluster{4};
    cluster.make_writable(3);
    cluster.truth(3).channels.clear();
    cluster.truth(3).executed = gtids(500, 3);

    SECTION("when the primary is down")
    {
        cluster.settle();
        cluster.take_down(0);
        auto topology = cluster.build();
        CHECK(primary_name(topology) == "none");
        CHECK(quarantined(topology) == "db4");
    }
    SECTION("when the first look finds no other writable server")
    {
        cluster.make_read_only(0);
        auto topology = cluster.settle();
        CHECK(primary_name(topology) == "none");
        CHECK(quarantined(topology) == "db4");
        CHECK(topology.why_not_open ==
              "no server is known to be the primary; db1, db2, db3 are read-only; "
              "db4 is writable and not of this cluster");
    }
}

TEST_CASE("an empty server that took the primary's place is not the primary")
{
    ModelCluster cluster{3};
    cluster.settle();
    cluster.take_down(0);
    cluster.build();
    cluster.truth(0).facts.uuid = uuid_of(7);
    SECTION("without a transaction")
    {
        cluster.truth(0).executed.clear();
    }
    SECTION("with transactions of its own")
    {
        cluster.truth(0).executed = gtids(9, 7);
    }
    cluster.look(0);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "none");
    CHECK(topology.why_not_open ==
          "db1 (10.0.0.1:3306), the primary, came back with other data; db2, db3 are "
          "read-only");
}

TEST_CASE("when there is no primary the sentence names what is wrong")
{
    ModelCluster cluster{3};
    cluster.settle();
    SECTION("it is read-only")
    {
        cluster.make_read_only(0);
        cluster.look(0);
        CHECK(cluster.build().why_not_open ==
              "db1 (10.0.0.1:3306), the primary, is read-only; db2, db3 are read-only");
    }
    SECTION("it does not answer")
    {
        cluster.take_down(0);
        cluster.take_down(2);
        cluster.pass(1'250ms - 4ms);
        CHECK(cluster.build().why_not_open ==
              "db1 (10.0.0.1:3306), the primary, does not answer since 1.2 s "
              "(Can't connect); db2 is read-only; db3 does not answer");
    }
    SECTION("it is in maintenance")
    {
        cluster.set_maintenance(0);
        CHECK(cluster.build().why_not_open ==
              "db1 (10.0.0.1:3306), the primary, is in maintenance; db2, db3 are read-only");
    }
}

TEST_CASE("a primary that answers but cannot be looked at keeps its role")
{
    ModelCluster cluster{3};
    cluster.settle();
    auto result =
        GENERATE(ProbeResult::saturated, ProbeResult::access_denied, ProbeResult::query_failed);
    for (int i = 0; i < 10; ++i) cluster.fail(0, result);
    auto topology = cluster.build();
    CHECK(primary_name(topology) == "db1");
    CHECK(topology.servers[0].health == HealthState::suspect);

    // Unless its replicas have gone over to another writable server.
    cluster.make_writable(1);
    cluster.truth(1).channels.clear();
    cluster.make_replica(2, 1);
    cluster.look(1);
    cluster.look(2);
    CHECK(primary_name(cluster.build()) == "db2");
}

TEST_CASE("a MariaDB cluster is recognised by addresses and server ids")
{
    ModelCluster cluster{3};
    for (auto i : {0u, 1u, 2u}) {
        cluster.truth(i).facts.flavour = Flavour::mariadb;
        cluster.truth(i).facts.uuid.clear();
        cluster.truth(i).executed = "0-1-100";
        if (i > 0) cluster.channel(i).source_uuid.clear();
    }
    cluster.channel(2).source = {"primary.internal", 3306, {}};
    cluster.channel(2).source_server_id = 1;
    auto topology = cluster.settle();
    CHECK(primary_name(topology) == "db1");
    CHECK(readers(topology) == "db2 db3");
}
