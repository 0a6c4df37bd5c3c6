#include "failover/controller.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

/// Runs the controller and writes down, in order, all that it wants done: a transcript.
class Stage {
public:
    Stage() : controller(scene.settings) {}

    void switch_over(Wish wish = {})
    {
        Actions actions;
        auto planned = plan_switchover(scene.evidence, scene.settings, wish);
        REQUIRE(std::holds_alternative<Takeover>(planned));
        REQUIRE(controller.start(std::get<Takeover>(planned), scene.evidence, wish, now, actions));
        take(std::move(actions));
    }
    void see() { take(controller.on_evidence(scene.evidence, now)); }
    void drained() { take(controller.on_drained(now)); }
    void pass(std::chrono::milliseconds time)
    {
        now += time;
        take(controller.on_deadline(now));
    }
    /// The oldest order under way ends like this.
    void answer(Outcome outcome)
    {
        REQUIRE_FALSE(orders.empty());
        auto run = orders.front();
        orders.pop_front();
        now += 2ms;
        take(controller.on_order_done(run.id, std::move(outcome), now));
    }
    void done(std::string text = {}) { answer({OutcomeKind::done, std::move(text), {}}); }
    void refused() { answer({OutcomeKind::refused, {}, "access denied"}); }
    void late() { answer({OutcomeKind::unknown, {}, "too late"}); }
    /// Answers everything well until the first order with this verb is under way.
    void reach(Verb verb)
    {
        for (int guard = 0; guard < 50; ++guard) {
            if (orders.empty())
                drained();
            else if (orders.front().order.verb == verb)
                return;
            else
                answer_well();
        }
    }
    void answer_well()
    {
        auto verb = orders.front().order.verb;
        if (verb == Verb::find_blockers) return done();
        done(made_by(0, 100));
    }
    void finish()
    {
        for (int guard = 0; guard < 50 && controller.phase() != Phase::idle; ++guard)
            orders.empty() ? drained() : answer_well();
    }

    std::string transcript;
    std::deque<RunOrder> orders;
    std::vector<std::string> journal;
    Scene scene;
    TimePoint now = TimePoint{} + 1h;
    Controller controller;

private:
    void take(Actions actions)
    {
        for (auto& action : actions) {
            if (auto* run = std::get_if<RunOrder>(&action)) {
                note(scene.evidence.find(run->order.server)->server.name + ":" +
                     std::string(to_text(run->order.verb)));
                orders.push_back(*run);
            } else if (std::holds_alternative<HoldWrites>(action)) {
                note("HOLD");
            } else if (std::holds_alternative<ReleaseWrites>(action)) {
                note("RELEASE");
            } else if (std::holds_alternative<SeverLinks>(action)) {
                note("SEVER");
            } else if (std::holds_alternative<PublishPrimary>(action)) {
                note("PUBLISH");
            } else if (auto* record = std::get_if<Record>(&action)) {
                journal.push_back(to_text(record->entry));
            }
        }
    }
    void note(const std::string& what) { transcript += (transcript.empty() ? "" : " ") + what; }
};

}  // namespace

TEST_CASE("a switchover goes through, writes are released after the new primary is known")
{
    Stage stage;
    stage.switch_over();
    stage.finish();
    CHECK(stage.transcript ==
          "db1:find_blockers db2:new_binary_log db3:stop_receiver db2:wait_executed db3:repoint"
          " db1:executed db2:wait_executed HOLD db1:make_read_only db1:executed db2:wait_executed "
          "db2:promote PUBLISH RELEASE"
          " db1:end_transactions db2:forget_source db1:follow");
    CHECK(stage.controller.ending() == Ending::completed);
    CHECK(stage.controller.last_pause() == 8ms);
    CHECK(stage.journal.back().starts_with("completed: switchover from db1 to db2 done"));
}

TEST_CASE("the candidate waits for exactly what the old primary had when it was fenced")
{
    Stage stage;
    stage.switch_over();
    stage.reach(Verb::make_read_only);
    stage.done();
    stage.done(made_by(0, 123));
    CHECK(stage.orders.front().order.gtids == made_by(0, 123));
}

TEST_CASE("a candidate that is far behind comes near before anybody waits")
{
    Stage stage;
    stage.switch_over();
    stage.reach(Verb::executed);
    stage.transcript.clear();
    stage.answer_well();
    stage.now += stage.scene.settings.max_pause;
    stage.answer_well();
    stage.answer_well();
    stage.answer_well();
    CHECK(stage.transcript == "db2:wait_executed db1:executed db2:wait_executed HOLD");

    Stage never;
    never.switch_over();
    never.reach(Verb::executed);
    never.transcript.clear();
    while (never.controller.phase() == Phase::running) {
        never.now += never.scene.settings.max_pause;
        never.answer_well();
    }
    CHECK(never.transcript.find("HOLD") == std::string::npos);
    CHECK(never.journal.back().find("stays behind") != std::string::npos);
}

TEST_CASE("a fence that is late is undone, and writes go on where they were")
{
    Stage stage;
    stage.switch_over();
    stage.reach(Verb::make_read_only);
    stage.transcript.clear();
    stage.late();
    stage.finish();
    CHECK(stage.transcript == "db1:make_writable RELEASE db3:repoint db3:start_receiver");
    CHECK(stage.controller.ending() == Ending::undone);
}

TEST_CASE("a candidate that does not catch up in the pause does not get the role")
{
    Stage stage;
    stage.switch_over();
    stage.reach(Verb::make_read_only);
    stage.done();
    stage.done(made_by(0, 100));
    stage.now += stage.scene.settings.max_pause;
    stage.transcript.clear();
    stage.refused();
    stage.finish();
    CHECK(stage.transcript == "db1:make_writable RELEASE db3:repoint db3:start_receiver");
}

TEST_CASE("the pause has an end even when every order is in time")
{
    Stage stage;
    stage.switch_over();
    stage.reach(Verb::make_read_only);
    stage.done();
    stage.now += stage.scene.settings.max_pause;
    stage.transcript.clear();
    stage.done(made_by(0, 100));
    CHECK(stage.transcript == "db1:make_writable");
    CHECK(stage.journal.back().find("the pause became too long") != std::string::npos);
}

TEST_CASE("a refused promotion is undone; one whose outcome is not known is never")
{
    Stage refused;
    refused.switch_over();
    refused.reach(Verb::promote);
    refused.transcript.clear();
    refused.refused();
    refused.finish();
    CHECK(refused.transcript == "db1:make_writable RELEASE db3:repoint db3:start_receiver");

    Stage unknown;
    unknown.switch_over();
    unknown.reach(Verb::promote);
    unknown.transcript.clear();
    unknown.late();
    unknown.pass(60ms);
    unknown.done();
    CHECK(unknown.transcript.starts_with("db2:promote PUBLISH RELEASE"));

    Stage never;
    never.switch_over();
    never.reach(Verb::promote);
    never.transcript.clear();
    never.now += never.scene.settings.promote_wait;
    never.late();
    CHECK(never.transcript == "RELEASE");
    CHECK(never.controller.ending() == Ending::needs_operator);
}

TEST_CASE("what forbids a switchover is found before anything changes")
{
    Stage stage;
    stage.switch_over();
    stage.done("there are prepared XA transactions");
    CHECK(stage.transcript == "db1:find_blockers");
    CHECK(stage.controller.ending() == Ending::undone);
    CHECK(stage.controller.summary() == "there are prepared XA transactions");
}

TEST_CASE("open transactions get the time that is configured, and no more")
{
    Stage stage;
    stage.switch_over();
    while (!stage.orders.empty()) stage.answer_well();
    CHECK(stage.transcript.ends_with("HOLD"));
    CHECK(stage.controller.next_deadline() == stage.now + 500ms);
    stage.pass(500ms);
    CHECK(stage.transcript.ends_with("HOLD db1:make_read_only"));
}

TEST_CASE("an order that never comes back counts as unknown")
{
    Stage stage;
    stage.switch_over();
    stage.pass(1s + Controller::overdue_margin);
    CHECK(stage.controller.ending() == Ending::undone);
}

namespace {

void kill_primary(Scene& scene)
{
    scene.lose(0, health::ProbeResult::connect_refused);
    scene.disconnect(1);
    scene.disconnect(2);
}

}  // namespace

TEST_CASE("a dead primary is replaced by itself")
{
    Stage stage;
    kill_primary(stage.scene);
    stage.see();
    stage.finish();
    CHECK(stage.transcript ==
          "HOLD SEVER db2:stop_receiver db3:stop_receiver db2:wait_executed db3:repoint db2:promote"
          " PUBLISH RELEASE db2:forget_source");
    CHECK(stage.controller.ending() == Ending::completed);
}

TEST_CASE("nothing acts by itself in the modes manual and off")
{
    for (auto mode : {config::FailoverMode::manual, config::FailoverMode::off}) {
        Stage stage;
        stage.scene.settings.mode = mode;
        stage.controller.reconfigure(stage.scene.settings);
        kill_primary(stage.scene);
        stage.see();
        CHECK(stage.transcript == "");
    }
}

TEST_CASE("no second failover within the cooldown")
{
    Stage stage;
    kill_primary(stage.scene);
    stage.see();
    stage.finish();
    stage.transcript.clear();
    stage.now += 29s;
    stage.see();
    CHECK(stage.transcript == "");
    stage.now += 2s;
    stage.see();
    CHECK(stage.transcript.starts_with("HOLD"));
}

TEST_CASE("a primary that shuts down is replaced once a replica finds its port closed too")
{
    Stage stage;
    stage.scene.lose(0, health::ProbeResult::connect_refused);
    stage.see();
    CHECK(stage.transcript == "db2:restart_receiver");
    stage.done("CONNECTING");
    CHECK(stage.transcript.starts_with("db2:restart_receiver HOLD SEVER"));

    Stage alive;
    alive.scene.lose(0, health::ProbeResult::connect_refused);
    alive.see();
    alive.done("ON");
    CHECK(alive.transcript == "db2:restart_receiver");
    CHECK(alive.controller.ending() == Ending::undone);
}

TEST_CASE("a replica that does not freeze is left out; when none does, all is thawed")
{
    Stage stage;
    kill_primary(stage.scene);
    stage.see();
    stage.late();
    stage.done(made_by(0, 105));
    CHECK(stage.transcript.find("db3:wait_executed") != std::string::npos);
    CHECK(stage.controller.takeover().to_name == "db3");

    Stage none;
    kill_primary(none.scene);
    none.see();
    none.late();
    none.transcript.clear();
    none.late();
    none.finish();
    CHECK(none.transcript == "RELEASE db2:start_receiver db3:start_receiver");
}

TEST_CASE("a primary lost while the last takeover tidies up does not wait for that")
{
    Stage stage;
    stage.switch_over();
    stage.reach(Verb::end_transactions);
    kill_primary(stage.scene);
    stage.transcript.clear();
    stage.see();
    CHECK(stage.transcript.starts_with("HOLD SEVER"));
}

TEST_CASE("nor does it wait for a switchover that has not fenced it")
{
    Stage stage;
    stage.switch_over();
    stage.reach(Verb::stop_receiver);
    kill_primary(stage.scene);
    stage.transcript.clear();
    stage.see();
    CHECK(stage.transcript.starts_with("HOLD SEVER"));

    Stage fenced;
    fenced.switch_over();
    fenced.reach(Verb::make_read_only);
    kill_primary(fenced.scene);
    fenced.transcript.clear();
    fenced.see();
    CHECK(fenced.transcript.empty());
}

TEST_CASE("one takeover at a time")
{
    Stage stage;
    stage.switch_over();
    Actions actions;
    CHECK_FALSE(stage.controller.start({}, {}, {}, stage.now, actions));
}
