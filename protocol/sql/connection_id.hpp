#pragma once
// CONNECTION_ID() with an answer of ours.

#include "protocol/sql/classifier.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::protocol::sql {

/// The text with `id` in the place of each CONNECTION_ID(), of the same type, and with every column
/// of a SELECT under the name that it had. Nothing when there is none, in definitions, where a
/// column's name is not certain, and where the text also asks for what tells the server's own ids:
/// its process list, locks, threads.
std::optional<std::string> with_connection_id(std::string_view text, const Dialect& dialect,
                                              std::uint32_t id);

}  // namespace pointsman::protocol::sql
