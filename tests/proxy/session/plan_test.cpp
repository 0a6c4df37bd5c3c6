#include "proxy/session/plan.hpp"

#include "tests/support/sessions.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;
using config::ListenerMode;
using config::ServerId;
using protocol::Command;

namespace status = protocol::server_status;

namespace {

constexpr std::uint16_t in_trans = status::autocommit | status::in_trans;

const std::vector<Done> fresh{};
const std::vector<Done> transaction{{.text = "BEGIN", .status = in_trans}};
const std::vector<Done> replica_transaction{
    {.text = "START TRANSACTION READ ONLY", .status = in_trans, .server = replica2}};
const std::vector<Done> temporary_table{{.text = "CREATE TEMPORARY TABLE t (a INT)"}};
const std::vector<Done> user_variable{{.text = "SET @a=1", .assigns_unnamed = true}};
const std::vector<Done> user_variable_on_replica{
    {.text = "SELECT @a:=1", .server = replica1, .assigns_unnamed = true}};
const std::vector<Done> warning_on_replica{
    {.text = "SELECT 1/0", .warnings = 1, .server = replica2}};
const std::vector<Done> auto_is_null{
    {.text = "SET sql_auto_is_null=1",
     .changes = {protocol::TrackedVariable{"sql_auto_is_null", "ON"}}}};

const std::vector<Done> autocommit_off{
    {.text = "SET autocommit=0",
     .changes = {protocol::TrackedVariable{"autocommit", "OFF"}},
     .status = 0}};

struct Case {
    std::string_view what;
    std::vector<Done> history;
    std::string_view text;  // empty: a command without SQL
    ServerId server;        // expected; "some_replica" for either
    RouteReason reason;
    bool state_lost = false;
    Command command = Command::query;
    ListenerMode mode = ListenerMode::split;
    std::optional<ServerId> only_on = std::nullopt;
    std::optional<ServerId> home = std::nullopt;
    std::optional<ServerId> avoid = std::nullopt;
    bool redo_on_primary = false;
};

constexpr auto some_replica = static_cast<ServerId>(99);

Plan plan_of(const Case& row, const health::Topology& topology, const SessionState& state)
{
    const auto statement = protocol::sql::classify(row.text);
    const CommandFacts facts{row.command, row.text.empty() ? nullptr : &statement, row.only_on};
    const std::vector<std::uint32_t> outstanding(3);
    const PlanInput input{
        facts,       state,    topology,  row.mode,           config::NoReplica::primary,
        outstanding, row.home, row.avoid, row.redo_on_primary};
    Random random(1);
    return plan(input, random);
}

void check(const std::vector<Case>& rows)
{
    const auto topology = cluster();
    for (const auto& row : rows) {
        INFO(row.what << ": " << row.text);
        const auto planned = plan_of(row, topology, state_after(row.history));
        const auto& route = planned.route;
        CHECK(route.kind == RouteKind::server);
        const bool to_replica = row.server != primary;
        CHECK(route.on_replica == to_replica);
        if (row.server != some_replica) CHECK(route.server == row.server);
        CHECK(route.reason == row.reason);
        CHECK(planned.state_lost == row.state_lost);
    }
}

}  // namespace

TEST_CASE("where a command goes, rule by rule")
{
    check({
        {"a read", fresh, "SELECT 1", some_replica, RouteReason::read},
        {"a write", fresh, "UPDATE t SET a=1", primary, RouteReason::needs_primary},
        {"a command without SQL", fresh, "", primary, RouteReason::needs_primary, false,
         Command::ping},
        {"in a transaction", transaction, "SELECT 1", primary, RouteReason::in_transaction},
        {"in a transaction, against a hint", transaction, "SELECT /* route=replica */ 1", primary,
         RouteReason::in_transaction},
        {"in a transaction on a replica", replica_transaction, "SELECT 1", replica2,
         RouteReason::in_transaction},
        {"a write in a transaction on a replica", replica_transaction, "UPDATE t SET a=1", replica2,
         RouteReason::in_transaction},
        {"pinned", temporary_table, "SELECT * FROM t", primary, RouteReason::pinned},
        {"pinned, against a hint", temporary_table, "SELECT /* route=replica */ 1", primary,
         RouteReason::pinned},
        {"reads that may ask for the row of the last insert", auto_is_null, "SELECT 1", primary,
         RouteReason::listener_mode},
        {"autocommit off", autocommit_off, "SELECT 1", primary, RouteReason::listener_mode},
        {"long data waits there", fresh, "SELECT 1", replica2, RouteReason::pinned, false,
         Command::stmt_execute, ListenerMode::split, replica2},
        {"a cursor is open there, while a transaction is elsewhere", transaction, "SELECT 1",
         replica1, RouteReason::pinned, false, Command::stmt_fetch, ListenerMode::split, replica1},
    });
}

TEST_CASE("questions about the last statement go to where it ran")
{
    check({
        {"warnings", warning_on_replica, "SHOW WARNINGS", replica2, RouteReason::pinned},
        {"its errors", warning_on_replica, "SHOW ERRORS", replica2, RouteReason::pinned},
        {"there were none", fresh, "SHOW WARNINGS", primary, RouteReason::needs_primary},
        {"the last id is the primary's", warning_on_replica, "SELECT LAST_INSERT_ID()", primary,
         RouteReason::needs_primary},
        {"another read", warning_on_replica, "SELECT 1", some_replica, RouteReason::read},
    });
}

TEST_CASE("state that only writes depend on binds them, and lets reads go")
{
    check({
        {"a read", user_variable, "SELECT 1", some_replica, RouteReason::read},
        {"a read of it", user_variable, "SELECT @a", primary, RouteReason::needs_primary},
        {"a hint does not take it away", user_variable, "SELECT /* route=replica */ @a", primary,
         RouteReason::pinned},
        {"nor does a read-only transaction", user_variable, "START TRANSACTION READ ONLY", primary,
         RouteReason::pinned},
        {"it is on a server that a write can't use", user_variable_on_replica, "UPDATE t SET a=@a",
         primary, RouteReason::needs_primary, true},
    });
}

TEST_CASE("what a replica refused goes to the primary, whatever was wished for")
{
    const auto redo = [](std::string_view what, std::string_view text) {
        Case row{what, fresh, text, primary, RouteReason::redo};
        row.redo_on_primary = true;
        return row;
    };
    check({redo("a read that wrote", "SELECT f()"),
           redo("against a hint", "SELECT /* route=replica */ f()"),
           redo("against a named server", "SELECT /* route=server:db2 */ f()")});
}

TEST_CASE("a retry goes elsewhere")
{
    for (const auto lost : {replica1, replica2}) {
        Case row{"", fresh, "SELECT 1", lost == replica1 ? replica2 : replica1, RouteReason::read};
        row.avoid = lost;
        check({row});
    }
}

TEST_CASE("a session of a replicas listener stays where it lives")
{
    Case at_home{"", fresh, "SHOW VARIABLES", replica2, RouteReason::listener_mode};
    at_home.mode = ListenerMode::replicas;
    at_home.home = replica2;
    auto lost = at_home;
    lost.avoid = replica2;
    lost.server = replica1;
    check({at_home, lost});

    auto topology = cluster();
    topology.servers[2].takes_reads = false;
    const auto planned = plan_of(at_home, topology, state_after(fresh));
    CHECK(planned.route.server == replica1);
}

TEST_CASE("a primary listener sends everything to the primary")
{
    Case row{"", fresh, "SELECT 1", primary, RouteReason::listener_mode};
    row.mode = ListenerMode::primary;
    check({row});
}

TEST_CASE("with no primary a write waits, and a transaction stays with its server")
{
    auto topology = cluster();
    topology.writes = health::WriteState::held;
    const auto kind_of = [&](const Case& row) {
        return plan_of(row, topology, state_after(row.history)).route.kind;
    };
    Case write{"", fresh, "UPDATE t SET a=1", primary, RouteReason::needs_primary};
    CHECK(kind_of(write) == RouteKind::wait_primary);
    Case redo{"", fresh, "SELECT f()", primary, RouteReason::redo};
    redo.redo_on_primary = true;
    CHECK(kind_of(redo) == RouteKind::wait_primary);
    Case read{"", fresh, "SELECT 1", some_replica, RouteReason::read};
    CHECK(kind_of(read) == RouteKind::server);
    Case commit{"", transaction, "COMMIT", primary, RouteReason::in_transaction};
    CHECK(kind_of(commit) == RouteKind::server);
}

TEST_CASE("autocommit that is off keeps reads from replicas, even when its server was lost")
{
    auto state = state_after(autocommit_off);
    state.forget_server(primary);
    REQUIRE_FALSE(state.in_transaction());
    Case read{"", fresh, "SELECT 1", primary, RouteReason::listener_mode};
    CHECK(plan_of(read, cluster(), state).route.server == primary);
    Case hinted{"", fresh, "START TRANSACTION READ ONLY", primary, RouteReason::listener_mode};
    CHECK(plan_of(hinted, cluster(), state).route.server == primary);
}

TEST_CASE("the class that a command is counted under")
{
    struct Row {
        Command command;
        std::string_view text;
        StatementClass counted;
    };
    constexpr Row rows[] = {
        {Command::query, "SELECT 1", StatementClass::read},
        {Command::stmt_execute, "SELECT 1", StatementClass::read},
        {Command::query, "SELECT 1 FROM t FOR UPDATE", StatementClass::read},
        {Command::query, "INSERT INTO t VALUES (1)", StatementClass::write},
        {Command::query, "CREATE TABLE t (a INT)", StatementClass::write},
        {Command::query, "BEGIN", StatementClass::transaction},
        {Command::query, "COMMIT", StatementClass::transaction},
        {Command::query, "SET @a=1", StatementClass::session},
        {Command::stmt_prepare, "SELECT 1", StatementClass::prepare},
        {Command::ping, "", StatementClass::other},
        {Command::query, "", StatementClass::other},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        const auto statement = protocol::sql::classify(row.text);
        const CommandFacts facts{row.command, row.text.empty() ? nullptr : &statement, {}};
        CHECK(class_of(facts) == row.counted);
    }
}

TEST_CASE("a session's reads stay on one replica until another has clearly less to do")
{
    const auto topology = cluster();
    const auto state = state_after({{.text = "SELECT 1", .server = replica2}});
    const auto statement = protocol::sql::classify("SELECT 2");
    const CommandFacts facts{Command::query, &statement, std::nullopt};
    auto replica_chosen = [&](std::uint32_t at_replica1, std::uint32_t at_replica2) {
        std::vector<std::uint32_t> outstanding(3);
        outstanding[config::index_of(replica1)] = at_replica1;
        outstanding[config::index_of(replica2)] = at_replica2;
        const PlanInput input{.facts = facts,
                              .state = state,
                              .topology = topology,
                              .outstanding = outstanding,
                              .home = std::nullopt,
                              .avoid = std::nullopt};
        Random random(1);
        return plan(input, random).route.server;
    };
    CHECK(replica_chosen(0, 0) == replica2);
    CHECK(replica_chosen(0, 2) == replica2);
    CHECK(replica_chosen(0, 3) == replica1);
    CHECK(replica_chosen(5, 7) == replica2);
    CHECK(replica_chosen(5, 9) == replica1);
}
