#include "proxy/session/account_check.hpp"

#include "protocol/messages/query.hpp"
#include "protocol/messages/resultset.hpp"
#include "protocol/messages/simple_commands.hpp"
#include "protocol/server_error.hpp"
#include "protocol/sql/account_text.hpp"

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
    auto hold_until = worker.reactor.now() + worker.settings->config.routing.hold_timeout;
    why_ = worker.topology->why_not_open;
    for (;;) {
        auto* view = server_to_ask();
        if (view) {
            auto server = *view;
            auto verdict = co_await ask_at(std::move(server), must_ask);
            if (verdict) co_return std::move(*verdict);
        }
        auto known = worker.shared.credentials.find(core_.account.user, worker.reactor.now());
        if (!must_ask && known && known->is_fresh && may_come_plain()) co_return Verdict{};
        auto now = worker.reactor.now();
        if (now >= hold_until || worker.stopping)
            co_return Verdict{server_error::read_only("login not possible: " + why_), false};
        co_await worker.topology_changed.wait_until(
            view ? std::min(hold_until, now + reconnect_pause) : hold_until);
    }
}

/// Nothing when the server can't be asked.
net::Task<std::optional<AccountCheck::Verdict>> AccountCheck::ask_at(health::ServerView server,
                                                                     bool must_ask)
{
    auto& worker = core_.worker;
    auto id = server.id;
    auto known = worker.shared.credentials.find(core_.account.user, worker.reactor.now());
    std::optional<Verdict> verdict;
    if (!must_ask && known && known->is_fresh) verdict = co_await use_shared_link(id);
    if (!verdict) verdict = co_await open_own_link(std::move(server), must_ask);
    if (!verdict || verdict->refused || verdict->password_needed) co_return verdict;
    auto* link = core_.links.held(id);
    bool allowed = co_await allows_transport(*link);
    // An expired password leaves a link on which nothing can be asked.
    if (!allowed && must_try_plain_) allowed = co_await logs_in_plain(id);
    if (allowed) co_return verdict;
    bool lost = link->broken;
    core_.links.drop(id);
    core_.home.reset();
    why_ = "the link to the server was lost";
    if (lost) co_return std::nullopt;
    co_return Verdict{access_denied(), false};
}

/// As a server words it that refuses a connection without TLS.
protocol::Err AccountCheck::access_denied() const
{
    auto using_password = core_.account.secret.is_empty_password()
                              ? server_error::UsingPassword::no
                              : server_error::UsingPassword::yes;
    return server_error::access_denied(core_.account.user, core_.client_host, using_password);
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

net::Task<std::optional<AccountCheck::Verdict>> AccountCheck::open_own_link(
    health::ServerView server, bool must_ask)
{
    auto& worker = core_.worker;
    auto request = link_request(core_);
    auto context = worker.connector();
    auto& lease = lease_of(core_, server.id);
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    if (auto* failure = std::get_if<ConnectFailure>(&opened))
        co_return on_connect_failure(std::move(*failure));
    auto& link = std::get<BackendLinkPtr>(opened);
    if (must_ask) worker.counters.logins_learned.add();
    worker.shared.credentials.learn(core_.account.user, core_.account.secret, worker.reactor.now());
    core_.home = link->server;
    core_.tag->set_link(link->server, link->backend_connection_id);
    worker.pool.adopt_login(lease, std::move(link));
    co_return Verdict{};
}

/// Nothing when the server could not be asked.
std::optional<AccountCheck::Verdict> AccountCheck::on_connect_failure(ConnectFailure failure)
{
    bool denied = failure.error.code == server_error::er_access_denied;
    if (denied && !failure.from_server) return Verdict{std::nullopt, true};
    if (denied) core_.worker.shared.credentials.forget(core_.account.user);
    if (failure.from_server) return Verdict{std::move(failure.error), false};
    why_ = std::move(failure.error.message);
    return std::nullopt;
}

/// The client has TLS, or a server said lately that its account needs none.
bool AccountCheck::may_come_plain() const
{
    if (core_.client.is_tls()) return true;
    auto known =
        core_.worker.shared.credentials.find(core_.account.user, core_.worker.reactor.now());
    return known && known->plain_era == core_.era;
}

/// A server takes an account that asks for TLS (REQUIRE SSL) by the link's TLS; what counts is the
/// client's. False when it may not come in, or the link was lost.
net::Task<bool> AccountCheck::allows_transport(BackendLink& link)
{
    if (may_come_plain()) co_return true;
    auto& worker = core_.worker;
    if (link.stream->is_tls()) {
        auto limit = worker.settings->config.limits.connect_timeout;
        link.stream->handle().set_deadline(worker.reactor.now() + limit);
        // Every account may ask it about itself.
        auto rows = co_await query_rows(link, "SHOW CREATE USER CURRENT_USER()");
        link.stream->handle().set_deadline(net::never);
        bool told = rows && rows->size() == 1 && rows->front().size() == 1 && rows->front()[0];
        must_try_plain_ = !told && !link.broken;
        if (!told || protocol::sql::requires_tls(*rows->front()[0])) co_return false;
    }
    worker.shared.credentials.allow_plain(core_.account.user, core_.era, worker.reactor.now());
    co_return true;
}

/// Only where links may be without TLS anyway: a login without shows the password to who sits on
/// the way and plays the server.
net::Task<bool> AccountCheck::logs_in_plain(config::ServerId id)
{
    auto context = core_.worker.connector();
    auto* view = core_.worker.topology->find(id);
    if (!view || context.tls_mode != config::ServerTlsMode::preferred) co_return false;
    context.tls_mode = config::ServerTlsMode::off;
    auto server = *view;
    auto request = link_request(core_);
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    co_return std::holds_alternative<BackendLinkPtr>(opened);
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
    auto* view = server_to_ask();
    if (!view) co_return std::nullopt;
    auto request = monitor_request(core_);
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
