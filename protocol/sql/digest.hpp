#pragma once
// A statement without what differs from call to call: literals become ?, lists of them ?+, comments
// and blanks go, keywords are in upper case. For statistics; nothing is decided by it. Holds no
// literal of the statement, so it may be shown where data may not.

#include "protocol/sql/classifier.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pointsman::protocol::sql {

struct Digest {
    std::string text;  // at most the longest length asked for
    std::uint64_t hash =
        0;  // of the whole normalised statement, also of what `text` has no room for
    bool truncated = false;
};

constexpr std::size_t longest_digest_text = 1024;

/// Total and linear; memory is bounded by `longest`.
Digest digest(std::string_view text, const Dialect& dialect = {},
              std::size_t longest = longest_digest_text);

}  // namespace pointsman::protocol::sql
