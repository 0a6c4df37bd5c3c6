#pragma once
// Connection ids of a server in a text, with those that clients know in their place.

#include "protocol/sql/classifier.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pointsman::protocol::sql {

/// The text with `id` in the place of each CONNECTION_ID(), of the same type, and with every column
/// of a SELECT under the name that it had. Nothing when there is none, in definitions, where a
/// column's name is not certain, and where the text also asks for what tells the server's own ids:
/// its process list, locks, threads.
std::optional<std::string> with_connection_id(std::string_view text, const Dialect& dialect,
                                              std::uint32_t id);

/// A function that takes no arguments, and SQL of the same type for what it gives.
struct CallValue {
    std::string_view function;  // in lower case
    std::string literal;
};
/// The same for calls of these.
std::optional<std::string> with_calls_replaced(std::string_view text, const Dialect& dialect,
                                               std::span<const CallValue> calls);

/// The connection ids that clients know.
struct SessionIds {
    std::uint32_t own = 0;
    /// On the server that the text goes to: its connection's id → the id of the session there.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> at_server = {};
};

/// The same also in what IS_USED_LOCK() tells and in the process lists of information_schema and
/// performance_schema, in whose place a table comes that names sessions by their own ids. Nothing
/// also where such a list stands in a way that is not understood, and for MariaDB's.
std::optional<std::string> with_session_ids(std::string_view text, const Dialect& dialect,
                                            std::string_view schema, const SessionIds& ids);

}  // namespace pointsman::protocol::sql
