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

/// The rows of one text result set; nothing on any error. At most 1 MiB is taken.
net::Task<std::optional<std::vector<OwnRow>>> query_rows(BackendLink& link, std::string sql);

}  // namespace pointsman::proxy
