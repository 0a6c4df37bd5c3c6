#pragma once
// The packets between the client's answer to the greeting and the final OK or ERR.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets.html
//
// What the client sends here (AuthSwitchResponse and the plugins' own packets) is plugin data from
// the first byte to the last and needs no decoder.

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <string>
#include <variant>

namespace pointsman::protocol {

constexpr Byte auth_more_data_header = 0x01;
constexpr Byte auth_next_factor_header = 0x02;
constexpr Byte auth_switch_header = 0xfe;

/// "Use this plugin instead." `data` is its challenge: a nonce, usually with a NUL behind it, which
/// is kept.
struct AuthSwitchRequest {
    std::string plugin;
    Buffer data;
};
/// A lone 0xfe, of servers before 4.1: "use mysql_old_password". Nobody should.
struct OldAuthSwitchRequest {};
/// A plugin's own words to its other half.
struct AuthMoreData {
    Buffer data;
};
/// The first factor was right; this plugin asks for the next one
/// (CLIENT_MULTI_FACTOR_AUTHENTICATION).
struct AuthNextFactor {
    std::string plugin;
    Buffer data;
};

using AuthPacket =
    std::variant<AuthSwitchRequest, OldAuthSwitchRequest, AuthMoreData, AuthNextFactor>;

/// What a server sends in the middle of a login. OK and ERR are not among these: their first bytes
/// are 0x00 and 0xff, and they give unexpected_packet.
Result<AuthPacket> decode_auth_packet(Bytes payload);

Buffer encode_auth_switch_request(const AuthSwitchRequest& request);
Buffer encode_auth_more_data(Bytes data);
Buffer encode_auth_next_factor(const AuthNextFactor& factor);

}  // namespace pointsman::protocol
