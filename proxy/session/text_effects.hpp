#pragma once
// What the text of a statement says that it will do to its session, for SessionState to settle.

#include "proxy/session/performer.hpp"

#include <optional>
#include <string_view>

namespace pointsman::proxy {

/// Fills in what `text`, whose facts are `statement`, assigns and holds. No text: it is not there
/// whole.
void note_effects(const SessionCore& core, const protocol::sql::Statement& statement,
                  std::optional<std::string_view> text, CommandText& out);

}  // namespace pointsman::proxy
