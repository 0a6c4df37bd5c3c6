#include "failover/resume.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

/// A switchover from db1 to db2 that died with its process.
struct Interrupted : Scene {
    Interrupted()
    {
        left.from = {"db1", uuid_number(0)};
        left.to = {"db2", uuid_number(1)};
        left.executed = made_by(0, 100);
        left.survey.known = true;
        evidence.primary.reset();
        for (auto& sight : evidence.servers) sight.survey.known = true;
        // What a second look at db1 brings is newer than what the others said.
        sight(0).reported_at = evidence.now;
    }
    void close(std::size_t i) { report(i).read_only = report(i).super_read_only = true; }
    void open(std::size_t i) { report(i).read_only = report(i).super_read_only = false; }
    /// `replica` follows `source` now.
    void move(std::size_t replica, std::size_t source)
    {
        channel(replica).source_uuid = uuid_number(source);
        channel(replica).source = sight(source).server.address;
    }

    Remembered remembered() const { return {left.from, left.executed, left.survey}; }

    std::string resume()
    {
        auto seen = evidence;
        recall(remembered(), seen);
        auto planned = plan_resume(seen, left, settings);
        if (auto* settled = std::get_if<Settled>(&planned))
            return (settled->finished ? "finished: " : "undone: ") + settled->text;
        if (auto* waits = std::get_if<NotYet>(&planned)) return "waits: " + waits->reason;
        std::string orders;
        for (const auto& step : std::get<Takeover>(planned).steps) {
            if (step.kind == StepKind::publish) orders += " PUBLISH";
            for (const auto& order : step.orders) {
                orders += " " + seen.find(order.server)->server.name + ":" +
                          std::string(to_text(order.verb));
                if (order.verb == Verb::follow) orders += ">" + order.source.host.substr(7);
            }
        }
        return orders.substr(1);
    }

    Unfinished left;
};

JournalEntry entry_of(JournalKind kind, std::uint64_t takeover, std::string cause = "switchover")
{
    JournalEntry entry{kind, "text"};
    entry.takeover = takeover;
    entry.cause = std::move(cause);
    entry.from = {"db1", uuid_number(0)};
    return entry;
}

std::optional<Unfinished> read(const std::vector<JournalEntry>& entries)
{
    std::optional<Unfinished> left;
    for (const auto& entry : entries) follow_journal(left, entry);
    return left;
}

}  // namespace

TEST_CASE("the last takeover without an ending is the unfinished one")
{
    using Kind = JournalKind;
    auto began = entry_of(Kind::began, 3);
    CHECK(read({began})->number == 3);
    CHECK_FALSE(read({began, entry_of(Kind::completed, 3)}));
    CHECK_FALSE(read({began, entry_of(Kind::undone, 3)}));
    CHECK_FALSE(read({began, entry_of(Kind::given_up, 3)}));
    CHECK(read({began, entry_of(Kind::completed, 2)}));
    CHECK(read({began, entry_of(Kind::completed, 3), entry_of(Kind::began, 4)})->number == 4);
    CHECK_FALSE(read({entry_of(Kind::began, 3, "rejoin")}));
    CHECK(read({began, entry_of(Kind::began, 4, "resume"), entry_of(Kind::completed, 4, "resume")})
              ->number == 3);
}

TEST_CASE("the journal tells whether the promotion may have gone out, and to whom")
{
    auto promotes = entry_of(JournalKind::step_begun, 3, "failover");
    promotes.to = {"db2", uuid_number(1)};
    auto left = read({entry_of(JournalKind::began, 3, "failover")});
    CHECK((left->is_failover && !left->may_be_promoted && left->to.name.empty()));
    left = read({entry_of(JournalKind::began, 3, "failover"), promotes});
    CHECK((left->may_be_promoted && left->to.name == "db2"));
}

TEST_CASE("a failover that comes to nothing while it is resumed is still unfinished")
{
    std::vector entries{entry_of(JournalKind::began, 3, "failover"),
                        entry_of(JournalKind::undone, 3, "failover")};
    CHECK_FALSE(read(entries));
    entries.insert(entries.begin(), entry_of(JournalKind::began, 2));
    CHECK(read(entries)->number == 3);
    entries.push_back(entry_of(JournalKind::completed, 3, "failover"));
    CHECK_FALSE(read(entries));
}

TEST_CASE("an old primary that was fenced for nobody takes writes again")
{
    Interrupted scene;
    scene.close(0);
    CHECK(scene.resume() == "db1:make_writable");
}

TEST_CASE("one that restarted meanwhile waits for its replicas again")
{
    Interrupted scene;
    scene.close(0);
    scene.left.survey.semi_sync_source = true;
    scene.sight(0).survey.known = true;
    CHECK(scene.resume() == "db1:promote_semi_sync");
}

TEST_CASE("replicas that were moved or stopped are put back")
{
    Interrupted scene;
    scene.evidence.primary = 0;
    scene.move(2, 1);
    CHECK(scene.resume() == "db3:follow>1");
    scene.move(2, 0);
    scene.channel(2).receiver = health::ReceiverState::off;
    scene.channel(1).applier_on = false;
    CHECK(scene.resume() == "db2:follow>1 db3:follow>1");
    scene.channel(2).receiver = health::ReceiverState::on;
    scene.channel(1).applier_on = true;
    CHECK(scene.resume() == "undone: db1 is the primary as before");
}

TEST_CASE("an old primary that is open and was not accepted, since another is, is published")
{
    Interrupted scene;
    scene.open(2);
    CHECK(scene.resume() == "PUBLISH");
    scene.sight(2).survey.known = false;
    CHECK(scene.resume() == "PUBLISH");
    scene.evidence.primary = 0;
    CHECK(scene.resume() == "undone: db1 is the primary as before");
}

TEST_CASE("once the candidate takes writes everything goes forward")
{
    Interrupted scene;
    scene.close(0);
    scene.open(1);
    scene.left.may_be_promoted = true;
    CHECK(scene.resume() == "PUBLISH db2:forget_source db3:follow>2");
    scene.evidence.primary = 1;
    scene.report(1).channels.clear();
    scene.move(2, 1);
    CHECK(scene.resume() == "db1:make_read_only db1:executed db2:lacking db1:follow>2");
    scene.report(0).channels = scene.report(2).channels;
    scene.report(0).channels[0].receiver = health::ReceiverState::off;
    CHECK(scene.resume() == "db1:follow>2");
    scene.report(0).channels[0].receiver = health::ReceiverState::on;
    CHECK(scene.resume() == "finished: db2 is the primary; of db1: it follows the primary already");
}

TEST_CASE("a new primary that restarts before all is finished is opened again")
{
    Interrupted scene;
    scene.close(0);
    scene.left.may_be_promoted = true;
    scene.report(1).executed += "," + made_by(1, 3);
    auto& candidate = scene.sight(1);
    candidate.open_at = scene.evidence.now - 3s;
    candidate.failed_since_open = true;
    candidate.process_began_by = scene.evidence.now - 1s;
    CHECK(scene.resume().find("make it writable") != std::string::npos);
    scene.evidence.primary = 1;
    CHECK(scene.resume() == "db2:make_writable db2:forget_source");
}

TEST_CASE("a failover is finished without the lost primary")
{
    Interrupted scene;
    scene.left.is_failover = scene.left.may_be_promoted = true;
    scene.open(1);
    scene.lose(0, health::ProbeResult::connect_refused);
    scene.sight(0).report.reset();
    CHECK(scene.resume() == "PUBLISH db2:forget_source db3:follow>2");
    scene.evidence.primary = 1;
    scene.report(1).channels.clear();
    CHECK(scene.resume() == "db3:follow>2");
    scene.move(2, 1);
    CHECK(scene.resume() == "finished: db2 is the primary; of db1: it does not answer");
}

TEST_CASE("while it is not known whether the candidate took writes nothing is opened")
{
    Interrupted scene;
    scene.close(0);
    scene.left.may_be_promoted = true;
    CHECK(scene.resume() == "db1:make_writable");
    scene.sight(0).reported_at = scene.sight(1).reported_at;
    CHECK(scene.resume() == "waits: db1 is looked at again");
    scene.sight(0).reported_at = scene.evidence.now;
    scene.report(1).executed += "," + made_by(1, 5);
    CHECK(scene.resume() == "waits: db2 was promoted, has " + made_by(1, 5) +
                                ", which db1 lacks, and is read-only: make it writable");
    scene.lose(1, health::ProbeResult::connect_refused);
    CHECK(scene.resume() ==
          "waits: db2 may have taken writes and does not answer: it is waited for");
    scene.left.may_be_promoted = false;
    CHECK(scene.resume() == "db1:make_writable");
}

TEST_CASE("a lost primary that nobody replaced yet is known again, and lost still")
{
    Interrupted scene;
    scene.left.is_failover = true;
    scene.left.to = {};
    scene.left.survey.semi_sync_source = scene.left.survey.semi_sync_lossless = true;
    scene.lose(0, health::ProbeResult::connect_refused);
    scene.sight(0).report.reset();
    scene.sight(0).survey = {};
    for (std::size_t i : {1, 2}) scene.channel(i).receiver = health::ReceiverState::off;
    scene.sight(2).survey = {};
    auto half_seen = scene.evidence;
    recall(scene.remembered(), half_seen);
    CHECK_FALSE(half_seen.primary);
    scene.sight(2).survey.known = true;
    auto seen = scene.evidence;
    recall(scene.remembered(), seen);
    CHECK(seen.primary == 0);
    CHECK(seen.servers[0].survey.semi_sync_lossless);
    CHECK(diagnose(seen, scene.settings).front().problem->word == "primary_dead");
    CHECK(scene.resume().starts_with("waits: db1 does not answer and no server takes writes"));
    scene.settings.mode = config::FailoverMode::manual;
    CHECK(scene.resume() == "db2:stop_receiver db3:stop_receiver");
    scene.left.is_failover = false;
    CHECK(scene.resume().starts_with("waits: "));
}

TEST_CASE("a lost primary that is back before it was replaced is opened, and its replicas thawed")
{
    Interrupted scene;
    scene.left.is_failover = true;
    scene.left.to = {};
    scene.close(0);
    for (std::size_t i : {1, 2}) scene.channel(i).receiver = health::ReceiverState::off;
    CHECK(scene.resume() == "db1:make_writable");
    scene.open(0);
    scene.evidence.primary = 0;
    CHECK(scene.resume() == "db2:follow>1 db3:follow>1");
}

TEST_CASE("nothing is done before every server was looked at, nor when others have acted")
{
    Interrupted scene;
    scene.sight(2).health = health::HealthState::starting;
    scene.close(0);
    CHECK(scene.resume() == "waits: db3 is looked at for the first time");
    scene.sight(2).health = health::HealthState::up;
    scene.open(2);
    CHECK(scene.resume() == "db1:make_writable");  // an open server is not yet the primary
    scene.evidence.primary = 2;
    CHECK(scene.resume() == "finished: db3 takes writes by now");
    scene.left.from = {"db9", "gone"};
    CHECK(scene.resume() == "undone: db9 is no longer configured");
}
