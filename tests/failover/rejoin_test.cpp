#include "failover/takeover.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

/// db3 is the old primary that came back: writable, following nobody.
void return_old_primary(Scene& scene)
{
    scene.report(2).channels.clear();
    scene.report(2).read_only = scene.report(2).super_read_only = false;
}

std::string text_of(const Planned& planned, const Scene& scene)
{
    if (const auto* refusal = std::get_if<Refusal>(&planned)) return "refused: " + refusal->reason;
    return to_text(std::get<Takeover>(planned), scene.evidence);
}

}  // namespace

TEST_CASE("an old primary is fenced in the right order, and follows the new one")
{
    Scene scene;
    return_old_primary(scene);
    scene.sight(2).survey.semi_sync_source = true;
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene) ==
          "1. db3 serves no client [db3 cut_clients]\n"
          "2. db3 waits for replicas no more [db3 stop_semi_sync]\n"
          "3. db3 is read-only [db3 make_read_only]\n"
          "4. what db3 has executed [db3 executed]\n"
          "5. db1 has all of it [db1 lacking]\n"
          "6. db3 replicates from db1 [db3 follow 10.0.0.1:3306]\n");
}

TEST_CASE("one with transactions that the primary lacks is fenced, and left to the operator")
{
    Scene scene;
    return_old_primary(scene);
    scene.report(2).executed = made_by(0, 101);
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene)
              .starts_with("1. db3 serves no client [db3 cut_clients]\n"
                           "2. db3 is read-only [db3 make_read_only]\n"
                           "warning: db3 is only made read-only"));
    scene.report(2).read_only = true;
    auto text = text_of(plan_rejoin(scene.evidence, scene.id(2)), scene);
    CHECK(text.find("lacks: " + uuid_number(0) + ":101") != std::string::npos);
}

TEST_CASE("what changed nothing is made known to the primary, where the operator wants that")
{
    Scene scene;
    scene.report(2).channels.clear();
    scene.report(2).executed = made_by(0, 101);
    auto errant = *protocol::GtidSet::parse(uuid_number(0) + ":101");
    auto planned = [&](config::Repair repair) {
        return text_of(plan_rejoin(scene.evidence, scene.id(2), repair), scene);
    };
    CHECK(planned(config::Repair::inject_empty).starts_with("refused"));  // not saved yet
    scene.sight(2).harmless = errant;
    CHECK(planned(config::Repair::leave).starts_with("refused"));
    CHECK(planned(config::Repair::inject_empty) ==
          "1. db3 is read-only [db3 make_read_only]\n"
          "2. db1 knows what changed nothing on db3 [db1 inject_empty]\n"
          "3. what db3 has executed [db3 executed]\n"
          "4. db1 has all of it [db1 lacking]\n"
          "5. db3 replicates from db1 [db3 follow 10.0.0.1:3306]\n");
    scene.report(2).executed = made_by(0, 102);
    CHECK(planned(config::Repair::clone).starts_with("refused"));  // one more, not looked at
}

TEST_CASE("nobody is fenced while it may be a move by hand that is half seen")
{
    Scene scene;
    return_old_primary(scene);
    scene.sight(0).reported_at = scene.sight(2).reported_at - 1ms;
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene).starts_with("refused"));
}

TEST_CASE(
    "commits that wait for space on a full disk are not killed: the server would end with them")
{
    Scene scene;
    return_old_primary(scene);
    scene.sight(2).survey.stall = Stall::disk_full;
    auto text = text_of(plan_rejoin(scene.evidence, scene.id(2)), scene);
    CHECK(text.starts_with("refused: its disk is full"));
    scene.sight(2).survey.stall = Stall::none;
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene).starts_with("1. db3 serves no"));
}

TEST_CASE("a writable server of another history is not ours to touch")
{
    Scene scene;
    return_old_primary(scene);
    scene.report(2).executed = uuid_number(7) + ":1-9";
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene).starts_with("refused"));
}

TEST_CASE("who follows already, is away or in maintenance is left alone")
{
    Scene scene;
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(1)), scene).starts_with("refused"));
    return_old_primary(scene);
    scene.sight(2).server.maintenance = true;
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene).starts_with("refused"));
    scene.sight(2).server.maintenance = false;
    scene.lose(2, health::ProbeResult::connect_refused);
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene).starts_with("refused"));
}

TEST_CASE("a replica that waits for replicas of its own would apply nothing: it waits no more")
{
    Scene scene;
    scene.sight(1).survey.semi_sync_source = true;
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(1)), scene) ==
          "1. db2 waits for replicas no more [db2 stop_semi_sync]\n");
}

TEST_CASE("nothing is done to a server whose settings are not known")
{
    Scene scene;
    return_old_primary(scene);
    scene.sight(2).survey.known = false;
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene) ==
          "refused: it has not told its settings yet");
}

TEST_CASE("a takeover's own orders are known before the next survey")
{
    Survey survey;
    survey.known = true;
    note_order(survey, Verb::promote_semi_sync, {OutcomeKind::done, {}, {}});
    CHECK(survey.semi_sync_source);
    note_order(survey, Verb::follow, {OutcomeKind::unknown, {}, {}});
    note_order(survey, Verb::stop_semi_sync, {OutcomeKind::refused, {}, "no"});
    CHECK((survey.known && survey.semi_sync_source));
    note_order(survey, Verb::stop_semi_sync, {OutcomeKind::done, {}, {}});
    CHECK_FALSE(survey.semi_sync_source);
    note_order(survey, Verb::promote_semi_sync, {OutcomeKind::unknown, {}, "late"});
    CHECK_FALSE(survey.known);
}

TEST_CASE("a replica below another replica stays there")
{
    Scene scene;
    scene.channel(2).source_uuid = uuid_number(1);
    scene.channel(2).source = {"10.0.0.2", 3306, {}};
    CHECK(text_of(plan_rejoin(scene.evidence, scene.id(2)), scene) ==
          "refused: it follows another replica");
}
