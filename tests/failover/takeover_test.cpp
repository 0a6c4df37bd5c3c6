#include "failover/takeover.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

std::string plan_text(const Planned& planned, const Scene& scene)
{
    if (const auto* refusal = std::get_if<Refusal>(&planned)) return "refused: " + refusal->reason;
    return to_text(std::get<Takeover>(planned), scene.evidence);
}

Positions all_have(Scene& scene, const std::string& text)
{
    auto set = *protocol::GtidSet::parse(text);
    return {{scene.id(1), set}, {scene.id(2), set}};
}

void make_semi_sync(Scene& scene)
{
    for (std::size_t i = 0; i < scene.evidence.servers.size(); ++i) {
        auto& survey = scene.sight(i).survey;
        survey.known = survey.semi_sync_plugin = survey.semi_sync_lossless = true;
        survey.semi_sync_source = i == 0;
        survey.semi_sync_replica = i > 0;
    }
}

}  // namespace

TEST_CASE("a switchover does what it can before the pause, and the rest after it")
{
    Scene scene;
    CHECK(plan_text(plan_switchover(scene.evidence, scene.settings, {}), scene) ==
          "1. nothing on db1 forbids it [db1 find_blockers]\n"
          "2. db2 begins a new binary log [db2 new_binary_log]\n"
          "3. db3 stops receiving from db1 [db3 stop_receiver]\n"
          "4. db2 has all that db3 has [db2 wait_executed]\n"
          "5. db3 replicates from db2 [db3 repoint 10.0.0.2:3306]\n"
          "6. what db1 has executed by now [db1 executed]\n"
          "7. db2 is near [db2 wait_executed]\n"
          "8. new writes wait; open transactions may end\n"
          "9. db1 becomes read-only [db1 make_read_only]\n"
          "10. what db1 has executed [db1 executed]\n"
          "11. db2 has all of it [db2 wait_executed]\n"
          "   -- from here on only forward --\n"
          "12. db2 takes writes [db2 promote]\n"
          "13. db2 is the primary; writes go on\n"
          "14. transactions left open on db1 end [db1 end_transactions]\n"
          "15. db2 replicates from nobody [db2 forget_source]\n"
          "16. db1 replicates from db2 [db1 follow 10.0.0.2:3306]\n");
}

TEST_CASE("a semi-synchronous primary keeps as many replicas as it waits for")
{
    Scene scene{4};
    make_semi_sync(scene);
    scene.sight(0).survey.acks_wanted = 2;
    auto text = plan_text(plan_switchover(scene.evidence, scene.settings, {}), scene);
    // db2 is the candidate: one of db3 and db4 must stay until the end.
    CHECK(text.find("3. db3 stops receiving from db1") != std::string::npos);
    CHECK(text.find("db4 stops receiving") == std::string::npos);
    CHECK(text.find("db2 takes writes [db2 promote_semi_sync]") != std::string::npos);
    CHECK(text.find("[db4 repoint 10.0.0.2:3306]") != std::string::npos);
    CHECK(text.find("[db1 stop_semi_sync]") != std::string::npos);
}

TEST_CASE("every step before the point of no return that changes a server can be undone")
{
    Scene scene;
    auto planned = plan_switchover(scene.evidence, scene.settings, {});
    const auto& plan = std::get<Takeover>(planned);
    REQUIRE(plan.steps[plan.point_of_no_return].kind == StepKind::promote);
    for (std::size_t i = 0; i < plan.point_of_no_return; ++i)
        for (const auto& order : plan.steps[i].orders) {
            INFO(plan.steps[i].title);
            bool only_reads = order.verb == Verb::find_blockers || order.verb == Verb::executed ||
                              order.verb == Verb::wait_executed;
            bool harmless = order.verb == Verb::new_binary_log;
            CHECK((only_reads || harmless || !plan.steps[i].undo.empty()));
        }
}

TEST_CASE("a switchover is refused with the reason")
{
    struct Case {
        const char* reason;
        void (*happens)(Scene&, Wish&);
    };
    const Case cases[] = {
        {"failover.mode is off",
         [](Scene& s, Wish&) { s.settings.mode = config::FailoverMode::off; }},
        {"no primary is known", [](Scene& s, Wish&) { s.evidence.primary.reset(); }},
        {"failover.replication_user is not set",
         [](Scene& s, Wish&) { s.settings.replication_user.clear(); }},
        {"db1, the primary, does not answer",
         [](Scene& s, Wish&) { s.lose(0, health::ProbeResult::query_timeout); }},
        {"the disk of db1, the primary, is full",
         [](Scene& s, Wish&) { s.stall(Stall::disk_full); }},
        {"db1, the primary, is read-only already",
         [](Scene& s, Wish&) { s.report(0).read_only = true; }},
        {"db3 is writable beside the primary",
         [](Scene& s, Wish&) { s.report(2).read_only = s.report(2).super_read_only = false; }},
        {"db2 cannot become the primary: it is in maintenance",
         [](Scene& s, Wish& w) {
             w.to = s.id(1);
             s.sight(1).server.maintenance = true;
         }},
        {"is the primary already", [](Scene& s, Wish& w) { w.to = s.id(0); }},
        {"no server can become the primary: db2 lags too much; db3 lags too much",
         [](Scene& s, Wish&) { s.channel(1).lag = s.channel(2).lag = 20s; }},
    };
    for (const auto& one : cases) {
        INFO(one.reason);
        Scene scene;
        Wish wish;
        one.happens(scene, wish);
        auto text = plan_text(plan_switchover(scene.evidence, scene.settings, wish), scene);
        CHECK(text.starts_with("refused: "));
        CHECK(text.find(one.reason) != std::string::npos);
    }
}

TEST_CASE("a failover holds, severs and freezes before it chooses")
{
    Scene scene;
    scene.lose(0, health::ProbeResult::connect_refused);
    CHECK(plan_text(plan_failover(scene.evidence, scene.settings, {}, true), scene) ==
          "1. replicas cannot reach db1 anew [db2 restart_receiver]\n"
          "2. writes wait\n"
          "3. links to db1 are cut\n"
          "4. replicas hear no more of db1 [db2 stop_receiver, db3 stop_receiver]\n"
          "5. the best of them is chosen\n");
}

TEST_CASE("the chosen one applies what it has while the others turn to it")
{
    Scene scene;
    make_semi_sync(scene);
    scene.lose(0, health::ProbeResult::connect_refused);
    auto chosen =
        choose_successor(scene.evidence, scene.settings, {}, all_have(scene, made_by(0, 101)));
    const auto& found = std::get<Chosen>(chosen);
    CHECK(found.to_name == "db2");
    CHECK(found.warnings.empty());
    REQUIRE(found.steps.size() == 5);
    CHECK(found.steps[0].orders[0].gtids == made_by(0, 101));
    CHECK(found.steps[1].in_background);
    CHECK(found.steps[2].orders[0].verb == Verb::promote_semi_sync);
}

TEST_CASE("strict refuses without proof, degradable goes on and says so")
{
    Scene scene;
    scene.lose(0, health::ProbeResult::connect_refused);
    auto frozen = all_have(scene, made_by(0, 100));
    auto degradable = choose_successor(scene.evidence, scene.settings, {}, frozen);
    REQUIRE(std::holds_alternative<Chosen>(degradable));
    CHECK(std::get<Chosen>(degradable).warnings.size() == 1);

    scene.settings.durability = config::Durability::strict;
    auto strict = choose_successor(scene.evidence, scene.settings, {}, frozen);
    REQUIRE(std::holds_alternative<Refusal>(strict));
    Wish accepting;
    accepting.accept_loss = true;
    CHECK(std::holds_alternative<Chosen>(
        choose_successor(scene.evidence, scene.settings, accepting, frozen)));

    make_semi_sync(scene);
    CHECK(std::holds_alternative<Chosen>(
        choose_successor(scene.evidence, scene.settings, {}, frozen)));
    frozen.erase(scene.id(2));  // the other one may have had an acknowledged write alone
    CHECK(std::holds_alternative<Refusal>(
        choose_successor(scene.evidence, scene.settings, {}, frozen)));
}

TEST_CASE("what clients were told of and no replica has is never lost without a word")
{
    Scene scene;
    make_semi_sync(scene);
    scene.lose(0, health::ProbeResult::connect_refused);
    scene.evidence.acknowledged = *protocol::GtidSet::parse(uuid_number(0) + ":103");
    auto frozen = all_have(scene, made_by(0, 100));
    using config::Durability;
    for (auto durability : {Durability::strict, Durability::degradable}) {
        scene.settings.durability = durability;
        auto refused = choose_successor(scene.evidence, scene.settings, {}, frozen);
        REQUIRE(std::holds_alternative<Refusal>(refused));
        CHECK(std::get<Refusal>(refused).reason.find(":101-103") != std::string::npos);
    }
    scene.settings.durability = Durability::off;
    auto chosen = choose_successor(scene.evidence, scene.settings, {}, frozen);
    REQUIRE(std::holds_alternative<Chosen>(chosen));
    CHECK(std::get<Chosen>(chosen).lost.to_string() == uuid_number(0) + ":101-103");
    CHECK(std::get<Chosen>(chosen).warnings.front().find(":101-103") != std::string::npos);
}

TEST_CASE("transactions that only an ineligible replica has are not lost without a word")
{
    Scene scene;
    scene.lose(0, health::ProbeResult::connect_refused);
    scene.sight(2).server.promotion_rule = config::PromotionRule::must_not;
    auto frozen = all_have(scene, made_by(0, 100));
    frozen[scene.id(2)] = *protocol::GtidSet::parse(made_by(0, 103));
    auto chosen = choose_successor(scene.evidence, scene.settings, {}, frozen);
    REQUIRE(std::holds_alternative<Refusal>(chosen));
    CHECK(std::get<Refusal>(chosen).reason.find(":101-103") != std::string::npos);
}

TEST_CASE("among MariaDB servers nothing is planned, so nothing is begun")
{
    Scene scene;
    for (std::size_t i = 0; i < 3; ++i) scene.report(i).facts.flavour = health::Flavour::mariadb;
    scene.channel(1).source_uuid = scene.channel(2).source_uuid = "";  // it tells none
    auto refused = [&](const Planned& planned) {
        const auto* refusal = std::get_if<Refusal>(&planned);
        REQUIRE(refusal);
        CHECK(refusal->reason ==
              "db1 is a MariaDB server: moving the role among those is not supported yet");
    };
    refused(plan_switchover(scene.evidence, scene.settings, {}));
    SECTION("seen before it was lost") {}
    SECTION("never seen")
    {
        scene.sight(0).report.reset();
    }
    for (bool must_confirm : {false, true}) {
        refused(plan_failover(scene.evidence, scene.settings, {}, must_confirm));
        refused(plan_failover(scene.evidence, scene.settings, {.to = {}, .accept_loss = true},
                              must_confirm));
    }
}

TEST_CASE("a MariaDB replica does not keep a MySQL primary from being replaced")
{
    Scene scene;
    scene.report(2).facts.flavour = health::Flavour::mariadb;
    CHECK(
        std::holds_alternative<Takeover>(plan_failover(scene.evidence, scene.settings, {}, false)));
}
