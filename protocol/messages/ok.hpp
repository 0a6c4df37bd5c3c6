#pragma once
// OK_Packet, and the OK that replaces EOF under CLIENT_DEPRECATE_EOF (header 0xfe).
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html
// The manual says string<EOF> for `info` without CLIENT_SESSION_TRACK; servers write a
// length-encoded string in both cases.

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"

#include <string>

namespace pointsman::protocol {

struct Ok {
    Byte header = 0x00;  // 0x00, or 0xfe at the end of rows
    std::uint64_t affected_rows = 0;
    std::uint64_t last_insert_id = 0;
    std::uint16_t status = 0;
    std::uint16_t warnings = 0;
    std::string info;
    /// The undecoded session_state_info: see session_track.hpp. Only with
    /// SERVER_SESSION_STATE_CHANGED in `status`.
    Buffer session_state;
};

Result<Ok> decode_ok(Bytes payload, Capabilities capabilities);
/// Session state is written only under CLIENT_SESSION_TRACK and with the status flag set.
Buffer encode_ok(const Ok& ok, Capabilities capabilities);

}  // namespace pointsman::protocol
