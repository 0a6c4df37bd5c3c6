#pragma once
// Routing hints: route=primary, route=replica or route=server:NAME, as a word of its own in a plain
// comment. Unknown values are ignored: such a comment never makes a statement fail. Beside it, or
// alone, after_gtid=SET: whoever writes that relies on it, so a set that cannot be read is an error
// where it is used.

#include "protocol/sql/statement.hpp"

#include <string_view>

namespace pointsman::protocol::sql {

/// A RouteHint that borrows the server's name.
struct HintView {
    RouteHint::Kind kind = RouteHint::Kind::none;
    std::string_view server;
    std::string_view after_gtid;
};

/// The first valid hints in a comment's text, without the comment's own marks.
HintView find_hint(std::string_view comment);

}  // namespace pointsman::protocol::sql
