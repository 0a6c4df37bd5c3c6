// A server that says anything at all, between right packets that a fuzzer would be slow to find.
// The password never travels in clear where somebody could read it.

#include "protocol/auth/plugin.hpp"
#include "protocol/auth/rsa.hpp"
#include "protocol/handshake/client_handshake.hpp"

#include "tests/fuzz/fuzz.hpp"
#include "tests/support/builders.hpp"

#include <algorithm>

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

using Client = ClientHandshake;

constexpr std::string_view password = "correct horse";

Client::Settings settings_from(Byte choice)
{
    Client::Settings settings;
    settings.user = "joe";
    settings.secret = auth::Secret::from_password(password);
    if ((choice & 1) != 0) settings.secret.forget_password();
    settings.wanted = pointsman::tests::usual_capabilities;
    settings.tls = static_cast<BackendTls>((choice >> 1) % 3);
    settings.secure_transport = (choice & 64) != 0;
    if ((choice & 128) != 0) settings.schema = "shop";
    return settings;
}

Buffer auth_switch(std::string_view plugin)
{
    AuthSwitchRequest request;
    request.plugin = plugin;
    request.data.assign(21, 7);
    return encode_auth_switch_request(request);
}

const std::string& public_pem()
{
    static const auth::RsaKey key = auth::RsaKey::generate();
    return key.public_pem();
}

/// A packet of the server: a right one of some kind, or what the input says.
Buffer packet_from(FuzzInput& input)
{
    constexpr Byte fast[] = {auth::sha2_fast_auth_ok};
    constexpr Byte full[] = {auth::sha2_full_auth_needed};
    Greeting greeting = pointsman::tests::greeting();
    switch (input.take_byte() % 12) {
        case 0:
            greeting.capabilities |= capability::ssl;
            return encode_greeting(greeting);
        case 1:
            greeting.plugin = auth::mysql_native_password;
            return encode_greeting(greeting);
        case 2:
            return encode_auth_more_data(fast);
        case 3:
            return encode_auth_more_data(full);
        case 4:
            return auth_switch(auth::mysql_native_password);
        case 5:
            return auth_switch(auth::caching_sha2_password);
        case 6:
            return auth_switch(auth::sha256_password);
        case 7:
            return auth_switch(auth::mysql_clear_password);
        case 8:
            return encode_auth_more_data(as_bytes(public_pem()));
        case 9:
            return encode_ok(pointsman::tests::ok(), pointsman::tests::usual_capabilities);
        default:
            break;
    }
    const std::size_t size = input.take_byte();
    Buffer packet;
    for (std::size_t i = 0; i < size && !input.rest().empty(); ++i)
        packet.push_back(input.take_byte());
    return packet;
}

bool shows_password(Bytes bytes)
{
    return std::search(bytes.begin(), bytes.end(), password.begin(), password.end()) != bytes.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const Client::Settings settings = settings_from(input.take_byte());
    Client client(settings);
    std::uint8_t sequence = 0;
    for (int step = 0; step < 40; ++step) {
        const std::uint8_t wrong_by = input.take_byte() == 0xff ? 1 : 0;
        auto action = client.on_packet(packet_from(input), sequence + wrong_by);
        if (std::holds_alternative<Client::StartTls>(action)) action = client.on_tls_ready();
        if (!std::holds_alternative<Client::Send>(action)) return 0;
        const Buffer& sent = std::get<Client::Send>(action).bytes;
        const bool is_secure = settings.secure_transport || client.tls_active();
        require(is_secure || !shows_password(sent), "no password in clear on an open line");
        sequence = static_cast<std::uint8_t>(sent.empty() ? sequence + 1 : sent[3] + 1);
    }
    require(false, "a login comes to an end");
    return 0;
}
