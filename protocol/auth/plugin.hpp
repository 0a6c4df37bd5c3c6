#pragma once
// The login plugins that Pointsman speaks, by the names they have on the wire, and the words of
// caching_sha2_password's own dialogue.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html

#include "protocol/bytes.hpp"

#include <string_view>

namespace pointsman::protocol::auth {

constexpr std::string_view caching_sha2_password = "caching_sha2_password";
constexpr std::string_view mysql_native_password = "mysql_native_password";
constexpr std::string_view sha256_password = "sha256_password";
constexpr std::string_view mysql_clear_password = "mysql_clear_password";

constexpr Byte sha2_request_public_key = 0x02;  // client to server
constexpr Byte sha2_fast_auth_ok = 0x03;        // server to client: the proof was right
constexpr Byte sha2_full_auth_needed = 0x04;    // server to client: send the password itself
/// What sha256_password's client says for sha2_request_public_key.
constexpr Byte sha256_request_public_key = 0x01;

}  // namespace pointsman::protocol::auth
