#include "proxy/routing/router.hpp"

#include <optional>

namespace pointsman::proxy {

namespace {

using config::ListenerMode;
using config::NoReplica;
using health::ServerView;
using protocol::sql::Access;
using protocol::sql::PrimaryReason;
using protocol::sql::RouteHint;
using protocol::sql::Statement;
using protocol::sql::StatementKind;
using protocol::sql::Transaction;

Route to_primary(const health::Topology& topology, RouteReason reason)
{
    const ServerView* primary = topology.primary_server();
    if (!primary || topology.writes != health::WriteState::open)
        return {RouteKind::wait_primary, reason, {}, false};
    return {RouteKind::server, reason, primary->id, false};
}

Route to_no_server(RouteReason reason)
{
    return {RouteKind::no_server, reason, {}, false};
}

/// A replica, or what is configured for when there is none.
Route to_replica(const RouterInput& input, RouteReason reason, Random& random)
{
    const auto replica =
        choose_replica(input.topology, input.outstanding, input.session.avoid, random);
    if (replica) return {RouteKind::server, reason, *replica, true};
    switch (input.no_replica) {
        case NoReplica::primary:
            return to_primary(input.topology, RouteReason::read_no_replica);
        case NoReplica::error:
            return to_no_server(reason);
    }
    return to_no_server(reason);
}

bool opens_read_only(const Statement& statement)
{
    return statement.statement_count == 1 && statement.transaction == Transaction::begin_read_only;
}

bool replica_may_run(const Statement& statement)
{
    return statement.access == Access::replica || opens_read_only(statement);
}

bool is_query(StatementKind kind)
{
    return kind == StatementKind::select || kind == StatementKind::table ||
           kind == StatementKind::values || kind == StatementKind::show ||
           kind == StatementKind::explain || kind == StatementKind::checksum;
}

/// A hint moves reads only: what writes, or changes the session where that link alone knows it,
/// stays with the rules.
bool hint_may_choose_replica(const Statement& statement)
{
    if (replica_may_run(statement)) return true;
    const bool query = is_query(statement.kind);
    switch (statement.reason) {
        case PrimaryReason::locking_read:
        case PrimaryReason::function:
        case PrimaryReason::unknown_function:
        case PrimaryReason::server_specific:
        case PrimaryReason::session_state:
            return query;
        case PrimaryReason::none:
        case PrimaryReason::writes:
        case PrimaryReason::into:
        case PrimaryReason::transaction:
        case PrimaryReason::multi_statement:
        case PrimaryReason::not_understood:
            return false;
    }
    return false;
}

bool is_usable(const ServerView& server)
{
    const bool alive =
        server.health == health::HealthState::up || server.health == health::HealthState::suspect;
    return alive && !server.quarantined;
}

Route to_named_replica(const ServerView& server, const RouterInput& input)
{
    if (!is_usable(server) || input.session.avoid == server.id)
        return to_no_server(RouteReason::hint);
    return {RouteKind::server, RouteReason::hint, server.id, true};
}

std::optional<Route> to_hinted_server(const RouterInput& input)
{
    const auto& topology = input.topology;
    for (const auto& server : topology.servers) {
        if (server.name != input.statement.hint.server) continue;
        if (topology.primary_server() == &server) return to_primary(topology, RouteReason::hint);
        if (!hint_may_choose_replica(input.statement)) return std::nullopt;
        return to_named_replica(server, input);
    }
    return to_no_server(RouteReason::hint);
}

/// Nothing: there is no hint, or it asks for what a hint cannot have.
std::optional<Route> by_hint(const RouterInput& input, Random& random)
{
    switch (input.statement.hint.kind) {
        case RouteHint::Kind::none:
            return std::nullopt;
        case RouteHint::Kind::primary:
            return to_primary(input.topology, RouteReason::hint);
        case RouteHint::Kind::server:
            return to_hinted_server(input);
        case RouteHint::Kind::replica:
            if (!hint_may_choose_replica(input.statement)) return std::nullopt;
            return to_replica(input, RouteReason::hint, random);
    }
    return std::nullopt;
}

/// Everything stays with the server where the transaction began, even one that takes no new reads.
Route in_transaction(const RouterInput& input)
{
    const auto& session = input.session;
    if (!session.current) return to_primary(input.topology, RouteReason::in_transaction);
    const ServerView* primary = input.topology.primary_server();
    const bool on_replica = !primary || primary->id != *session.current;
    return {RouteKind::server, RouteReason::in_transaction, *session.current, on_replica};
}

/// A listener for replicas sends them everything: they refuse writes themselves. The primary, which
/// would not, gets none of these when it stands in.
Route by_replicas_listener(const RouterInput& input, Random& random)
{
    const auto& session = input.session;
    const ServerView* last =
        session.last_replica ? input.topology.find(*session.last_replica) : nullptr;
    const bool keeps_state = session.pinned_to_primary && last && is_usable(*last);
    if (keeps_state) return {RouteKind::server, RouteReason::pinned, last->id, true};
    const Route found = to_replica(input, RouteReason::listener_mode, random);
    if (found.on_replica || input.statement.reason != PrimaryReason::writes) return found;
    return to_no_server(RouteReason::listener_mode);
}

Route by_split_listener(const RouterInput& input, Random& random)
{
    if (replica_may_run(input.statement)) return to_replica(input, RouteReason::read, random);
    return to_primary(input.topology, RouteReason::needs_primary);
}

Route by_listener(const RouterInput& input, Random& random)
{
    switch (input.session.mode) {
        case ListenerMode::primary:
            return to_primary(input.topology, RouteReason::listener_mode);
        case ListenerMode::replicas:
            return by_replicas_listener(input, random);
        case ListenerMode::split:
            return by_split_listener(input, random);
    }
    return by_split_listener(input, random);
}

}  // namespace

Route route(const RouterInput& input, Random& random)
{
    const auto& session = input.session;
    if (session.in_transaction) return in_transaction(input);
    const bool pinned = session.pinned_to_primary && session.mode != ListenerMode::replicas;
    if (pinned) return to_primary(input.topology, RouteReason::pinned);
    if (const auto hinted = by_hint(input, random)) return *hinted;
    return by_listener(input, random);
}

}  // namespace pointsman::proxy
