#include "failover/reopen.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

std::string plan_of(const Evidence& evidence)
{
    auto planned = plan_reopen(evidence);
    if (auto* refusal = std::get_if<Refusal>(&planned)) return refusal->reason;
    return to_text(std::get<Takeover>(planned), evidence);
}

/// db1, the primary, was killed 3 s ago, and is back, read-only, for 1 s.
struct Restarted : Scene {
    Restarted()
    {
        auto& primary = sight(0);
        primary.report->read_only = primary.report->super_read_only = true;
        primary.open_at = evidence.now - 3s;
        primary.failed_since_open = true;
        primary.process_began_by = evidence.now - 1s;
        primary.open_survey.known = primary.open_survey.semi_sync_source = true;
    }
    std::string plan() const { return plan_of(evidence); }
};

}  // namespace

TEST_CASE("a primary that restarted before it was replaced is opened where it stands")
{
    Restarted scene;
    CHECK(scene.plan() ==
          "1. what the replicas have received [db2 positions, db3 positions]\n"
          "2. db1 has all of it [db1 lacking]\n"
          "   -- from here on only forward --\n"
          "3. db1 takes writes again [db1 promote_semi_sync]\n");
    scene.sight(0).open_survey.semi_sync_source = false;
    CHECK(scene.plan().ends_with("[db1 make_writable]\n"));
}

TEST_CASE("without replicas nobody can have more than the primary")
{
    Restarted scene;
    scene.evidence.servers.resize(1);
    CHECK(scene.plan() ==
          "   -- from here on only forward --\n"
          "1. db1 takes writes again [db1 promote_semi_sync]\n");
}

TEST_CASE("a primary made read-only by hand is left alone")
{
    const char* by_hand = "it was made read-only by hand";
    Restarted scene;
    scene.sight(0).process_began_by = scene.evidence.now - 2h;
    CHECK(scene.plan() == by_hand);
    Restarted no_gap;
    no_gap.sight(0).failed_since_open = false;
    CHECK(no_gap.plan() == by_hand);
    Restarted not_known;
    not_known.sight(0).process_began_by.reset();
    CHECK(not_known.plan() == by_hand);
}

TEST_CASE("nothing is opened that was not the primary, or beside another one")
{
    Restarted taken;
    taken.report(2).read_only = taken.report(2).super_read_only = false;
    CHECK(taken.plan() == "another server takes writes");
    // An earlier primary that thawed, and lacks what was written since, is nobody to wait for.
    taken.report(2).executed = uuid_number(0) + ":1";
    CHECK(taken.plan().ends_with("[db1 promote_semi_sync]\n"));
    // One of which nobody can tell what it has may be somebody's new primary.
    taken.report(2).executed.clear();
    CHECK(taken.plan() == "another server takes writes");
    // Unless its role was given away, and nobody fenced it since.
    taken.sight(2).was_replaced = true;
    CHECK(taken.plan().ends_with("[db1 promote_semi_sync]\n"));
    Restarted never;
    never.sight(0).open_at.reset();
    CHECK(never.plan() == "it was not seen taking writes");
    Restarted gone;
    gone.lose(0, health::ProbeResult::connect_refused);
    CHECK(gone.plan() == "there is no primary that answers");
    Scene well;
    CHECK(std::get<Refusal>(plan_reopen(well.evidence)).reason == "the primary takes writes");
}

namespace {

/// Everything was down; the journal of the process before this one says that db1 is the primary.
struct ColdStart : Scene {
    ColdStart()
    {
        evidence.recalled = true;
        auto& primary = sight(0);
        primary.report->read_only = primary.report->super_read_only = true;
        primary.survey.known = primary.survey.read_only_since_start = true;
        primary.open_survey.semi_sync_source = true;
    }
    std::string plan() const { return plan_of(evidence); }
};

}  // namespace

TEST_CASE("a primary that only the journal knows is opened when all servers woke up read-only")
{
    ColdStart scene;
    CHECK(scene.plan() ==
          "1. what the replicas have received [db2 positions, db3 positions]\n"
          "2. db1 has all of it [db1 lacking]\n"
          "   -- from here on only forward --\n"
          "3. db1 takes writes again [db1 promote_semi_sync]\n");
    SECTION("not when somebody made it read-only since it started")
    {
        scene.sight(0).survey.read_only_since_start = false;
        CHECK(scene.plan() == "it was made read-only by hand");
        scene.sight(0).survey.known = false;
        CHECK(scene.plan() == "it has not told its settings yet");
    }
    SECTION("not when somebody gave it a source")
    {
        scene.report(0).channels = scene.report(1).channels;
        CHECK(scene.plan() == "it replicates from another server");
    }
    SECTION("unless that replicates from it: a takeover was not finished")
    {
        scene.report(0).channels = scene.report(1).channels;
        scene.channel(0).source_uuid = uuid_number(1);
        scene.channel(0).source = scene.sight(1).server.address;
        CHECK(scene.plan().ends_with("4. db1 replicates from nobody [db1 forget_source]\n"));
    }
    SECTION("not while one that may have more is away")
    {
        scene.lose(2, health::ProbeResult::connect_refused);
        CHECK(scene.plan() == "db3 does not answer: it may have more");
        scene.sight(2).server.maintenance = true;
        CHECK(scene.plan().ends_with("[db1 promote_semi_sync]\n"));
    }
    SECTION("not beside another one")
    {
        scene.report(2).read_only = scene.report(2).super_read_only = false;
        CHECK(scene.plan() == "another server takes writes");
    }
}
