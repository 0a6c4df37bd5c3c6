#pragma once
// Pure: SHOW PROCESSLIST's answer with the ids that clients know.

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace pointsman::proxy {

/// The wire bytes of a whole text answer whose first column is a connection's id: those of `ids`
/// (at the server → of the session) are replaced. Whatever else it is stays as it is.
protocol::Buffer with_session_ids_in_rows(
    protocol::Bytes answer, protocol::Capabilities negotiated,
    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& ids);

/// How many packets stand in front of an answer's rows, of which this is the first; 0: it is no
/// result set.
std::size_t packets_before_rows(protocol::Bytes first, protocol::Capabilities negotiated);

}  // namespace pointsman::proxy
