#pragma once
// HandshakeResponse41 and SSLRequest.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pointsman::protocol {

struct SslRequest {
    Capabilities capabilities = 0;
    std::uint32_t max_packet_size = 0;
    std::uint8_t character_set = 0;
};

struct HandshakeResponse {
    Capabilities capabilities =
        0;  // as the client sent them (MariaDB's extended ones in the high half)
    std::uint32_t max_packet_size = 0;
    std::uint8_t character_set = 0;
    std::string user;
    Buffer auth_response;
    std::string schema;                                           // with CLIENT_CONNECT_WITH_DB
    std::string plugin;                                           // with CLIENT_PLUGIN_AUTH
    std::vector<std::pair<std::string, std::string>> attributes;  // with CLIENT_CONNECT_ATTRS
    std::uint8_t zstd_level = 0;  // with CLIENT_ZSTD_COMPRESSION_ALGORITHM
};

/// The client's first packet is one or the other: an SSLRequest ends after its 32 bytes.
Result<std::variant<SslRequest, HandshakeResponse>> decode_client_answer(Bytes payload);
Buffer encode_ssl_request(const SslRequest& request);
Buffer encode_handshake_response(const HandshakeResponse& response);

}  // namespace pointsman::protocol
