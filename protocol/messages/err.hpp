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
/// SQL that fails with this error, so that a server knows of one that it has not found. Right
/// under every character set and sql_mode; SIGNAL takes no more than 128 characters of text.
std::string signal_statement(const Err& err);

}  // namespace pointsman::protocol
