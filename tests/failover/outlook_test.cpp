#include "failover/outlook.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

/// db1 waits for one of its two replicas.
struct Cluster : Scene {
    Cluster()
    {
        auto& survey = sight(0).survey;
        survey.known = survey.semi_sync_source = survey.semi_sync_lossless = true;
        survey.acks_wanted = 1;
        for (std::size_t i : {1, 2})
            sight(i).survey.known = sight(i).survey.semi_sync_replica = true;
    }
    Outlook look() const { return outlook_of(evidence, settings, {}, waits); }

    Waits waits;
};

JournalEntry step(std::string cause, StepKind kind, int took)
{
    JournalEntry entry{JournalKind::step_done, "text", milliseconds{took}, 7, std::move(cause)};
    entry.step = to_text(kind);
    return entry;
}

}  // namespace

TEST_CASE("what a loss of the primary would cost is known beforehand")
{
    Cluster cluster;
    CHECK(cluster.look().risk ==
          "if db1 is lost now, db2 follows, and nothing is lost that clients were told of");
    SECTION("nothing can be promised of a primary that waits for nobody")
    {
        cluster.sight(0).survey.semi_sync_source = false;
        cluster.report(0).executed = made_by(0, 107);
        cluster.settings.durability = config::Durability::degradable;
        CHECK(cluster.look().risk ==
              "if db1 is lost now, db2 follows: db1 did not wait for replicas (semi-synchronous "
              "replication is off): its last transactions may be lost; when they were looked at "
              "last, db2 lacked 7 of its transactions");
        cluster.settings.durability = config::Durability::strict;
        CHECK(cluster.look().risk.find("nobody follows until the loss is accepted") !=
              std::string::npos);
    }
    SECTION("nor while one that may have acknowledged is away")
    {
        cluster.lose(2, health::ProbeResult::connect_refused);
        CHECK(cluster.look().risk.find("only 1 of 2 acknowledging replicas") != std::string::npos);
    }
    SECTION("and with nobody to follow")
    {
        for (std::size_t i : {1, 2})
            cluster.sight(i).server.promotion_rule = config::PromotionRule::must_not;
        CHECK(cluster.look().risk == "if db1 is lost now, nobody can follow");
        cluster.evidence.primary.reset();
        CHECK(cluster.look().risk == "no primary is known");
    }
}

TEST_CASE("how long a takeover would take is known by those that were done")
{
    Cluster cluster;
    CHECK(cluster.look().switchover ==
          "writes wait for 150 ms at most: it was not done yet; open transactions are given "
          "500 ms before");
    CHECK(cluster.look().failover ==
          "a lost primary is found within 200 ms if its port is closed, 550 ms if it is silent; "
          "to replace it: it was not done yet");
    WaitsReader reader;
    for (int pause : {4, 6}) {
        reader.read({JournalKind::began, "text", {}, 7, "switchover"});
        reader.read(step("switchover", StepKind::hold_writes, 400));
        reader.read(step("switchover", StepKind::fence, 1));
        reader.read(step("switchover", StepKind::promote, pause));
        reader.read(step("switchover", StepKind::publish, 0));
        reader.read(step("switchover", StepKind::finish, 90));
    }
    reader.read({JournalKind::began, "text", {}, 8, "failover"});
    reader.read(step("failover", StepKind::freeze, 9));
    reader.read(step("failover", StepKind::move_replica, 70));  // nobody waits for that
    reader.read(step("failover", StepKind::promote, 3));
    reader.read(step("failover", StepKind::publish, 0));
    cluster.waits = reader.waits();
    CHECK(cluster.look().switchover.find("5 to 7 ms the last 2 times") != std::string::npos);
    CHECK(cluster.look().failover.find("to replace it: 12 ms the last time") != std::string::npos);
    for (std::size_t i : {1, 2}) cluster.channel(i).lag = 40ms;
    CHECK(cluster.look().failover.ends_with("; db2 is 40 ms behind and catches up first"));
}
