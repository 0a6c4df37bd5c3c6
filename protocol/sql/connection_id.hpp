#pragma once
// SELECT CONNECTION_ID() with an answer of ours.

#include "protocol/sql/classifier.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::protocol::sql {

/// The text with `id` in the place of each CONNECTION_ID(), under the same column name and of the
/// same type. Only where nobody could tell the difference: a SELECT without FROM in which each one
/// is a whole column. Else nothing: the server's own id goes with its process list, locks and
/// triggers.
std::optional<std::string> with_connection_id(std::string_view text, const Dialect& dialect,
                                              std::uint32_t id);

}  // namespace pointsman::protocol::sql
