#include "failover/candidate.hpp"

#include "failover/canary.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

std::string names(const Ranking& ranking)
{
    std::string text;
    for (const auto& candidate : ranking.eligible)
        text += (text.empty() ? "" : " ") + candidate.name;
    return text;
}

protocol::GtidSet gtids(const std::string& text)
{
    return *protocol::GtidSet::parse(text);
}

struct Case {
    const char* reason;  // a part of it
    void (*happens)(Scene&);
};

const Case exclusions[] = {
    {"must not be promoted",
     [](Scene& s) { s.sight(1).server.promotion_rule = config::PromotionRule::must_not; }},
    {"in maintenance", [](Scene& s) { s.sight(1).server.maintenance = true; }},
    {"never seen", [](Scene& s) { s.sight(1).report.reset(); }},
    {"MariaDB", [](Scene& s) { s.report(1).facts.flavour = health::Flavour::mariadb; }},
    {"gtid_mode off", [](Scene& s) { s.report(1).facts.gtids = false; }},
    {"does not replicate from db1", [](Scene& s) { s.report(1).channels.clear(); }},
    {"without SOURCE_AUTO_POSITION", [](Scene& s) { s.channel(1).auto_position = false; }},
    {"delayed on purpose", [](Scene& s) { s.channel(1).delay = 60s; }},
    {"no binary log",
     [](Scene& s) {
         s.sight(1).survey.known = true;
         s.sight(1).survey.log_bin = false;
     }},
    {"log_replica_updates off",
     [](Scene& s) {
         s.sight(1).survey.known = true;
         s.sight(1).survey.log_replica_updates = false;
     }},
    {"replication filters", [](Scene& s) { s.sight(1).survey.filters = true; }},
    {"a full disk itself", [](Scene& s) { s.sight(1).survey.stall = Stall::disk_full; }},
    {"is writable", [](Scene& s) { s.report(1).read_only = s.report(1).super_read_only = false; }},
    {"an older version", [](Scene& s) { s.report(1).facts.version_number = 80036; }},
    {"does not answer", [](Scene& s) { s.lose(1, health::ProbeResult::connect_refused); }},
    {"does not replicate now: wrong password",
     [](Scene& s) {
         s.disconnect(1);
         s.channel(1).error = "wrong password";
     }},
    {"lags too much", [](Scene& s) { s.channel(1).lag = 11s; }},
    {"transactions of its own: 00000000-0000-0000-0000-000000000002:7",
     [](Scene& s) { s.report(1).executed += "," + uuid_number(1) + ":7"; }},
};

}  // namespace

TEST_CASE("each exclusion says why")
{
    for (const auto& one : exclusions) {
        INFO(one.reason);
        Scene scene;
        one.happens(scene);
        auto ranking = rank_candidates(scene.evidence, Cause::switchover);
        CHECK(names(ranking) == "db3");
        REQUIRE(ranking.excluded.size() == 1);
        CHECK(ranking.excluded[0].name == "db2");
        CHECK(ranking.excluded[0].reason.find(one.reason) != std::string::npos);
    }
}

TEST_CASE("the rule comes before the zone, the zone before lag, lag before the order of the file")
{
    Scene scene;
    CHECK(names(rank_candidates(scene.evidence, Cause::switchover)) == "db2 db3");
    scene.channel(1).lag = 20ms;
    CHECK(names(rank_candidates(scene.evidence, Cause::switchover)) == "db3 db2");
    scene.sight(2).server.zone = "elsewhere";
    CHECK(names(rank_candidates(scene.evidence, Cause::switchover)) == "db2 db3");
    scene.sight(2).server.promotion_rule = config::PromotionRule::prefer;
    CHECK(names(rank_candidates(scene.evidence, Cause::switchover)) == "db3 db2");
}

TEST_CASE("in a failover the one that has more comes first, executed or only received")
{
    Scene scene;
    scene.sight(1).server.promotion_rule = config::PromotionRule::prefer;
    Positions frozen{{scene.id(1), gtids(made_by(0, 100))}, {scene.id(2), gtids(made_by(0, 103))}};
    CHECK(names(rank_candidates(scene.evidence, Cause::failover, frozen)) == "db3 db2");
}

TEST_CASE("a replica that was not reached cannot be chosen in a failover")
{
    Scene scene;
    Positions frozen{{scene.id(2), gtids(made_by(0, 100))}};
    CHECK(names(rank_candidates(scene.evidence, Cause::failover, frozen)) == "db3");
}

TEST_CASE("when two have what the other lacks nobody is eligible")
{
    Scene scene;
    Positions frozen{{scene.id(1), gtids(uuid_number(0) + ":1-100:102")},
                     {scene.id(2), gtids(uuid_number(0) + ":1-101")}};
    auto ranking = rank_candidates(scene.evidence, Cause::failover, frozen);
    CHECK(names(ranking) == "");
    CHECK(ranking.split.find("db2 and db3") != std::string::npos);
}

TEST_CASE("what the primary has executed or made since is not errant")
{
    Scene scene;
    auto position = gtids(made_by(0, 120) + "," + uuid_number(4) + ":1-3");
    CHECK(errant_in(position, scene.report(0)).to_string() == uuid_number(4) + ":1-3");
    scene.report(0).executed += "," + uuid_number(4) + ":1-3";
    CHECK(errant_in(position, scene.report(0)).empty());

    // The primary may have committed a canary since it was asked last.
    auto canary = protocol::to_string(canary_source("p")) + ":9";
    CHECK(errant_in(*protocol::GtidSet::parse(canary), scene.report(0)).empty());
}

TEST_CASE("the comparator is a strict order")
{
    Candidate a, b;
    a.place = 1;
    CHECK(better(Cause::failover, b, a));
    CHECK_FALSE(better(Cause::failover, a, b));
    CHECK_FALSE(better(Cause::failover, a, a));
}
