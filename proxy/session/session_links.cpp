// What a session does with its links between commands.

#include "protocol/sql/user_variables.hpp"

#include "proxy/pool/own_query.hpp"
#include "proxy/session/link_state.hpp"
#include "proxy/session/session_core.hpp"
#include "proxy/session/tracked_state.hpp"

namespace pointsman::proxy {

namespace {

bool needs(const SessionCore& core, const BackendLink& link)
{
    return core.state.needs_link_to(link.server) || core.prepared.needs_link_to(link.server);
}

/// Does this link alone know some of the session's state?
bool has_unread(const SessionCore& core, const BackendLink& link)
{
    const auto& unread = core.state.unread();
    return !unread.empty() && unread.server == link.server && !link.broken;
}

/// The attributes that connections of one program share.
std::string program_of(const std::vector<std::pair<std::string, std::string>>& attributes)
{
    std::string program;
    for (const auto& [name, value] : attributes) {
        bool is_own = name == "_pid" || name == "_thread" || name.starts_with("proxy_");
        if (is_own) continue;
        program += name + '=' + value + '\0';
    }
    return program;
}

/// Whoever takes it next finds it at the end of an answer, and reported in full.
bool is_clean(const BackendLink& link)
{
    return !link.broken && link.tracks_state && link.buffer.empty();
}

/// The server ends it when it is silent for so few seconds, perhaps just when somebody takes it.
bool ends_soon(const BackendLink& link)
{
    constexpr std::size_t two_digits = 2;
    auto timeout = link.variables->find("wait_timeout");
    return timeout != link.variables->end() && timeout->second.size() <= two_digits;
}

void park(SessionCore& core, Lease& lease)
{
    auto& link = *lease.held();
    if (!is_clean(link) || link.is_altered || ends_soon(link)) return lease.drop();
    if (core.tag->clear_link()) lease.park();
}

}  // namespace

std::optional<std::vector<std::string>> assigned_by(const SessionCore& core,
                                                    std::optional<std::string_view> text)
{
    if (!text || !core.worker.pool.is_shared()) return std::nullopt;
    return protocol::sql::assigned_variables(*text, core.state.dialect());
}

Lease& lease_of(SessionCore& core, config::ServerId server)
{
    if (auto* lease = core.links.find(server)) {
        bool same = lease->key().capabilities == core.account.capabilities;
        if (same || lease->held()) return *lease;
        core.links.remove(server);
    }
    LinkGroupKey key{server,
                     core.account.user,
                     core.account.capabilities,
                     core.account.character_set,
                     program_of(core.account.attributes),
                     core.era};
    auto& pool = core.worker.pool;
    return core.links.add(std::make_unique<Lease>(pool, pool.group(key)));
}

void set_multi_statements(SessionCore& core, bool on)
{
    auto& capabilities = core.account.capabilities;
    bool was_on = (capabilities & protocol::capability::multi_statements) != 0;
    if (on == was_on) return;
    capabilities ^= protocol::capability::multi_statements;
    for (const auto& lease : core.links.all()) {
        if (lease->held())
            lease->held()->is_altered = true;
        else
            lease->drop();
    }
}

LinkRequest link_request(const SessionCore& core)
{
    const auto& account = core.account;
    return {account.user,
            account.secret,
            core.state.schema(),
            account.capabilities,
            account.character_set,
            account.attributes,
            core.worker.pool.is_shared()};
}

namespace {

/// Goes on without the session that had it opened.
net::Task<void> open_ahead(LinkPool& pool, std::shared_ptr<LinkGroup> group,
                           ConnectorContext context, health::ServerView server, LinkRequest request)
{
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    auto* link = std::get_if<BackendLinkPtr>(&opened);
    pool.end_opening_ahead(*group, link ? std::move(*link) : nullptr);
}

}  // namespace

void open_links_ahead(const SessionCore& core, config::ServerId server)
{
    auto& pool = core.worker.pool;
    auto* lease = core.links.find(server);
    auto* view = core.worker.topology->find(server);
    if (!lease || !view) return;
    while (pool.wants_more_idle(*lease)) {
        auto group = lease->group();
        pool.begin_opening_ahead(*group);
        net::spawn(
            open_ahead(pool, std::move(group), core.worker.connector(), *view, link_request(core)));
    }
}

LinkRequest monitor_request(const SessionCore& core)
{
    const auto& monitor = core.worker.settings->config.monitor;
    LinkRequest request;
    request.user = monitor.user;
    request.secret = protocol::auth::Secret::from_password(monitor.password.value);
    request.capabilities = offered_for_own_queries;
    return request;
}

bool release_links(SessionCore& core)
{
    if (!core.worker.pool.is_shared()) return false;
    for (const auto& lease : core.links.all()) {
        auto* link = lease->held();
        if (!link || needs(core, *link)) continue;
        if (has_unread(core, *link)) return true;
        park(core, *lease);
    }
    return false;
}

namespace {

/// The OK to a ping tells what changed since the last OK (measured: MySQL 9.7).
net::Task<void> read_untold_changes(SessionCore& core, BackendLink& link)
{
    protocol::Buffer ping{static_cast<protocol::Byte>(protocol::Command::ping)};
    auto answered = co_await run_command(link, ping);
    if (core.state.last_result_on() == link.server) core.state.lose_last_result();
    if (link.broken) co_return core.state.lose_unread();
    auto told = take_tracked_state(answered.last_ok, link.negotiated, core.account.capabilities,
                                   core.state);
    core.state.note_untold_changes(told.state_changed);
    link.variables = core.state.variables();
    link.schema = core.state.schema();
}

net::Task<void> look_what_routines_left(SessionCore& core, BackendLink& link)
{
    auto& worker = core.worker;
    std::optional<LeftByRoutines> left;
    auto* view = worker.topology->find(link.server);
    if (view && !link.is_mariadb) {
        auto context = worker.connector();
        auto server = *view;
        auto request = monitor_request(core);
        auto id = link.backend_connection_id;
        left = co_await worker.lock_witness.look(std::move(context), std::move(server),
                                                 std::move(request), id);
    }
    core.state.note_user_locks(!left || left->user_locks);
    if (!left) co_return;
    core.state.note_unread_variables(left->user_variables);
    if (left->has_others) core.state.pin_to(link.server, pin_user_variable);
}

}  // namespace

net::Task<void> read_back_link(SessionCore& core, BackendLink& link)
{
    if (core.state.unread().changes) co_await read_untold_changes(core, link);
    if (link.broken) co_return;
    if (core.state.unread().user_locks) co_await look_what_routines_left(core, link);
    if (!core.state.unread().empty()) co_await read_unread(link, core.state);
}

net::Task<void> read_back_links(SessionCore& core)
{
    for (const auto& lease : core.links.all()) {
        auto* link = lease->held();
        if (!link || needs(core, *link)) continue;
        if (has_unread(core, *link)) co_await read_back_link(core, *link);
        if (!needs(core, *link)) park(core, *lease);
    }
}

net::Task<void> give_back_links(SessionCore& core)
{
    if (release_links(core)) co_await read_back_links(core);
}

void end_links(SessionCore& core)
{
    const auto& unread = core.state.unread();
    for (const auto& lease : core.links.all()) {
        auto* link = lease->held();
        if (!link) continue;
        bool pinned = core.state.transaction_on() == link->server ||
                      core.state.bound_to() == link->server ||
                      core.prepared.needs_link_to(link->server) ||
                      ((unread.user_locks || unread.changes) && unread.server == link->server);
        // Nobody asks for its last result any more, and what was not read need not be.
        // The SET behind an unknown id clears warnings, too.
        if (unread.last_insert_id || core.state.warnings() != 0)
            link->last_insert_id = unknown_insert_id;
        if (!unread.user_variables.empty()) link->needs_reset = true;
        bool usable = !link->needs_reset || link->is_resettable;
        if (pinned || !usable || !core.worker.pool.is_shared())
            lease->drop();
        else
            park(core, *lease);
    }
    core.links.clear();
}

}  // namespace pointsman::proxy
