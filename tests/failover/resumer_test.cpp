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

TEST_CASE("what a later process must know of the primary is written down when it changes")
{
    Scene scene;
    Resumer resumer;
    auto write = [&] {
        auto news = resumer.news_of(scene.evidence);
        if (news) resumer.number(*news);
        return news;
    };
    scene.sight(0).survey = {};
    CHECK(write()->gtids == scene.report(0).executed);
    scene.sight(0).survey.known = scene.sight(0).survey.semi_sync_source = true;
    CHECK(write()->survey->semi_sync_source);
    scene.sight(0).survey.stall = Stall::lock;  // passes
    CHECK_FALSE(write());
    scene.sight(0).survey.semi_sync_source = false;
    CHECK_FALSE(write()->survey->semi_sync_source);
    // The oldest lines of a journal are dropped.
    for (int i = 0; i < 500; ++i) {
        CHECK_FALSE(write());
        resumer.remember({Kind::warning, "text"});
    }
    CHECK(write());
    CHECK_FALSE(write());
}

namespace {

/// A process that begins while db1, the primary by the journal, is away.
struct Bereft : Scene {
    Bereft()
    {
        auto survey = sight(0).survey;
        survey.known = survey.semi_sync_source = survey.semi_sync_lossless = true;
        for (auto& sight : evidence.servers) sight.survey.known = true;
        JournalEntry note{Kind::note, "db1 is the primary"};
        note.to = {"db1", uuid_number(0)};
        note.gtids = report(0).executed;
        note.survey = survey;
        resumer.remember(note);
        evidence.primary.reset();
        lose(0, health::ProbeResult::connect_refused);
        sight(0).report.reset();
        sight(0).survey = {};
        for (std::size_t i : {1, 2}) channel(i).receiver = health::ReceiverState::off;
    }
    std::string finding() const
    {
        auto seen = evidence;
        resumer.recall(seen);
        auto findings = diagnose(seen, settings);
        return findings.empty() ? "none" : std::string(findings.front().problem->word);
    }
    Resumer resumer;
};

}  // namespace

TEST_CASE("a primary that was lost before this process began is known from the journal")
{
    Bereft scene;
    CHECK(scene.finding() == "primary_dead");
    auto seen = scene.evidence;
    scene.resumer.recall(seen);
    CHECK((seen.recalled && seen.servers[0].survey.semi_sync_lossless));
    auto planned = plan_failover(seen, scene.settings, {}, true);
    CHECK(std::holds_alternative<Takeover>(planned));
    SECTION("while a replica hears of it, it keeps its role")
    {
        scene.channel(1).receiver = health::ReceiverState::on;
        CHECK(scene.finding() == "primary_closing");
    }
    SECTION("a server that serves is not doubted")
    {
        scene.evidence.primary = 1;
        scene.report(1).read_only = scene.report(1).super_read_only = false;
        auto served = scene.evidence;
        scene.resumer.recall(served);
        CHECK((served.primary == 1 && !served.recalled));
    }
    SECTION("one that may have been promoted, by a takeover that was given up, is not")
    {
        auto begun = entry_of(Kind::step_begun, 7), given_up = entry_of(Kind::given_up, 7);
        scene.resumer.remember(begun);
        scene.resumer.remember(given_up);
        CHECK(scene.finding() == "none");
    }
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
