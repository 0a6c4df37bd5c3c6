#pragma once
// A small query of ours with its rows, for what the data path must ask a server itself.

#include "protocol/messages/resultset.hpp"

#include "proxy/pool/connector.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pointsman::proxy {

using OwnRow = std::vector<std::optional<std::string>>;
struct OwnTable {
    std::vector<protocol::ColumnDefinition> columns;  // fewer where the server left some out
    std::vector<OwnRow> rows;
};

/// Capabilities for links that carry only statements of ours.
constexpr protocol::Capabilities offered_for_own_queries =
    protocol::capability::mysql | protocol::capability::protocol_41 |
    protocol::capability::secure_connection | protocol::capability::plugin_auth |
    protocol::capability::deprecate_eof | protocol::capability::transactions;

/// The answer to one query of ours.
struct OwnAnswer {
    bool complete = false;  // false: the link was lost, or the server broke the protocol
    std::optional<OwnTable> table;  // nothing after an error, or an OK
    protocol::Err error;            // code 0: none
};

/// Takes the answer to one query off the link, and leaves what follows it there. One that is longer
/// than `most_bytes` is not complete.
net::Task<OwnAnswer> read_answer(BackendLink& link, std::size_t most_bytes = 1u << 20);

/// The session variables of a login that no reset brings back, and init_connect.
struct LoginVariables {
    VariablesPtr variables;
    std::string init_connect;
};
net::Task<std::optional<LoginVariables>> query_login_variables(BackendLink& link);

/// One text result set; nothing on any error. A longer one than `most_bytes` breaks the link.
net::Task<std::optional<OwnTable>> query_table(BackendLink& link, std::string sql,
                                               std::size_t most_bytes = 1u << 20);
/// Its rows alone.
net::Task<std::optional<std::vector<OwnRow>>> query_rows(BackendLink& link, std::string sql);

}  // namespace pointsman::proxy
