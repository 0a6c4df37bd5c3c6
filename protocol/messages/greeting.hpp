#pragma once
// HandshakeV10, the server's first packet.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html

#include "protocol/auth/secret.hpp"
#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"

#include <string>

namespace pointsman::protocol {

struct Greeting {
    std::string server_version;
    std::uint32_t connection_id = 0;
    auth::Nonce nonce{};
    Capabilities capabilities = 0;  // MariaDB's extended ones in the high half
    std::uint8_t character_set = 0;
    std::uint16_t status = 0;
    std::string plugin;  // with CLIENT_PLUGIN_AUTH
};

Result<Greeting> decode_greeting(Bytes payload);
Buffer encode_greeting(const Greeting& greeting);

}  // namespace pointsman::protocol
