#include "proxy/session/login.hpp"

#include "protocol/handshake/server_handshake.hpp"
#include "protocol/messages/change_user.hpp"
#include "protocol/proxy_header.hpp"
#include "protocol/server_error.hpp"
#include "protocol/server_status.hpp"

#include "proxy/net/random_bytes.hpp"
#include "proxy/session/account_check.hpp"
#include "proxy/session/tracked_state.hpp"

namespace pointsman::proxy {

namespace {

namespace capability = protocol::capability;
namespace server_error = protocol::server_error;
using protocol::ServerHandshake;
using Ended = std::optional<CloseReason>;

/// Largest packet of a login: attributes are at most 64 KiB, the rest is small.
constexpr std::size_t max_login_packet = 128 * 1024;

/// What both flavours have and Pointsman passes through.
constexpr protocol::Capabilities common_capabilities =
    capability::found_rows | capability::long_flag | capability::connect_with_db |
    capability::no_schema | capability::odbc | capability::local_files | capability::ignore_space |
    capability::protocol_41 | capability::interactive | capability::ignore_sigpipe |
    capability::transactions | capability::reserved | capability::secure_connection |
    capability::multi_statements | capability::multi_results | capability::ps_multi_results |
    capability::plugin_auth | capability::connect_attrs | capability::plugin_auth_lenenc_data |
    capability::can_handle_expired_passwords | capability::session_track |
    capability::deprecate_eof;

/// The OK of a shared link's login speaks of the schema that was wanted then.
void name_schema(protocol::Ok& ok, const std::string& schema)
{
    auto changes = protocol::decode_session_state(ok.session_state);
    if (!changes) return;
    std::erase_if(*changes, [](const auto& change) {
        return std::holds_alternative<protocol::TrackedSchema>(change);
    });
    if (!schema.empty()) {
        changes->push_back(protocol::TrackedSchema{schema});
        ok.status |= protocol::server_status::session_state_changed;
    }
    ok.session_state = protocol::encode_session_state(*changes);
}

protocol::auth::Nonce make_nonce()
{
    protocol::auth::Nonce nonce;
    net::fill_random(nonce);
    // The nonce travels as a NUL-terminated text, and clients take it as printable ASCII.
    for (auto& byte : nonce) byte = static_cast<protocol::Byte>('!' + byte % ('~' - '!' + 1));
    return nonce;
}

protocol::ClientTls handshake_tls(config::ClientTlsMode mode)
{
    switch (mode) {
        case config::ClientTlsMode::off:
            return protocol::ClientTls::off;
        case config::ClientTlsMode::optional:
            return protocol::ClientTls::optional;
        case config::ClientTlsMode::required:
            break;
    }
    return protocol::ClientTls::required;
}

bool is_mariadb(const health::ServerView* server)
{
    return server && server->flavour == health::Flavour::mariadb;
}

std::string greeting_version(const config::Config& config, const health::ServerView* server)
{
    if (!config.server_version.empty()) return config.server_version;
    if (!server || server->version.empty()) return "8.0.0-pointsman";
    // MariaDB up to 10.x says so, for replicas of old that wanted a version of one digit.
    bool prefixed = is_mariadb(server) && server->version_number < 110000;
    return prefixed ? "5.5.5-" + server->version : server->version;
}

/// The server whose face the client sees.
const health::ServerView* face_of(const health::Topology& topology)
{
    if (auto* primary = topology.primary_server()) return primary;
    for (const auto& server : topology.servers)
        if (!server.version.empty()) return &server;
    return nullptr;
}

/// What the listener says, of what the client's servers could do as well.
protocol::Capabilities offered_here(const SessionCore& core)
{
    using config::ClientCompression;
    auto* face = face_of(*core.worker.topology);
    auto offered = offered_capabilities(face);
    auto choice = core.listener.client_compression;
    if (choice == ClientCompression::any || choice == ClientCompression::zlib)
        offered |= capability::compress;
    bool has_zstd = !is_mariadb(face) && (!face || face->version_number >= 80018);
    if (has_zstd && (choice == ClientCompression::any || choice == ClientCompression::zstd))
        offered |= capability::zstd_compression;
    return offered;
}

ServerHandshake::Settings handshake_settings(const SessionCore& core, const Settings& settings,
                                             protocol::Capabilities offered)
{
    auto* face = face_of(*core.worker.topology);
    ServerHandshake::Settings result;
    result.server_version = greeting_version(settings.config, face);
    result.connection_id = core.connection_id;
    result.offered = offered;
    result.character_set = is_mariadb(face) ? 45 : 255;  // utf8mb4's default collation
    result.nonce = core.nonce;
    result.tls = handshake_tls(core.listener.client_tls);
    result.default_plugin = is_mariadb(face) ? "mysql_native_password" : "caching_sha2_password";
    result.rsa_key = &settings.rsa_key;
    result.secure_transport = core.client_is_unix;
    result.client_host = core.client_host;
    return result;
}

/// May the other end of this connection say that its client is elsewhere?
bool may_name_client(const SessionCore& core)
{
    if (core.client_is_unix) return false;
    for (const auto& listener : core.worker.settings->config.listeners)
        if (listener.name == core.listener.name)
            return config::any_contains(listener.proxy_protocol, core.client_host);
    return false;
}

/// Plays one handshake.
class Login {
public:
    Login(SessionCore& core, protocol::Capabilities offered)
        : core_(core),
          settings_(core.worker.settings),
          handshake_(handshake_settings(core, *settings_, offered)),
          check_(core)
    {
    }

    /// `by_balancer`: a PROXY header may come before the client's first packet.
    net::Task<Ended> run(bool by_balancer)
    {
        may_be_proxied_ = by_balancer;
        return play(handshake_.start());
    }

    net::Task<Ended> run_change_user(protocol::HandshakeResponse response)
    {
        return play(handshake_.start_change_user(std::move(response), core_.client.is_tls()));
    }

    protocol::Compression compression() const { return handshake_.compression(); }

private:
    net::Task<Ended> play(ServerHandshake::Action action)
    {
        for (;;) {
            if (auto* send = std::get_if<ServerHandshake::Send>(&action)) {
                bool written = co_await write(send->bytes);
                if (!written) co_return aborted(CloseReason::login_aborted);
                auto next = co_await read_and_step();
                if (!next) co_return aborted(why_no_packet_);
                action = std::move(*next);
            } else if (std::holds_alternative<ServerHandshake::StartTls>(action)) {
                bool secure = co_await start_tls();
                if (!secure) co_return aborted(CloseReason::tls_failed);
                auto next = co_await read_and_step();
                if (!next) co_return aborted(why_no_packet_);
                action = std::move(*next);
            } else if (auto* lookup = std::get_if<ServerHandshake::LookUpSecret>(&action)) {
                take_response();
                if (is_blocked()) {
                    action = handshake_.on_refused(server_error::host_blocked(core_.client_host));
                    continue;
                }
                auto secret =
                    co_await check_.find_secret(lookup->user, handshake_.response().plugin);
                action = handshake_.on_secret(std::move(secret));
            } else if (auto* check = std::get_if<ServerHandshake::CheckWithServer>(&action)) {
                core_.account.secret = check->secret;
                auto verdict = co_await check_.ask_server(check->learned);
                bool accepted = !verdict.refused && !verdict.password_needed;
                if (accepted) verdict.refused = take_account_slot();
                // Whatever else a server says, or that none is there, is not the client's fault.
                is_clients_fault_ =
                    !verdict.refused || verdict.refused->code == server_error::er_access_denied;
                action = verdict.password_needed ? handshake_.on_password_needed()
                                                 : handshake_.on_verdict(verdict.refused);
            } else if (auto* accepted = std::get_if<ServerHandshake::Accepted>(&action)) {
                co_return co_await finish(accepted->bytes);
            } else {
                auto& refused = std::get<ServerHandshake::Refused>(action);
                co_return co_await refuse(refused);
            }
        }
    }

    net::Task<bool> write(const protocol::Buffer& bytes)
    {
        core_.worker.counters.bytes_to_clients.add(bytes.size());
        auto sent = co_await core_.client.write_all(bytes);
        co_return sent.status == net::IoStatus::ok;
    }

    /// Exactly as many bytes as the packet has: what follows an SSLRequest belongs to TLS.
    net::Task<bool> read_exactly(std::size_t bytes)
    {
        auto& buffer = core_.client_buffer;
        buffer.grow(bytes);
        while (buffer.size() < bytes) {
            auto room = buffer.prepare().first(bytes - buffer.size());
            auto got = co_await core_.client.read_some(room);
            if (got.status != net::IoStatus::ok) {
                if (got.status == net::IoStatus::timed_out)
                    why_no_packet_ = CloseReason::handshake_timeout;
                if (got.status == net::IoStatus::cancelled) why_no_packet_ = CloseReason::shutdown;
                co_return false;
            }
            buffer.commit(got.bytes);
            spoke_ = true;
            core_.worker.counters.bytes_from_clients.add(got.bytes);
        }
        co_return true;
    }

    net::Task<std::optional<ServerHandshake::Action>> read_and_step()
    {
        auto& buffer = core_.client_buffer;
        if (may_be_proxied_) {
            bool understood = co_await read_proxy_header();
            if (!understood) co_return std::nullopt;
        }
        bool read = co_await read_exactly(protocol::packet_header_size);
        if (!read) co_return std::nullopt;
        auto header = *protocol::peek_header(buffer.data());
        if (header.payload_size > max_login_packet) {
            core_.worker.counters.protocol_errors.add();
            co_return std::nullopt;
        }
        read = co_await read_exactly(header.wire_size());
        if (!read) co_return std::nullopt;
        auto payload = buffer.data().subspan(protocol::packet_header_size);
        auto action = handshake_.on_packet(payload, header.sequence);
        buffer.consume(header.wire_size());
        co_return std::move(action);
    }

    /// The balancer's header, if one comes. False when the connection can't go on.
    net::Task<bool> read_proxy_header()
    {
        may_be_proxied_ = false;
        auto& buffer = core_.client_buffer;
        auto header = protocol::read_proxy_header(buffer.data());
        while (header.state == protocol::ProxyHeader::State::incomplete) {
            bool read = co_await read_exactly(header.size);
            if (!read) co_return false;
            header = protocol::read_proxy_header(buffer.data());
        }
        if (header.state == protocol::ProxyHeader::State::absent) co_return true;
        spoke_ = false;  // it was the balancer that did
        if (header.state == protocol::ProxyHeader::State::malformed) {
            core_.worker.counters.protocol_errors.add();
            co_return false;
        }
        buffer.consume(header.size);
        if (!header.client) co_return true;
        core_.client_host = header.client->host;
        core_.client_port = header.client->port;
        handshake_.set_client_host(core_.client_host);
        is_proxied_ = true;
        co_return true;
    }

    /// Of a client behind a balancer, which is not known before it has spoken.
    bool is_blocked()
    {
        auto now = core_.worker.reactor.now();
        if (!is_proxied_ || !core_.worker.shared.login_guard.is_blocked(core_.client_host, now))
            return false;
        is_clients_fault_ = false;
        why_refused_ = CloseReason::host_blocked;
        return true;
    }

    std::optional<protocol::Err> take_account_slot()
    {
        auto refused = core_.account_slot.take(core_.account.user);
        if (refused) why_refused_ = CloseReason::too_many_user_connections;
        return refused;
    }

    net::Task<bool> start_tls()
    {
        core_.worker.counters.tls_handshakes.add();
        bool good = co_await core_.client.start_tls_server(settings_->client_tls->get());
        if (!good) co_return false;
        std::ignore = handshake_.on_tls_ready();
        co_return true;
    }

    /// Once the client's answer is complete: what links must know of it.
    void take_response()
    {
        const auto& response = handshake_.response();
        auto& account = core_.account;
        account.user = response.user;
        // The packets inside are the same: compressed clients share links with others.
        account.capabilities =
            handshake_.negotiated() & ~(capability::compress | capability::zstd_compression);
        // A server with local_infile=OFF offers it too; to a link that lacks it every server says
        // the same as with the variable off (measured: MySQL 9.7, MariaDB 10.11).
        if (!core_.listener.local_infile) account.capabilities &= ~capability::local_files;
        account.character_set = response.character_set;
        account.attributes = with_proxy_attributes(response.attributes, core_);
        core_.state.reset(response.schema);
        core_.tag->set_user(response.user);
        core_.era = core_.worker.shared.era.load();
    }

    net::Task<Ended> finish(const protocol::Buffer& first)
    {
        core_.worker.shared.login_guard.note_success(core_.client_host);
        core_.worker.counters.logins_ok.add();
        protocol::Ok ok;
        ok.status = core_.state.status();
        if (auto* link = core_.home ? core_.links.held(*core_.home) : nullptr) ok = link->login_ok;
        core_.state.set_status(ok.status);
        name_schema(ok, core_.state.schema());
        hide_untracked(ok, core_.account.capabilities);
        co_await give_back_links(core_);
        auto payload = protocol::encode_ok(ok, core_.account.capabilities);
        auto bytes = first;
        auto final_packet = handshake_.frame_final(payload);
        bytes.insert(bytes.end(), final_packet.begin(), final_packet.end());
        bool written = co_await write(bytes);
        if (!written) co_return CloseReason::login_aborted;
        co_return std::nullopt;
    }

    net::Task<Ended> refuse(ServerHandshake::Refused& refused)
    {
        auto& counters = core_.worker.counters;
        bool denied = refused.error.code == server_error::er_access_denied;
        if (denied || !is_clients_fault_)
            counters.logins_denied.add();
        else
            counters.protocol_errors.add();
        counters.count_own_error(refused.error.code);
        if (is_clients_fault_) co_await punish();
        co_await write(refused.bytes);
        co_return why_refused_;
    }

    /// Slows down who keeps failing.
    net::Task<void> punish()
    {
        auto now = core_.worker.reactor.now();
        auto delay = core_.worker.shared.login_guard.note_failure(core_.client_host, now);
        if (delay.count() == 0) co_return;
        net::Signal pause(core_.worker.reactor);
        auto until = now + delay;
        co_await pause.wait_until(until);
    }

    Ended aborted(CloseReason reason)
    {
        if (!spoke_ || reason == CloseReason::shutdown) return reason;
        core_.worker.shared.login_guard.note_failure(core_.client_host, core_.worker.reactor.now());
        return reason;
    }

    SessionCore& core_;
    const SettingsPtr settings_;  // a reload in the middle must not take the RSA key away
    ServerHandshake handshake_;
    AccountCheck check_;
    bool spoke_ = false;            // the client sent something
    bool is_clients_fault_ = true;  // that the login failed
    bool may_be_proxied_ = false;   // a PROXY header may be the first that comes
    bool is_proxied_ = false;       // one came, and named the client
    CloseReason why_refused_ = CloseReason::login_denied;
    CloseReason why_no_packet_ = CloseReason::login_aborted;
};

/// An ERR in place of the greeting has no SQLSTATE.
net::Task<void> refuse_before_greeting(SessionCore& core, protocol::Err error)
{
    core.worker.counters.count_own_error(error.code);
    protocol::Buffer wire;
    protocol::append_message(wire, protocol::encode_err(error, 0), 0);
    co_await core.client.write_all(wire);
}

}  // namespace

protocol::Capabilities offered_capabilities(const health::ServerView* server)
{
    if (is_mariadb(server)) return common_capabilities;
    auto offered = common_capabilities | capability::mysql;
    auto version = server ? server->version_number : 80000;
    if (version >= 80000) offered |= capability::optional_resultset_metadata;
    if (version >= 80025) offered |= capability::query_attributes;
    return offered;
}

std::vector<std::pair<std::string, std::string>> with_proxy_attributes(
    std::vector<std::pair<std::string, std::string>> attributes, const SessionCore& core)
{
    attributes.emplace_back("proxy_name", "pointsman");
    attributes.emplace_back("proxy_client_host", core.client_host);
    attributes.emplace_back("proxy_client_port", std::to_string(core.client_port));
    attributes.emplace_back("proxy_connection_id", std::to_string(core.connection_id));
    attributes.emplace_back("proxy_listener", core.listener.name);
    return attributes;
}

net::Task<std::optional<CloseReason>> change_user(SessionCore& core, ClientCommand command)
{
    auto change =
        protocol::decode_change_user(payload_of(core, command), core.account.capabilities);
    bool client_there = co_await discard(core, command);
    if (!client_there) co_return CloseReason::client_closed;
    if (!change) {
        auto error = server_error::malformed_packet();
        co_await reply_error(core, std::move(error));
        co_return CloseReason::protocol_error;
    }
    protocol::HandshakeResponse response;
    response.capabilities = core.account.capabilities;
    response.character_set = static_cast<std::uint8_t>(change->character_set);
    if (change->character_set == 0) response.character_set = core.account.character_set;
    response.user = change->user;
    response.schema = change->schema;
    response.plugin = change->plugin;
    response.attributes = change->attributes;
    end_links(core);
    core.prepared.clear();
    core.home.reset();
    auto timeout = core.worker.settings->config.limits.handshake_timeout;
    core.client.handle().set_deadline(core.worker.reactor.now() + timeout);
    Login login(core, core.account.capabilities);
    auto ended = co_await login.run_change_user(std::move(response));
    core.client.handle().set_deadline(net::never);
    co_return ended;
}

net::Task<std::optional<CloseReason>> log_in(SessionCore& core)
{
    auto& worker = core.worker;
    auto now = worker.reactor.now();
    bool by_balancer = may_name_client(core);
    if (!by_balancer && worker.shared.login_guard.is_blocked(core.client_host, now)) {
        auto error = server_error::host_blocked(core.client_host);
        co_await refuse_before_greeting(core, std::move(error));
        co_return CloseReason::host_blocked;
    }
    core.nonce = make_nonce();
    core.client.handle().set_deadline(now + worker.settings->config.limits.handshake_timeout);
    Login login(core, offered_here(core));
    auto ended = co_await login.run(by_balancer);
    auto compression = login.compression();
    if (!ended && compression)
        core.client.start_compression(compression, protocol::Peer::client, worker.buffers);
    core.client.handle().set_deadline(net::never);
    co_return ended;
}

}  // namespace pointsman::proxy
