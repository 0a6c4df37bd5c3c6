#pragma once
// COM_CHANGE_USER: a login in the middle of a connection. The answer is as after the greeting:
// AuthSwitchRequest, AuthMoreData, …, OK or ERR.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_change_user.html

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/connection_attributes.hpp"

#include <string>

namespace pointsman::protocol {

struct ChangeUser {
    std::string user;
    Buffer auth_response;  // at most 255 bytes
    std::string schema;
    std::uint16_t character_set = 0;  // 0: not sent
    std::string plugin;               // with CLIENT_PLUGIN_AUTH
    ConnectionAttributes attributes;  // with CLIENT_CONNECT_ATTRS
};

/// `capabilities`: as negotiated at the connection's login.
Result<ChangeUser> decode_change_user(Bytes payload, Capabilities capabilities);
Buffer encode_change_user(const ChangeUser& change, Capabilities capabilities);

}  // namespace pointsman::protocol
