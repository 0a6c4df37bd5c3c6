#pragma once
// A cluster of one primary and two replicas, and what statements did in a session on it.

#include "protocol/server_status.hpp"
#include "protocol/sql/classifier.hpp"
#include "protocol/sql/held_changes.hpp"

#include "health/topology.hpp"

#include "proxy/session/session_state.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pointsman::tests {

constexpr auto primary = static_cast<config::ServerId>(0);
constexpr auto replica1 = static_cast<config::ServerId>(1);
constexpr auto replica2 = static_cast<config::ServerId>(2);

inline health::ServerView server_view(config::ServerId id, std::string name, health::Role role)
{
    health::ServerView view;
    view.id = id;
    view.name = std::move(name);
    view.role = role;
    view.health = health::HealthState::up;
    view.takes_reads = role == health::Role::replica;
    return view;
}

inline health::Topology cluster()
{
    health::Topology topology;
    topology.servers = {server_view(primary, "db0", health::Role::primary),
                        server_view(replica1, "db1", health::Role::replica),
                        server_view(replica2, "db2", health::Role::replica)};
    topology.primary = 0;
    topology.writes = health::WriteState::open;
    return topology;
}

/// One statement, as a server answered it.
struct Done {
    std::string_view text;
    std::vector<protocol::TrackedChange> changes = {};
    std::uint16_t status = protocol::server_status::autocommit;
    std::uint16_t error_code = 0;
    std::uint16_t warnings = 0;
    std::uint64_t last_insert_id = 0;
    config::ServerId server = primary;
    bool state_changed = false;
    bool link_tracks_state = true;
    std::vector<std::string> assigned = {};  // user variables
    bool assigns_unnamed = false;            // and such as nobody can name
    std::optional<std::uint64_t> rows = {};  // of a result of rows
    std::uint64_t affected_rows = 0;
    protocol::Command command = protocol::Command::query;
};

inline void settle(proxy::SessionState& state, const Done& done)
{
    const auto statement = protocol::sql::classify(done.text, state.dialect());
    protocol::Report report;
    report.status = done.status;
    report.has_status = done.error_code == 0;  // as in the protocol: an ERR carries none
    report.error_code = done.error_code;
    report.warnings = done.warnings;
    report.last_insert_id = done.last_insert_id;
    report.affected_rows = done.affected_rows;
    report.has_result_set = report.ends_with_rows = done.rows.has_value();
    report.rows = done.rows.value_or(0);
    state.note_changes(done.changes);
    proxy::Settled settled;
    settled.command = done.command;
    settled.statement = done.text.empty() ? nullptr : &statement;
    settled.report = &report;
    settled.server = done.server;
    settled.on_replica = done.server != primary;
    settled.state_changed = done.state_changed;
    settled.link_tracks_state = done.link_tracks_state;
    settled.assigned = done.assigned;
    if (done.assigns_unnamed) settled.assigned.reset();
    if (state.may_change_held(statement))
        settled.held = protocol::sql::held_changes(done.text, statement, state.dialect());
    state.settle(settled);
}

inline proxy::SessionState state_after(const std::vector<Done>& history)
{
    proxy::SessionState state;
    for (const auto& done : history) settle(state, done);
    return state;
}

}  // namespace pointsman::tests
