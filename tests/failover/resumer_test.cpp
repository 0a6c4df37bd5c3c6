#include "failover/resumer.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;
using Kind = JournalKind;

namespace {

JournalEntry entry_of(Kind kind, std::uint64_t takeover, std::string cause = "switchover")
{
    JournalEntry entry{kind, "text"};
    entry.takeover = takeover;
    entry.cause = std::move(cause);
    entry.from = {"db1", uuid_number(0)};
    entry.to = {"db2", uuid_number(1)};
    return entry;
}

/// A process that finds in its journal that the seventh takeover, from db1 to db2, has no ending.
struct Restarted : Scene {
    Restarted()
    {
        for (auto& sight : evidence.servers) sight.survey.known = true;
        evidence.primary.reset();
        sight(0).reported_at = evidence.now;
        resumer.remember(entry_of(Kind::completed, 6));
        resumer.remember(entry_of(Kind::began, 7));
        resumer.remember(entry_of(Kind::step_begun, 7));
    }
    Resumer::Due due(int seconds = 0)
    {
        return resumer.due(evidence, settings, evidence.now + std::chrono::seconds{seconds});
    }
    void close(std::size_t i) { report(i).read_only = report(i).super_read_only = true; }

    Resumer resumer;
};

}  // namespace

TEST_CASE("takeovers are numbered on from those of the process before")
{
    Resumer resumer;
    resumer.remember(entry_of(Kind::completed, 6));
    auto began = entry_of(Kind::began, 0);
    resumer.number(began);
    CHECK((began.takeover == 7 && resumer.current() == 7));
    auto step = entry_of(Kind::step_done, 0);
    resumer.number(step);
    CHECK(step.takeover == 7);
    auto of_another = entry_of(Kind::completed, 6);
    resumer.number(of_another);
    CHECK((of_another.takeover == 6 && resumer.current() == 7));
    auto completed = entry_of(Kind::completed, 0);
    resumer.number(completed);
    CHECK((completed.takeover == 7 && resumer.current() == 0));
    auto note = entry_of(Kind::note, 0);
    resumer.number(note);
    CHECK(note.takeover == 0);
}

TEST_CASE("what is begun now and ends is not what the process before left")
{
    Restarted scene;
    auto began = entry_of(Kind::began, 0, "resume"), completed = entry_of(Kind::completed, 0);
    scene.resumer.number(began);
    scene.resumer.number(completed);
    CHECK(scene.resumer.unfinished()->number == 7);
}

TEST_CASE("the server that was appointed last is known from the order to promote it")
{
    Resumer resumer;
    CHECK(resumer.appointed() == JournalServer{});
    resumer.remember(entry_of(Kind::began, 7));
    CHECK(resumer.appointed() == JournalServer{});
    resumer.remember(entry_of(Kind::step_begun, 7));
    CHECK(resumer.appointed().name == "db2");
    SECTION("a promotion that was undone leaves it where it was")
    {
        resumer.remember(entry_of(Kind::undone, 7));
        CHECK(resumer.appointed().name == "db1");
    }
    SECTION("one that was published is not undone by what comes to nothing later")
    {
        auto published = entry_of(Kind::step_done, 7);
        published.step = "publish";
        resumer.remember(published);
        resumer.remember(entry_of(Kind::completed, 7));
        auto later = entry_of(Kind::undone, 8);
        std::swap(later.from, later.to);
        resumer.remember(later);
        CHECK(resumer.appointed().name == "db2");
    }
}

TEST_CASE("a former primary counts as replaced until it is fenced or has the role again")
{
    Resumer resumer;
    auto published = entry_of(Kind::step_done, 7, "failover");
    published.step = "publish";
    resumer.remember(published);
    CHECK(resumer.known().uuid == uuid_number(1));
    CHECK(resumer.known().replaced == std::vector{uuid_number(0)});
    SECTION("from the order to promote another, unless that is undone")
    {
        Resumer other;
        other.remember(entry_of(Kind::step_begun, 7, "failover"));
        CHECK(other.known().replaced == std::vector{uuid_number(0)});
        other.remember(entry_of(Kind::undone, 7, "failover"));
        CHECK(other.known().replaced.empty());
    }
    SECTION("a rejoin fences it")
    {
        resumer.remember(entry_of(Kind::completed, 8, "rejoin"));
        CHECK(resumer.known().replaced.empty());
    }
    SECTION("another failover gives it the role")
    {
        std::swap(published.from, published.to);
        resumer.remember(published);
        CHECK(resumer.known().replaced == std::vector{uuid_number(1)});
    }
    SECTION("and so does a switchover, which fences the one before")
    {
        std::swap(published.from, published.to);
        published.cause = "switchover";
        resumer.remember(published);
        CHECK(resumer.known().replaced.empty());
    }
}

TEST_CASE("a primary that no takeover made one is written down once")
{
    Scene scene;
    Resumer resumer;
    auto news = resumer.news_of(scene.evidence);
    REQUIRE(news);
    CHECK((news->kind == Kind::note && news->text == "db1 is the primary"));
    CHECK(keeping_of(*news) == Keeping::at_once);
    resumer.number(*news);
    CHECK_FALSE(resumer.news_of(scene.evidence));
    scene.evidence.primary = 1;  // and not before it takes writes
    CHECK_FALSE(resumer.news_of(scene.evidence));
    scene.report(1).read_only = scene.report(1).super_read_only = false;
    CHECK(resumer.news_of(scene.evidence)->to.name == "db2");
}

TEST_CASE("an interrupted takeover is taken up once a second until nothing is left to do")
{
    Restarted scene;
    scene.close(0);
    CHECK(scene.due().takeover);
    CHECK_FALSE(scene.due().takeover);
    CHECK(scene.due(1).takeover);
    scene.report(0).read_only = scene.report(0).super_read_only = false;
    scene.evidence.primary = 0;
    auto settled = scene.due(2);
    REQUIRE(settled.entry);
    CHECK((settled.entry->kind == Kind::undone && settled.entry->takeover == 7));
    CHECK(settled.entry->text == "interrupted takeover from db1: db1 is the primary as before");
    CHECK_FALSE(scene.resumer.unfinished());
    CHECK_FALSE(scene.due(3).entry);
}

TEST_CASE("what an interrupted takeover waits for is told once")
{
    Restarted scene;
    scene.close(0);
    scene.lose(1, health::ProbeResult::connect_refused);
    auto waits = scene.due();
    REQUIRE(waits.entry);
    CHECK(waits.entry->kind == Kind::warning);
    CHECK(waits.entry->text.find("db2 may have taken writes") != std::string::npos);
    CHECK_FALSE(scene.due().entry);
    CHECK(scene.resumer.unfinished());
}

TEST_CASE("looks at two servers in turn are not told of one by one")
{
    Restarted scene;
    for (std::size_t i : {0, 1}) scene.close(i);
    scene.report(1).executed += "," + made_by(1, 3);
    auto waits = scene.due();
    REQUIRE(waits.entry);
    CHECK(waits.entry->text.find("make it writable") != std::string::npos);
    for (int look = 1; look < 5; ++look) {
        scene.sight(1 - look % 2).reported_at = scene.evidence.now + milliseconds{look};
        CHECK_FALSE(scene.due().entry);
    }
    CHECK(scene.resumer.unfinished());
}

TEST_CASE("an interrupted takeover that does not end is given up after a minute")
{
    Restarted scene;
    scene.close(0);
    for (int second = 0; second < 60; ++second) CHECK(scene.due(second).takeover);
    auto given_up = scene.due(60);
    CHECK_FALSE(given_up.takeover);
    REQUIRE(given_up.entry);
    CHECK((given_up.entry->kind == Kind::given_up && given_up.entry->takeover == 7));
    CHECK_FALSE(scene.resumer.unfinished());
}
