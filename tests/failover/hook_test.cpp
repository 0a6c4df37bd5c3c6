#include "failover/hook.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using failover::HookKind;
using failover::JournalKind;

namespace {

failover::HookScene scene()
{
    config::Server db1, db2, db3;
    db1.name = "db1", db1.id = config::ServerId{0}, db1.address = {"10.0.0.1", 3306, {}};
    db2.name = "db2", db2.id = config::ServerId{1}, db2.address = {"10.0.0.2", 3307, {}};
    db3.name = "db3", db3.id = config::ServerId{2}, db3.address = {"10.0.0.3", 3308, {}};
    return {"shop", "DeadMaster", {db1, db2, db3}, "db1"};
}

failover::JournalEntry entry(JournalKind kind, const std::string& cause)
{
    failover::JournalEntry made{kind, "what happened"};
    made.cause = cause;
    made.takeover = 7;
    made.from.name = "db1";
    made.to.name = "db2";
    return made;
}

std::string expanded(const std::string& command, JournalKind kind, const std::string& cause)
{
    auto line = entry(kind, cause);
    auto hook = failover::hook_for(line);
    REQUIRE(hook);
    return failover::expand(command, failover::hook_values(*hook, line, scene()));
}

}  // namespace

TEST_CASE("hooks are for what operators want to hear of")
{
    CHECK(hook_for(entry(JournalKind::completed, "failover")) == HookKind::after_failover);
    CHECK(hook_for(entry(JournalKind::completed, "switchover")) == HookKind::after_switchover);
    CHECK(hook_for(entry(JournalKind::completed, "resume")) == HookKind::after_failover);
    CHECK(hook_for(entry(JournalKind::undone, "switchover")) == HookKind::after_unsuccessful);
    CHECK(hook_for(entry(JournalKind::given_up, "failover")) == HookKind::after_unsuccessful);
    CHECK(hook_for(entry(JournalKind::finding, "")) == HookKind::on_detection);
    CHECK_FALSE(hook_for(entry(JournalKind::completed, "rejoin")));
    CHECK_FALSE(hook_for(entry(JournalKind::completed, "reopen")));
    CHECK_FALSE(hook_for(entry(JournalKind::undone, "reopen")));
    CHECK_FALSE(hook_for(entry(JournalKind::step_done, "failover")));
    CHECK_FALSE(hook_for(entry(JournalKind::began, "failover")));
}

TEST_CASE("placeholders name the servers of a takeover")
{
    auto text = expanded(
        "{failureType} {failedHost}:{failedPort} {successorHost}:{successorPort} "
        "{successorAlias} {countReplicas} {isSuccessful} {recoveryUID}",
        JournalKind::completed, "failover");
    CHECK(text == "DeadMaster 10.0.0.1:3306 10.0.0.2:3307 db2 2 true 7");
}

TEST_CASE("without a success there is no successor")
{
    auto text = expanded("[{successorHost}] {isSuccessful}", JournalKind::undone, "switchover");
    CHECK(text == "[''] false");
}

TEST_CASE("no value can run anything")
{
    failover::HookValues values{{"a", "x'; rm -rf /; '"}, {"b", "$(id)"}, {"c", "10.0.0.1"}};
    CHECK(failover::expand("echo {a} {b} {c}", values) ==
          R"(echo 'x'\''; rm -rf /; '\''' '$(id)' 10.0.0.1)");
}

TEST_CASE("what is no placeholder stays")
{
    failover::HookValues values{{"a", "1"}};
    CHECK(failover::expand("f() { echo {a}; }; awk '{print $1}' {b} {", values) ==
          "f() { echo 1; }; awk '{print $1}' {b} {");
}

TEST_CASE("the environment has the names that orchestrator uses")
{
    auto line = entry(JournalKind::completed, "failover");
    auto variables =
        failover::hook_environment(failover::hook_values(HookKind::after_failover, line, scene()));
    for (const char* expected :
         {"ORC_FAILED_HOST=10.0.0.1", "ORC_SUCCESSOR_PORT=3307", "ORC_FAILURE_TYPE=DeadMaster",
          "ORC_FAILURE_CLUSTER_ALIAS=shop", "ORC_IS_SUCCESSFUL=true"})
        CHECK_THAT(variables, Catch::VectorContains(std::string(expected)));
}

TEST_CASE("who wants to be asked before a switchover can refuse it; a failover only waits")
{
    config::Hooks hooks;
    failover::Takeover plan;
    plan.cause = failover::Cause::switchover;
    failover::add_hook_step(plan, hooks);
    CHECK(plan.steps.empty());
    hooks.before_switchover = {"may-i"};
    hooks.before_timeout = std::chrono::milliseconds{700};
    failover::add_hook_step(plan, hooks);
    failover::add_hook_step(plan, hooks);
    REQUIRE(plan.steps.size() == 1);
    CHECK(plan.steps[0].on_failure == failover::OnFailure::undo);
    CHECK(plan.steps[0].orders.at(0).within == hooks.before_timeout);
    CHECK(failover::hook_named(plan.steps[0].orders[0].setting) == HookKind::before_switchover);
    failover::Takeover failover_plan;
    failover_plan.cause = failover::Cause::failover;
    failover::add_hook_step(failover_plan, hooks);
    CHECK(failover_plan.steps.empty());
    hooks.before_failover = {"cut the power"};
    failover::add_hook_step(failover_plan, hooks);
    REQUIRE(failover_plan.steps.size() == 1);
    CHECK(failover_plan.steps[0].on_failure == failover::OnFailure::go_on);
}

TEST_CASE("servers that do not answer are told as lost")
{
    auto seen = scene();
    seen.lost = {config::ServerId{0}, config::ServerId{2}};
    seen.automatic = true;
    seen.host = "proxy1";
    auto values = failover::hook_values(HookKind::after_failover,
                                        entry(JournalKind::completed, "failover"), seen);
    CHECK(failover::expand("{lostReplicas} {countLostReplicas} {autoMasterRecovery} "
                           "{orchestratorHost} {isDowntimed}",
                           values) == "10.0.0.3:3308 1 true proxy1 false");
}
