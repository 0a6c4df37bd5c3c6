#pragma once
// Routing hints: route=primary, route=replica or route=server:NAME, as a word of its own in a plain
// comment. Unknown values are ignored: a comment never makes a statement fail.

#include "protocol/sql/statement.hpp"

#include <string_view>

namespace pointsman::protocol::sql {

/// A RouteHint that borrows the server's name.
struct HintView {
    RouteHint::Kind kind = RouteHint::Kind::none;
    std::string_view server;
};

/// The first valid hint in a comment's text, without the comment's own marks.
HintView find_hint(std::string_view comment);

}  // namespace pointsman::protocol::sql
