#pragma once
// A small query of ours with its rows, for what the data path must ask a server itself.

#include "proxy/pool/connector.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pointsman::proxy {

using OwnRow = std::vector<std::optional<std::string>>;

/// Capabilities for links that carry only statements of ours.
constexpr protocol::Capabilities offered_for_own_queries =
    protocol::capability::mysql | protocol::capability::protocol_41 |
    protocol::capability::secure_connection | protocol::capability::plugin_auth |
    protocol::capability::deprecate_eof | protocol::capability::transactions;

/// The answer to one query of ours.
struct OwnAnswer {
    bool complete = false;  // false: the link was lost, or the server broke the protocol
    std::vector<OwnRow> rows;
    protocol::Err error;  // code 0: none
};

/// Takes the answer to one query off the link, and leaves what follows it there. At most 1 MiB.
net::Task<OwnAnswer> read_answer(BackendLink& link);

/// The rows of one text result set; nothing on any error. At most 1 MiB is taken.
net::Task<std::optional<std::vector<OwnRow>>> query_rows(BackendLink& link, std::string sql);

}  // namespace pointsman::proxy
