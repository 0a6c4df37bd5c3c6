// A client that says anything at all, between right answers that a fuzzer could not guess. Nobody
// is let in without a server's word.

#include "protocol/auth/plugin.hpp"
#include "protocol/handshake/server_handshake.hpp"

#include "tests/fuzz/fuzz.hpp"
#include "tests/support/builders.hpp"

#include <optional>

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

using Server = ServerHandshake;

const auth::RsaKey& rsa_key()
{
    static const auth::RsaKey key = auth::RsaKey::generate();
    return key;
}

Server::Settings settings_from(Byte choice)
{
    Server::Settings settings;
    settings.server_version = "9.7.0";
    settings.offered = pointsman::tests::usual_capabilities;
    settings.nonce = pointsman::tests::nonce();
    settings.tls = static_cast<ClientTls>(choice % 3);
    if ((choice & 4) != 0) settings.rsa_key = &rsa_key();
    settings.secure_transport = (choice & 8) != 0;
    if ((choice & 16) != 0) settings.default_plugin = auth::mysql_native_password;
    return settings;
}

/// A packet of the client: a right one of some kind, or what the input says.
Buffer packet_from(FuzzInput& input)
{
    const auto secret = auth::Secret::from_password("s3cret");
    const auth::Nonce nonce = pointsman::tests::nonce();
    HandshakeResponse login = pointsman::tests::login();
    switch (input.take_byte() % 8) {
        case 0:
            return encode_ssl_request({login.capabilities | capability::ssl, 1u << 24, 255});
        case 1:
            login.auth_response = *secret.answer_caching_sha2(nonce);
            return encode_handshake_response(login);
        case 2:
            login.plugin = auth::mysql_native_password;
            login.auth_response = *secret.answer_native(nonce);
            return encode_handshake_response(login);
        case 3:
            return *secret.answer_caching_sha2(nonce);
        case 4:
            return *secret.answer_native(nonce);
        case 5:
            return {'s', '3', 'c', 'r', 'e', 't', 0};
        case 6:
            return {auth::sha2_request_public_key};
        default:
            break;
    }
    const std::size_t size = input.take_byte();
    Buffer packet;
    for (std::size_t i = 0; i < size && !input.rest().empty(); ++i)
        packet.push_back(input.take_byte());
    return packet;
}

std::optional<auth::Secret> secret_from(Byte choice)
{
    auto secret = auth::Secret::from_password("s3cret");
    switch (choice % 4) {
        case 0:
            return std::nullopt;
        case 1:
            return secret;
        case 2:
            return auth::Secret::from_sha256_stage2(*secret.sha256_stage2());
        default:
            return auth::Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    Server server(settings_from(input.take_byte()));
    Server::Action action = server.start();
    std::uint8_t sequence = 1;
    bool approved = false;
    for (int step = 0; step < 24; ++step) {
        if (std::holds_alternative<Server::Refused>(action)) return 0;
        if (std::holds_alternative<Server::Accepted>(action)) {
            require(approved, "nobody is let in without a server's word");
            return 0;
        }
        if (std::holds_alternative<Server::LookUpSecret>(action)) {
            action = server.on_secret(secret_from(input.take_byte()));
        } else if (std::holds_alternative<Server::CheckWithServer>(action)) {
            const Byte choice = input.take_byte();
            approved = choice % 3 == 0;
            if (choice % 3 == 2)
                action = server.on_password_needed();
            else
                action = server.on_verdict(approved ? std::nullopt : std::optional<Err>{Err{}});
        } else if (std::holds_alternative<Server::StartTls>(action)) {
            action = server.on_tls_ready();
        } else {
            const Buffer& sent = std::get<Server::Send>(action).bytes;
            if (!sent.empty() && step > 0) sequence = static_cast<std::uint8_t>(sent[3] + 1);
            const Byte wrong_by = input.take_byte() == 0xff ? 1 : 0;
            action = server.on_packet(packet_from(input), sequence + wrong_by);
            ++sequence;
        }
    }
    require(false, "a login comes to an end");
    return 0;
}
