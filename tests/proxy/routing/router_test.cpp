#include "proxy/routing/router.hpp"

#include "protocol/sql/classifier.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using namespace pointsman;
using namespace pointsman::proxy;
using config::ListenerMode;
using config::NoReplica;
using health::HealthState;
using health::WriteState;

namespace {

constexpr auto primary = static_cast<config::ServerId>(0);
constexpr auto replica1 = static_cast<config::ServerId>(1);
constexpr auto replica2 = static_cast<config::ServerId>(2);

health::ServerView server(config::ServerId id, std::string name, health::Role role)
{
    health::ServerView view;
    view.id = id;
    view.name = std::move(name);
    view.role = role;
    view.health = HealthState::up;
    view.takes_reads = role == health::Role::replica;
    return view;
}

health::Topology cluster()
{
    health::Topology topology;
    topology.servers = {server(primary, "db0", health::Role::primary),
                        server(replica1, "db1", health::Role::replica),
                        server(replica2, "db2", health::Role::replica)};
    topology.primary = 0;
    topology.writes = WriteState::open;
    return topology;
}

health::Topology without_replicas()
{
    auto topology = cluster();
    for (auto& server : topology.servers) server.takes_reads = false;
    return topology;
}

health::Topology without_primary(WriteState writes)
{
    auto topology = cluster();
    topology.primary.reset();
    topology.servers[0].health = HealthState::down;
    topology.writes = writes;
    return topology;
}

/// "primary read", "replica hint", "wait pinned", "none listener_mode"…
std::string said(const Route& route)
{
    constexpr std::string_view reasons[route_reason_count] = {
        "read", "read_no_replica", "needs_primary", "in_transaction", "pinned",
        "hint", "listener_mode",   "redo",    "not_fresh"};
    std::string place = "none";
    if (route.kind == RouteKind::wait_primary) place = "wait";
    if (route.kind == RouteKind::server) place = route.on_replica ? "replica" : "primary";
    if (route.kind == RouteKind::server && route.on_replica == (route.server == primary))
        place = "wrong";
    return place + " " + std::string(reasons[static_cast<std::size_t>(route.reason)]);
}

std::string routed(std::string_view sql, const SessionFacts& session = {},
                   const health::Topology& topology = cluster(),
                   NoReplica no_replica = NoReplica::primary)
{
    const auto statement = protocol::sql::classify(sql);
    Random random(1);
    return said(route({statement, session, topology, {}, no_replica}, random));
}

struct Row {
    std::string_view sql;
    std::string_view split, primary_mode, replicas_mode;
};

// One row per rule, for each mode of listener, outside a transaction.
constexpr Row rows[] = {
    {"SELECT 1", "replica read", "primary listener_mode", "replica listener_mode"},
    {"SELECT 1; SELECT 2", "replica read", "primary listener_mode", "replica listener_mode"},
    {"SHOW TABLES", "replica read", "primary listener_mode", "replica listener_mode"},
    {"START TRANSACTION READ ONLY", "replica read", "primary listener_mode",
     "replica listener_mode"},
    {"START TRANSACTION READ ONLY; SELECT 1", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"START TRANSACTION", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"INSERT INTO t VALUES (1)", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"SELECT 1 FOR UPDATE", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"SELECT f(1)", "primary needs_primary", "primary listener_mode", "replica listener_mode"},
    {"SELECT @a", "primary needs_primary", "primary listener_mode", "replica listener_mode"},
    {"SET NAMES utf8mb4", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"", "primary needs_primary", "primary listener_mode", "replica listener_mode"},
    {"FOO", "primary needs_primary", "primary listener_mode", "replica listener_mode"},
    // hints overrule
    {"/* route=primary */ SELECT 1", "primary hint", "primary hint", "primary hint"},
    {"/* route=replica */ SELECT 1", "replica hint", "replica hint", "replica hint"},
    {"/* route=replica */ SELECT f(1)", "replica hint", "replica hint", "replica hint"},
    {"/* route=replica */ SELECT SLEEP(0)", "replica hint", "replica hint", "replica hint"},
    {"/* route=replica */ SELECT @@version", "replica hint", "replica hint", "replica hint"},
    {"/* route=replica */ SHOW STATUS", "replica hint", "replica hint", "replica hint"},
    {"/* route=replica */ SELECT 1 FOR SHARE", "replica hint", "replica hint", "replica hint"},
    {"/* route=server:db0 */ SELECT 1", "primary hint", "primary hint", "primary hint"},
    {"/* route=server:db2 */ SELECT 1", "replica hint", "replica hint", "replica hint"},
    {"/* route=server:db2 */ SHOW PROCESSLIST", "replica hint", "replica hint", "replica hint"},
    {"/* route=server:nosuch */ SELECT 1", "none hint", "none hint", "none hint"},
    {"/* route=server:db0 */ DELETE FROM t", "primary hint", "primary hint", "primary hint"},
    // … but never carry a write, or the session's own state, to a replica
    {"/* route=replica */ DELETE FROM t", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"/* route=server:db2 */ DELETE FROM t", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"/* route=replica */ SELECT 1; DELETE FROM t", "primary needs_primary",
     "primary listener_mode", "replica listener_mode"},
    {"/* route=replica */ SET NAMES utf8mb4", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"/* route=replica */ BEGIN", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
    {"/* route=replica */ KILL 5", "primary needs_primary", "primary listener_mode",
     "replica listener_mode"},
};

}  // namespace

TEST_CASE("every rule for a free session holds in every mode")
{
    for (const Row& row : rows) {
        INFO(row.sql);
        CHECK(routed(row.sql, {.mode = ListenerMode::split}) == row.split);
        CHECK(routed(row.sql, {.mode = ListenerMode::primary}) == row.primary_mode);
        CHECK(routed(row.sql, {.mode = ListenerMode::replicas}) == row.replicas_mode);
    }
}

TEST_CASE("in a transaction everything stays where it began, hints or not")
{
    for (const Row& row : rows) {
        INFO(row.sql);
        for (const auto mode :
             {ListenerMode::split, ListenerMode::primary, ListenerMode::replicas}) {
            SessionFacts session{.mode = mode, .in_transaction = true, .current = replica1};
            CHECK(routed(row.sql, session) == "replica in_transaction");
            session.current = primary;
            CHECK(routed(row.sql, session) == "primary in_transaction");
        }
    }
}

TEST_CASE(
    "a transaction stays on its server when that takes no new reads, and when writes are held")
{
    auto topology = without_replicas();
    CHECK(routed("SELECT 1", {.in_transaction = true, .current = replica1}, topology) ==
          "replica in_transaction");
    topology.writes = WriteState::held;
    CHECK(routed("DELETE FROM t", {.in_transaction = true, .current = primary}, topology) ==
          "primary in_transaction");
}

TEST_CASE("a transaction without a server yet begins on the primary")
{
    CHECK(routed("SELECT 1", {.in_transaction = true}) == "primary in_transaction");
    CHECK(routed("SELECT 1", {.in_transaction = true}, without_primary(WriteState::none)) ==
          "wait in_transaction");
}

TEST_CASE("a session pinned to the primary goes there with everything, hints or not")
{
    for (const Row& row : rows) {
        INFO(row.sql);
        CHECK(routed(row.sql, {.pinned_to_primary = true}) == "primary pinned");
        CHECK(routed(row.sql, {.mode = ListenerMode::primary, .pinned_to_primary = true}) ==
              "primary pinned");
    }
}

TEST_CASE("a session with state on a replicas listener stays on the replica that has it")
{
    const SessionFacts session{
        .mode = ListenerMode::replicas, .pinned_to_primary = true, .last_replica = replica2};
    CHECK(routed("SELECT 1", session) == "replica pinned");
    auto topology = cluster();
    topology.servers[2].health = HealthState::down;
    topology.servers[2].takes_reads = false;
    CHECK(routed("SELECT 1", session, topology) == "replica listener_mode");
}

TEST_CASE("without a fit replica reads go to the primary, or nowhere when so configured")
{
    const auto topology = without_replicas();
    CHECK(routed("SELECT 1", {}, topology) == "primary read_no_replica");
    CHECK(routed("SELECT 1", {}, topology, NoReplica::error) == "none read");
    CHECK(routed("START TRANSACTION READ ONLY", {}, topology) == "primary read_no_replica");
    CHECK(routed("/* route=replica */ SELECT 1", {}, topology) == "primary read_no_replica");
    CHECK(routed("/* route=replica */ SELECT 1", {}, topology, NoReplica::error) == "none hint");
    CHECK(routed("DELETE FROM t", {}, topology, NoReplica::error) == "primary needs_primary");
}

TEST_CASE("a replicas listener never lets a write through to a primary that stands in")
{
    const SessionFacts session{.mode = ListenerMode::replicas};
    const auto topology = without_replicas();
    CHECK(routed("SELECT 1", session, topology) == "primary read_no_replica");
    CHECK(routed("DELETE FROM t", session, topology) == "none listener_mode");
    CHECK(routed("SELECT 1", session, topology, NoReplica::error) == "none listener_mode");
}

TEST_CASE("without an open primary writes wait, reads go on")
{
    for (const auto writes : {WriteState::held, WriteState::none}) {
        const auto topology = without_primary(writes);
        CHECK(routed("DELETE FROM t", {}, topology) == "wait needs_primary");
        CHECK(routed("SELECT 1", {}, topology) == "replica read");
        CHECK(routed("SELECT 1", {.pinned_to_primary = true}, topology) == "wait pinned");
        CHECK(routed("SELECT 1", {.mode = ListenerMode::primary}, topology) ==
              "wait listener_mode");
        CHECK(routed("/* route=primary */ SELECT 1", {}, topology) == "wait hint");
        CHECK(routed("DELETE FROM t", {.mode = ListenerMode::replicas}, topology) ==
              "replica listener_mode");
    }
    auto held = without_replicas();
    held.writes = WriteState::held;
    CHECK(routed("DELETE FROM t", {}, held) == "wait needs_primary");
    CHECK(routed("SELECT 1", {}, held) == "wait read_no_replica");
    CHECK(routed("/* route=server:db0 */ SELECT 1", {}, held) == "wait hint");
}

TEST_CASE("a named server that is down, drained or quarantined gets nothing")
{
    for (const auto state : {HealthState::down, HealthState::maintenance, HealthState::starting}) {
        auto topology = cluster();
        topology.servers[2].health = state;
        CHECK(routed("/* route=server:db2 */ SELECT 1", {}, topology) == "none hint");
    }
    auto topology = cluster();
    topology.servers[2].quarantined = true;
    CHECK(routed("/* route=server:db2 */ SELECT 1", {}, topology) == "none hint");
    CHECK(routed("/* route=server:db2 */ SELECT 1", {.avoid = replica2}) == "none hint");
}

TEST_CASE("a named server that only lags still answers who asks for it by name")
{
    auto topology = cluster();
    topology.servers[2].takes_reads = false;
    CHECK(routed("/* route=server:db2 */ SELECT 1", {}, topology) == "replica hint");
}

TEST_CASE("a retry does not go to the server that just failed")
{
    const auto statement = protocol::sql::classify("SELECT 1");
    const auto topology = cluster();
    const SessionFacts session{.avoid = replica1};
    Random random(1);
    for (int i = 0; i < 100; ++i) {
        const Route found = route({statement, session, topology, {}, NoReplica::primary}, random);
        CHECK(found.server == replica2);
    }
    auto alone = cluster();
    alone.servers[2].takes_reads = false;
    CHECK(routed("SELECT 1", session, alone) == "primary read_no_replica");
}

TEST_CASE("reads are spread over the replicas by what they have under way")
{
    const auto statement = protocol::sql::classify("SELECT 1");
    const auto topology = cluster();
    const std::uint32_t outstanding[] = {0, 4, 1};
    Random random(1);
    for (int i = 0; i < 100; ++i) {
        const Route found =
            route({statement, {}, topology, outstanding, NoReplica::primary}, random);
        CHECK(found.server == replica2);
    }
}
