#pragma once
// Pure: the types of a prepared statement's parameters, as executions send them.

#include "protocol/bytes.hpp"

namespace pointsman::proxy {

bool same_bytes(protocol::Bytes one, protocol::Bytes other);
/// Does a server treat both alike? A NULL, which some drivers send as a type, goes with any.
bool same_types(protocol::Bytes one, protocol::Bytes other);

}  // namespace pointsman::proxy
