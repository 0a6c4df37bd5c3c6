#include "health/event.hpp"

#include "tests/health/model_cluster.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;
using namespace pointsman::tests;

namespace {

std::string words(const std::vector<HealthEvent>& events)
{
    std::string text;
    for (const auto& event : events)
        text +=
            (text.empty() ? "" : " ") + event.server_name + ":" + std::string(to_text(event.kind));
    return text;
}

}  // namespace

TEST_CASE("the first snapshot says what was found")
{
    ModelCluster cluster{2};
    auto topology = cluster.settle();
    CHECK(words(events_between(nullptr, topology)) ==
          "db1:server_up db2:server_up db2:reads_began db1:primary_found");
}

TEST_CASE("between equal snapshots nothing happened")
{
    ModelCluster cluster{3};
    auto before = cluster.settle();
    cluster.channel(1).lag = 20ms;
    auto after = cluster.settle();
    CHECK(events_between(&before, after).empty());
}

TEST_CASE("each change is said once, with a sentence")
{
    ModelCluster cluster{3};
    auto before = cluster.settle();
    std::string said;
    SECTION("a server goes down")
    {
        cluster.take_down(2);
        said = "db3:server_down";
    }
    SECTION("the primary goes down")
    {
        cluster.take_down(0);
        said = "db1:server_down db1:primary_lost";
    }
    SECTION("the primary moves")
    {
        cluster.make_read_only(0);
        cluster.make_writable(1);
        cluster.make_replica(0, 1);
        cluster.make_replica(2, 1);
        cluster.look_at_all();
        cluster.truth(1).channels.clear();
        cluster.look_at_all();
        said = "db1:reads_began db2:primary_changed";
    }
    SECTION("a second server becomes writable")
    {
        cluster.make_writable(2);
        cluster.look(2);
        cluster.look(0);
        said = "db3:writable_refused db3:reads_ended";
    }
    SECTION("a replica falls behind")
    {
        cluster.channel(1).lag = 9s;
        cluster.look_at_all();
        said = "db2:reads_ended";
    }
    SECTION("maintenance begins")
    {
        cluster.set_maintenance(2);
        said = "db3:maintenance_began";
    }
    auto after = cluster.build();
    auto events = events_between(&before, after);
    CHECK(words(events) == said);
    for (const auto& event : events) {
        CHECK(event.sentence.starts_with(event.server_name + " (10.0.0."));
        CHECK(event.sentence.size() >
              event.server_name.size() + std::string_view(" (10.0.0.1:3306) ").size());
    }
}

TEST_CASE("a server added or removed by a reload is said")
{
    ModelCluster cluster{2};
    auto before = cluster.settle();
    cluster.add();
    auto after = cluster.build();
    CHECK(words(events_between(&before, after)) == "db3:server_added");
    CHECK(words(events_between(&after, before)) == "db3:server_removed");
}

TEST_CASE("what an operator must see is an error, what is usual is not")
{
    CHECK(severity(HealthEventKind::writable_refused) == Severity::error);
    CHECK(severity(HealthEventKind::primary_lost) == Severity::error);
    CHECK(severity(HealthEventKind::server_up) == Severity::info);
}
