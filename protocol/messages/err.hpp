#pragma once
// ERR_Packet: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"

#include <string>

namespace pointsman::protocol {

struct Err {
    std::uint16_t code = 0;
    std::string sqlstate;  // five characters; empty: sent without (before the handshake is done)
    std::string message;
};

Result<Err> decode_err(Bytes payload);
Buffer encode_err(const Err& err, Capabilities capabilities);

}  // namespace pointsman::protocol
