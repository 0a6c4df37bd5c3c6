#pragma once
// Protocol values that are valid by default: a test says only what it is about.

#include "protocol/capability.hpp"
#include "protocol/command.hpp"
#include "protocol/messages/err.hpp"
#include "protocol/messages/greeting.hpp"
#include "protocol/messages/handshake_response.hpp"
#include "protocol/messages/ok.hpp"
#include "protocol/packet.hpp"
#include "protocol/server_status.hpp"

#include <string_view>

namespace pointsman::tests {

/// What a current client and a current server have in common; no TLS, no compression.
constexpr protocol::Capabilities usual_capabilities =
    protocol::capability::mysql | protocol::capability::long_flag |
    protocol::capability::protocol_41 | protocol::capability::transactions |
    protocol::capability::secure_connection | protocol::capability::multi_statements |
    protocol::capability::multi_results | protocol::capability::ps_multi_results |
    protocol::capability::plugin_auth | protocol::capability::connect_attrs |
    protocol::capability::plugin_auth_lenenc_data | protocol::capability::session_track |
    protocol::capability::deprecate_eof;

/// `payload` with header(s), as it travels.
inline protocol::Buffer framed(protocol::Bytes payload, std::uint8_t sequence = 0)
{
    protocol::Buffer wire;
    protocol::append_message(wire, payload, sequence);
    return wire;
}

/// The payload of a command: its byte, then `body`.
inline protocol::Buffer command(protocol::Command command, std::string_view body = {})
{
    protocol::Buffer payload{static_cast<protocol::Byte>(command)};
    payload.insert(payload.end(), body.begin(), body.end());
    return payload;
}

inline protocol::Ok ok(std::uint16_t status = protocol::server_status::autocommit)
{
    protocol::Ok ok;
    ok.status = status;
    return ok;
}

inline protocol::Err err(std::uint16_t code = 1146, std::string_view sqlstate = "42S02",
                         std::string_view message = "Table 'shop.orders' doesn't exist")
{
    return {code, std::string(sqlstate), std::string(message)};
}

/// 1, 2, … 20: no byte of it is 0.
inline protocol::auth::Nonce nonce()
{
    protocol::auth::Nonce nonce{};
    for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<protocol::Byte>(i + 1);
    return nonce;
}

inline protocol::Greeting greeting(protocol::Capabilities capabilities = usual_capabilities)
{
    protocol::Greeting greeting;
    greeting.server_version = "9.7.0";
    greeting.connection_id = 42;
    greeting.nonce = nonce();
    greeting.capabilities = capabilities;
    greeting.character_set = 255;
    greeting.status = protocol::server_status::autocommit;
    greeting.plugin = "caching_sha2_password";
    return greeting;
}

/// A client's answer with a proof of 32 bytes 0xaa.
inline protocol::HandshakeResponse login(std::string_view user = "joe",
                                         protocol::Capabilities capabilities = usual_capabilities)
{
    protocol::HandshakeResponse response;
    response.capabilities = capabilities;
    response.max_packet_size = 1u << 24;
    response.character_set = 255;
    response.user = user;
    response.auth_response.assign(32, 0xaa);
    response.plugin = "caching_sha2_password";
    response.attributes = {{"_client_name", "libmysql"}};
    return response;
}

}  // namespace pointsman::tests
