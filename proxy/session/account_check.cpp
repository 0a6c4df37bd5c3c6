#include "proxy/session/account_check.hpp"

#include "protocol/messages/query.hpp"
#include "protocol/messages/resultset.hpp"
#include "protocol/messages/simple_commands.hpp"
#include "protocol/server_error.hpp"

#include "proxy/pool/own_query.hpp"
#include "proxy/session/link_state.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
using protocol::auth::Secret;

namespace {

constexpr auto reconnect_pause = std::chrono::milliseconds(20);

bool is_up(const health::ServerView& server)
{
    return server.health == health::HealthState::up && !server.quarantined;
}

std::string hex_literal(const std::string& text)
{
    constexpr char digits[] = "0123456789abcdef";
    std::string literal = "0x";
    for (unsigned char c : text) {
        literal += digits[c >> 4];
        literal += digits[c & 15];
    }
    return literal;
}

}  // namespace

const health::ServerView* AccountCheck::server_to_ask() const
{
    auto& worker = core_.worker;
    const auto& topology = *worker.topology;
    if (core_.listener.mode == config::ListenerMode::replicas) {
        auto chosen = choose_replica(topology, worker.outstanding, std::nullopt, worker.random);
        if (chosen) return topology.find(*chosen);
    }
    if (auto* primary = topology.primary_server(); primary && is_up(*primary)) return primary;
    // Accounts are replicated: any server knows them.
    for (const auto& server : topology.servers)
        if (is_up(server)) return &server;
    return nullptr;
}

net::Task<AccountCheck::Verdict> AccountCheck::ask_server(bool must_ask)
{
    auto& worker = core_.worker;
    auto& credentials = worker.shared.credentials;
    const auto& account = core_.account;
    auto hold_until = worker.reactor.now() + worker.settings->config.routing.hold_timeout;
    std::string why = worker.topology->why_not_open;
    for (;;) {
        auto* view = server_to_ask();
        if (view) {
            auto known = credentials.find(account.user, worker.reactor.now());
            if (!must_ask && known && known->is_fresh) {
                auto verdict = co_await use_shared_link(view->id);
                if (verdict) co_return *verdict;
            }
            auto request = link_request(core_);
            auto context = worker.connector();
            auto server = *view;
            auto& lease = lease_of(core_, server.id);
            auto opened =
                co_await open_link(std::move(context), std::move(server), std::move(request));
            if (auto* link = std::get_if<BackendLinkPtr>(&opened)) {
                if (must_ask) worker.counters.logins_learned.add();
                credentials.learn(account.user, account.secret, worker.reactor.now());
                core_.home = (*link)->server;
                core_.tag->set_link((*link)->server, (*link)->backend_connection_id);
                worker.pool.adopt_login(lease, std::move(*link));
                co_return Verdict{};
            }
            auto& failure = std::get<ConnectFailure>(opened);
            bool denied = failure.error.code == server_error::er_access_denied;
            if (denied && !failure.from_server) co_return Verdict{std::nullopt, true};
            if (denied) credentials.forget(account.user);
            if (failure.from_server) co_return Verdict{failure.error, false};
            why = failure.error.message;
        }
        auto known = credentials.find(account.user, worker.reactor.now());
        if (!must_ask && known && known->is_fresh) co_return Verdict{};
        auto now = worker.reactor.now();
        if (now >= hold_until || worker.stopping)
            co_return Verdict{server_error::read_only("login not possible: " + why), false};
        co_await worker.topology_changed.wait_until(
            view ? std::min(hold_until, now + reconnect_pause) : hold_until);
    }
}

/// An account that was verified lately need not log in again: a link of its own that is idle,
/// brought to the wanted schema, says as much. Nothing when there is none.
net::Task<std::optional<AccountCheck::Verdict>> AccountCheck::use_shared_link(
    config::ServerId server)
{
    auto& pool = core_.worker.pool;
    if (!pool.is_shared()) co_return std::nullopt;
    auto& lease = lease_of(core_, server);
    LinkWish wish{core_.state.variables(), core_.state.schema()};
    if (!pool.try_take(lease, wish)) co_return std::nullopt;
    auto& link = *lease.held();
    bool usable = !link.stream->has_unexpected_input() && can_be_brought_to(link, core_.state);
    if (usable && link.schema != core_.state.schema()) {
        auto payload = protocol::encode_init_db(core_.state.schema());
        auto used = co_await run_command(link, payload);
        if (!used.ok() && !link.broken) {
            lease.park();
            co_return Verdict{used.error, false};
        }
        if (used.ok()) link.schema = core_.state.schema();
        usable = used.ok();
    }
    if (!usable) {
        lease.drop();
        co_return std::nullopt;
    }
    core_.home = server;
    co_return Verdict{};
}

net::Task<std::optional<Secret>> AccountCheck::find_secret(std::string user, std::string plugin)
{
    auto found = core_.worker.shared.credentials.find(user, core_.worker.reactor.now());
    if (found && (plugin != "mysql_native_password" || found->secret.sha1_stage2()))
        co_return found->secret;
    if (plugin == "mysql_native_password") {
        auto read = co_await read_native_hash(user);
        if (read) co_return read;
    }
    if (found) co_return found->secret;
    co_return std::nullopt;
}

net::Task<std::optional<Secret>> AccountCheck::read_native_hash(std::string user)
{
    const auto& monitor = core_.worker.settings->config.monitor;
    auto* view = server_to_ask();
    if (!view) co_return std::nullopt;
    LinkRequest request;
    request.user = monitor.user;
    request.secret = Secret::from_password(monitor.password.value);
    request.capabilities = offered_for_own_queries;
    auto context = core_.worker.connector();
    auto server = *view;
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    auto* link = std::get_if<BackendLinkPtr>(&opened);
    if (!link) co_return std::nullopt;
    // As a hex literal the name needs no quoting, under any sql_mode.
    auto sql = "SELECT DISTINCT authentication_string FROM mysql.user WHERE User=CONVERT(" +
               hex_literal(user) + " USING utf8mb4) AND plugin='mysql_native_password' LIMIT 2";
    auto rows = co_await query_rows(**link, sql);
    // Accounts of one name with different passwords can't be told apart from here.
    if (!rows || rows->size() != 1 || rows->front().empty() || !rows->front().front())
        co_return std::nullopt;
    co_return Secret::from_native_hash(*rows->front().front());
}

}  // namespace pointsman::proxy
