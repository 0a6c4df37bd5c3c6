#include "protocol/handshake/client_handshake.hpp"

#include "protocol/auth/digest.hpp"
#include "protocol/auth/plugin.hpp"
#include "protocol/auth/rsa.hpp"
#include "protocol/messages/handshake_response.hpp"
#include "protocol/packet.hpp"
#include "protocol/server_error.hpp"

#include <algorithm>
#include <cassert>

namespace pointsman::protocol {
namespace {

constexpr Byte ok_header = 0x00;
constexpr Byte err_header = 0xff;

// Asked of every server that offers them, whatever the session's client has.
constexpr Capabilities always_wanted =
    capability::protocol_41 | capability::secure_connection | capability::plugin_auth |
    capability::plugin_auth_lenenc_data | capability::connect_attrs;
// Decided here and not by the session's client.
constexpr Capabilities decided_here = capability::ssl | capability::connect_with_db;

// MariaDB tries several plugins in turn for an account that has alternatives. A server that keeps
// asking beyond that is not let to do so for ever.
constexpr std::uint8_t most_rounds = 16;

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // clang 14 does not find it by itself

bool begins_with(Bytes payload, Byte header)
{
    return !payload.empty() && payload[0] == header;
}

Buffer with_nul(std::string_view password)
{
    Buffer bytes(password.size() + 1);
    std::copy(password.begin(), password.end(), bytes.begin());
    return bytes;
}

}  // namespace

ClientHandshake::ClientHandshake(Settings settings) : settings_(std::move(settings)) {}

ClientHandshake::Action ClientHandshake::on_packet(Bytes payload, std::uint8_t sequence)
{
    const std::uint8_t expected = sequence_;
    sequence_ = static_cast<std::uint8_t>(sequence + 1);
    // An ERR is the server's last word, and worth hearing under any number.
    if (begins_with(payload, err_header)) {
        phase_ = Phase::over;
        auto error = decode_err(payload);
        if (!error) return failed_handshake("its ERR packet cannot be read");
        return Failed{std::move(*error), true};
    }
    if (sequence != expected) return failed(server_error::packets_out_of_order());
    switch (phase_) {
        case Phase::greeting:
            return on_greeting(payload);
        case Phase::login:
        case Phase::public_key:
            return on_login_packet(payload);
        case Phase::tls:
        case Phase::over:
            break;
    }
    return failed(server_error::packets_out_of_order());
}

ClientHandshake::Action ClientHandshake::on_greeting(Bytes payload)
{
    auto greeting = decode_greeting(payload);
    if (!greeting) return failed_handshake("its greeting is not of protocol 4.1 or later");
    greeting_ = std::move(*greeting);
    nonce_ = greeting_.nonce;
    negotiated_ = ((settings_.wanted & ~decided_here) | always_wanted) & greeting_.capabilities;
    if (!settings_.schema.empty())
        negotiated_ |= capability::connect_with_db & greeting_.capabilities;
    if (wants_tls()) return start_tls();
    if (settings_.tls == BackendTls::required)
        return failed_handshake("it offers no TLS, and the configuration requires it");
    return send_response();
}

bool ClientHandshake::wants_tls() const
{
    if ((greeting_.capabilities & capability::ssl) == 0) return false;
    switch (settings_.tls) {
        case BackendTls::off:
            return false;
        case BackendTls::preferred:
            return !settings_.secure_transport;
        case BackendTls::required:
            return true;
    }
    return false;
}

ClientHandshake::Action ClientHandshake::start_tls()
{
    phase_ = Phase::tls;
    SslRequest request;
    request.capabilities = negotiated_ | capability::ssl;
    request.max_packet_size = settings_.max_packet_size;
    request.character_set = settings_.character_set;
    return StartTls{frame(encode_ssl_request(request))};
}

ClientHandshake::Action ClientHandshake::on_tls_ready()
{
    assert(phase_ == Phase::tls);
    tls_active_ = true;
    return send_response();
}

ClientHandshake::Action ClientHandshake::send_response()
{
    auto answer = first_answer();
    if (!answer) return failed_for_want_of_password("any login");
    HandshakeResponse response;
    response.capabilities = negotiated_ | (tls_active_ ? capability::ssl : 0);
    response.max_packet_size = settings_.max_packet_size;
    response.character_set = settings_.character_set;
    response.user = settings_.user;
    response.auth_response = std::move(*answer);
    response.schema = settings_.schema;
    response.plugin = plugin_;
    response.attributes = settings_.attributes;
    response.zstd_level = settings_.zstd_level;
    phase_ = Phase::login;
    return Send{frame(encode_handshake_response(response))};
}

// By the plugin that the server prefers, else by the one that a form is known for: for its own
// plugin of the account the server asks again.
std::optional<Buffer> ClientHandshake::first_answer()
{
    const bool has_plugins = (negotiated_ & capability::plugin_auth) != 0;
    const std::string_view preferred =
        has_plugins ? std::string_view{greeting_.plugin} : auth::mysql_native_password;
    for (const auto plugin :
         {preferred, auth::caching_sha2_password, auth::mysql_native_password}) {
        const bool proves_by_nonce =
            plugin == auth::caching_sha2_password || plugin == auth::mysql_native_password;
        if (!proves_by_nonce || (!has_plugins && plugin != preferred)) continue;
        plugin_ = plugin;
        if (auto answer = answer_for(plugin)) return answer;
    }
    return std::nullopt;
}

std::optional<Buffer> ClientHandshake::answer_for(std::string_view plugin) const
{
    return plugin == auth::mysql_native_password ? settings_.secret.answer_native(nonce_)
                                                 : settings_.secret.answer_caching_sha2(nonce_);
}

ClientHandshake::Action ClientHandshake::on_login_packet(Bytes payload)
{
    if (begins_with(payload, ok_header)) {
        auto ok = decode_ok(payload, negotiated_);
        if (!ok) return failed_handshake("its OK packet cannot be read");
        ok_ = std::move(*ok);
        phase_ = Phase::over;
        return Ready{};
    }
    if (++rounds_ > most_rounds) return failed_handshake("the login does not come to an end");
    const auto packet = decode_auth_packet(payload);
    if (!packet) return failed_handshake("a packet came that has no place in a login");
    return std::visit(
        Overloaded{
            [&](const AuthSwitchRequest& request) { return on_auth_switch(request); },
            [&](const AuthMoreData& more) { return on_auth_more_data(more.data); },
            [&](const OldAuthSwitchRequest&) {
                return failed_handshake("the account's plugin is mysql_old_password");
            },
            [&](const AuthNextFactor&) {
                return failed_handshake("the account wants a second factor, which is not spoken");
            },
        },
        *packet);
}

ClientHandshake::Action ClientHandshake::on_auth_switch(const AuthSwitchRequest& request)
{
    plugin_ = request.plugin;
    phase_ = Phase::login;
    if (plugin_ == auth::mysql_clear_password) {
        if (!is_secure()) return failed_handshake("mysql_clear_password is spoken under TLS only");
        return send_password();
    }
    const bool by_nonce =
        plugin_ == auth::caching_sha2_password || plugin_ == auth::mysql_native_password;
    if (!by_nonce && plugin_ != auth::sha256_password)
        return failed_handshake("the account's login plugin is not spoken here");
    if (request.data.size() < nonce_.size())
        return failed_handshake("its request for another plugin has no nonce");
    std::copy_n(request.data.begin(), nonce_.size(), nonce_.begin());

    if (plugin_ == auth::sha256_password) return send_password();
    const auto answer = answer_for(plugin_);
    if (!answer) return failed_for_want_of_password(plugin_);
    return send_plugin_data(*answer);
}

ClientHandshake::Action ClientHandshake::on_auth_more_data(Bytes data)
{
    if (phase_ == Phase::public_key) return on_public_key(data);
    if (plugin_ == auth::caching_sha2_password && data.size() == 1) {
        if (data[0] == auth::sha2_fast_auth_ok) return Send{};
        if (data[0] == auth::sha2_full_auth_needed) return send_password();
    }
    return failed_handshake("its login plugin sent what is not understood");
}

// In clear where that is safe, else encrypted with the server's key, which is asked for first.
ClientHandshake::Action ClientHandshake::send_password()
{
    if (settings_.secret.is_empty_password()) return send_plugin_data(with_nul({}));
    if (!settings_.secret.password()) return failed_for_want_of_password(plugin_);
    if (is_secure()) {
        Buffer password = with_nul(*settings_.secret.password());
        auto action = send_plugin_data(password);
        auth::wipe_bytes(password);
        return action;
    }
    phase_ = Phase::public_key;
    const Byte request = plugin_ == auth::sha256_password ? auth::sha256_request_public_key
                                                          : auth::sha2_request_public_key;
    return send_plugin_data({&request, 1});
}

ClientHandshake::Action ClientHandshake::on_public_key(Bytes pem)
{
    phase_ = Phase::login;
    const auto encrypted =
        auth::encrypt_password(*settings_.secret.password(), nonce_, as_text(pem));
    if (!encrypted) return failed_handshake("its public key does not take the password");
    return send_plugin_data(*encrypted);
}

ClientHandshake::Action ClientHandshake::send_plugin_data(Bytes data)
{
    return Send{frame(data)};
}

ClientHandshake::Action ClientHandshake::failed(Err error)
{
    phase_ = Phase::over;
    return Failed{std::move(error)};
}

ClientHandshake::Action ClientHandshake::failed_handshake(std::string_view why)
{
    Err error = server_error::bad_handshake();
    error.message.append(" with the server: ").append(why);
    return failed(std::move(error));
}

ClientHandshake::Action ClientHandshake::failed_for_want_of_password(std::string_view what_for)
{
    phase_ = Phase::over;
    std::string text = "The password itself is needed for ";
    text.append(what_for).append(", and only a hash of it is known");
    return Failed{server_error::other(server_error::er_access_denied, "28000", text), false, true};
}

Buffer ClientHandshake::frame(Bytes payload)
{
    Buffer bytes;
    sequence_ = append_message(bytes, payload, sequence_);
    return bytes;
}

}  // namespace pointsman::protocol
