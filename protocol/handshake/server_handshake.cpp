#include "protocol/handshake/server_handshake.hpp"

#include "protocol/auth/digest.hpp"
#include "protocol/auth/plugin.hpp"
#include "protocol/messages/auth.hpp"
#include "protocol/messages/greeting.hpp"
#include "protocol/packet.hpp"
#include "protocol/server_error.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pointsman::protocol {
namespace {

// Without these a client cannot be spoken to; every offer has them.
constexpr Capabilities always_offered =
    capability::protocol_41 | capability::secure_connection | capability::plugin_auth;

// For an empty password clients answer with nothing, or with a lone NUL (libmysqlclient's
// caching_sha2_password).
bool is_empty_answer(Bytes answer)
{
    return answer.empty() || (answer.size() == 1 && answer[0] == 0);
}

bool has_wrong_level(Compression how)
{
    return how.algorithm == CompressionAlgorithm::zstd &&
           (how.level < min_zstd_level || how.level > max_zstd_level);
}

bool is_same_password(const auth::Secret& known, const auth::Secret& given)
{
    if (known.sha256_stage2()) return known.sha256_stage2() == given.sha256_stage2();
    return known.sha1_stage2() && known.sha1_stage2() == given.sha1_stage2();
}

}  // namespace

ServerHandshake::ServerHandshake(Settings settings) : settings_(std::move(settings)) {}

Capabilities ServerHandshake::negotiated() const
{
    return response_.capabilities & (settings_.offered | always_offered) & ~capability::ssl;
}

ServerHandshake::Action ServerHandshake::start()
{
    assert(phase_ == Phase::greeting);
    Greeting greeting;
    greeting.server_version = settings_.server_version;
    greeting.connection_id = settings_.connection_id;
    greeting.nonce = settings_.nonce;
    greeting.capabilities = (settings_.offered & ~capability::ssl) | always_offered;
    if (settings_.tls != ClientTls::off) greeting.capabilities |= capability::ssl;
    greeting.character_set = settings_.character_set;
    greeting.status = settings_.status;
    greeting.plugin = settings_.default_plugin;
    phase_ = Phase::answer;
    return Send{frame(encode_greeting(greeting))};
}

ServerHandshake::Action ServerHandshake::start_change_user(HandshakeResponse response,
                                                           bool tls_active)
{
    assert(phase_ == Phase::greeting);
    changes_user_ = true;
    tls_active_ = tls_active;
    sequence_ = 1;  // the command's was 0
    return on_response(std::move(response));
}

ServerHandshake::Action ServerHandshake::on_packet(Bytes payload, std::uint8_t sequence)
{
    const std::uint8_t expected = sequence_;
    sequence_ = static_cast<std::uint8_t>(sequence + 1);
    if (sequence != expected) return refuse(server_error::packets_out_of_order());
    switch (phase_) {
        case Phase::answer:
            return on_client_answer(payload);
        case Phase::switch_answer:
            return judge(payload);
        case Phase::password:
            return on_password_packet(payload);
        case Phase::encrypted_password:
            return on_encrypted_password(payload);
        case Phase::greeting:
        case Phase::tls:
        case Phase::secret:
        case Phase::verdict:
        case Phase::over:
            break;
    }
    return refuse(server_error::packets_out_of_order());
}

ServerHandshake::Action ServerHandshake::on_client_answer(Bytes payload)
{
    auto answer = decode_client_answer(payload);
    if (!answer) {
        return refuse(answer.error() == make_error_code(Errc::unsupported)
                          ? server_error::client_auth_not_supported()
                          : server_error::bad_handshake());
    }
    if (auto* response = std::get_if<HandshakeResponse>(&*answer))
        return on_response(std::move(*response));

    response_.capabilities = std::get<SslRequest>(*answer).capabilities;
    if (settings_.tls == ClientTls::off || tls_active_)
        return refuse(server_error::bad_handshake());
    phase_ = Phase::tls;
    return StartTls{};
}

ServerHandshake::Action ServerHandshake::on_tls_ready()
{
    assert(phase_ == Phase::tls);
    tls_active_ = true;
    phase_ = Phase::answer;
    return Send{};
}

ServerHandshake::Action ServerHandshake::on_response(HandshakeResponse response)
{
    response_ = std::move(response);
    if (settings_.tls == ClientTls::required && !is_secure())
        return refuse(server_error::secure_transport_required());
    if (!client_has(capability::secure_connection))
        return refuse(server_error::client_auth_not_supported());
    // COM_CHANGE_USER has no level: what the session began with stays.
    if (!changes_user_ && has_wrong_level(compression()))
        return refuse(server_error::wrong_zstd_level());
    // Clients from before there were plugins (MySQL 5.5) know the native one, without its name.
    plugin_ = client_has(capability::plugin_auth) ? response_.plugin
                                                  : std::string{auth::mysql_native_password};
    using_password_ = !is_empty_answer(response_.auth_response);
    phase_ = Phase::secret;
    return LookUpSecret{response_.user};
}

ServerHandshake::Action ServerHandshake::on_secret(std::optional<auth::Secret> secret)
{
    assert(phase_ == Phase::secret);
    if (secret) secret_ = std::move(*secret);
    auto action = choose_plugin();
    auth::wipe_bytes(response_.auth_response);  // mysql_clear_password's is the password
    response_.auth_response.clear();
    return action;
}

ServerHandshake::Action ServerHandshake::choose_plugin()
{
    const bool answered_greeting = plugin_ == settings_.default_plugin;
    // A client whose plugin is not the greeting's may send nothing, to be asked in the right way
    // (libmysqlclient does); that says nothing of its password.
    const bool says_nothing =
        response_.auth_response.empty() && (changes_user_ || !answered_greeting);

    if (plugin_ == auth::mysql_clear_password && is_secure())
        return says_nothing ? switch_to(plugin_) : check_password(response_.auth_response);

    const std::string_view wanted = plugin_for_secret();
    if (plugin_ != wanted || says_nothing) return switch_to(wanted);
    return judge(response_.auth_response);
}

// The plugin whose form of the secret is known; the client's own where both are. Of an unknown
// account the password can be learned through caching_sha2_password only.
std::string_view ServerHandshake::plugin_for_secret() const
{
    const bool knows_native = secret_.sha1_stage2().has_value();
    const bool knows_sha2 = secret_.sha256_stage2().has_value();
    if (!knows_native) return auth::caching_sha2_password;
    if (!knows_sha2) return auth::mysql_native_password;
    const auto is_native = [](std::string_view plugin) {
        return plugin == auth::mysql_native_password;
    };
    const bool client_speaks_either = is_native(plugin_) || plugin_ == auth::caching_sha2_password;
    const bool native = is_native(client_speaks_either ? plugin_ : settings_.default_plugin);
    return native ? auth::mysql_native_password : auth::caching_sha2_password;
}

ServerHandshake::Action ServerHandshake::switch_to(std::string_view plugin)
{
    if (!client_has(capability::plugin_auth))
        return refuse(server_error::client_auth_not_supported());
    AuthSwitchRequest request;
    request.plugin = plugin;
    request.data.assign(settings_.nonce.begin(), settings_.nonce.end());
    request.data.push_back(0);
    plugin_ = plugin;
    switched_ = true;
    phase_ = Phase::switch_answer;
    return Send{frame(encode_auth_switch_request(request))};
}

ServerHandshake::Action ServerHandshake::judge(Bytes answer)
{
    if (plugin_ == auth::mysql_clear_password) return check_password(answer);
    using_password_ = !is_empty_answer(answer);
    if (!using_password_) return check_password({});
    return plugin_ == auth::mysql_native_password ? judge_native(answer)
                                                  : judge_caching_sha2(answer);
}

ServerHandshake::Action ServerHandshake::judge_native(Bytes answer)
{
    if (secret_.verify_native(answer, settings_.nonce)) return check(secret_, false);
    // Either the password is wrong, or what is known of it is old. Only a server can tell, and it
    // needs the password itself.
    if (switched_ || !client_has(capability::plugin_auth)) return deny();
    return switch_to(auth::caching_sha2_password);
}

ServerHandshake::Action ServerHandshake::judge_caching_sha2(Bytes answer)
{
    if (!secret_.verify_caching_sha2(answer, settings_.nonce)) return ask_for_password();
    proven_fast_ = true;
    return check(secret_, false);
}

ServerHandshake::Action ServerHandshake::ask_for_password()
{
    if (!is_secure() && !settings_.rsa_key)
        return deny("this login has to send the password and needs TLS for it");
    phase_ = Phase::password;
    constexpr Byte full_exchange[] = {auth::sha2_full_auth_needed};
    return Send{frame(encode_auth_more_data(full_exchange))};
}

ServerHandshake::Action ServerHandshake::on_password_packet(Bytes payload)
{
    // A password ends with a NUL, so this is none.
    const bool wants_key = payload.size() == 1 && payload[0] == auth::sha2_request_public_key;
    if (wants_key && settings_.rsa_key) {
        phase_ = Phase::encrypted_password;
        return Send{frame(encode_auth_more_data(as_bytes(settings_.rsa_key->public_pem())))};
    }
    // Without TLS the client may have our key from before, and then does not ask for it.
    return is_secure() ? check_password(payload) : on_encrypted_password(payload);
}

ServerHandshake::Action ServerHandshake::on_encrypted_password(Bytes payload)
{
    if (!settings_.rsa_key) return deny();
    auto password = settings_.rsa_key->decrypt_password(payload, settings_.nonce);
    if (!password) return deny();
    auto action = check_password(as_bytes(*password));
    auth::wipe_bytes(as_mutable_bytes(*password));
    return action;
}

// `password` as it came: usually with a NUL behind it.
ServerHandshake::Action ServerHandshake::check_password(Bytes password)
{
    const auto end = std::find(password.begin(), password.end(), Byte{0});
    const auto size = static_cast<std::size_t>(end - password.begin());
    auto given = auth::Secret::from_password(as_text(password.first(size)));
    using_password_ = size != 0;
    const bool learned = password_asked_ || !is_same_password(secret_, given);
    return check(std::move(given), learned);
}

ServerHandshake::Action ServerHandshake::check(auth::Secret secret, bool learned)
{
    phase_ = Phase::verdict;
    return CheckWithServer{response_.user, std::move(secret), learned};
}

ServerHandshake::Action ServerHandshake::on_password_needed()
{
    assert(phase_ == Phase::verdict);
    if (password_asked_) return deny();
    password_asked_ = true;
    proven_fast_ = false;
    if (plugin_ == auth::caching_sha2_password) return ask_for_password();
    if (switched_ || !client_has(capability::plugin_auth)) return deny();
    secret_ = {};  // so that the answer to come leads to the full exchange
    return switch_to(auth::caching_sha2_password);
}

ServerHandshake::Action ServerHandshake::on_verdict(std::optional<Err> refused)
{
    assert(phase_ == Phase::verdict);
    if (refused && refused->code == server_error::er_access_denied) return deny();
    if (refused) return refuse(std::move(*refused));
    phase_ = Phase::over;
    if (!proven_fast_) return Accepted{};
    constexpr Byte fast_ok[] = {auth::sha2_fast_auth_ok};
    return Accepted{frame(encode_auth_more_data(fast_ok))};
}

ServerHandshake::Action ServerHandshake::deny(std::string_view why)
{
    Err error = server_error::access_denied(
        response_.user, settings_.client_host,
        using_password_ ? server_error::UsingPassword::yes : server_error::UsingPassword::no);
    if (!why.empty()) error.message.append(": ").append(why);
    return refuse(std::move(error));
}

ServerHandshake::Action ServerHandshake::refuse(Err error)
{
    phase_ = Phase::over;
    secret_ = {};
    Buffer bytes = frame(encode_err(error, response_.capabilities));
    return Refused{std::move(bytes), std::move(error)};
}

Buffer ServerHandshake::frame(Bytes payload)
{
    Buffer bytes;
    sequence_ = append_message(bytes, payload, sequence_);
    return bytes;
}

Buffer ServerHandshake::frame_final(Bytes payload) const
{
    Buffer bytes;
    append_message(bytes, payload, sequence_);
    return bytes;
}

}  // namespace pointsman::protocol
