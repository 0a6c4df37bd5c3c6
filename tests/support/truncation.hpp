#pragma once
// Cut input: a decoder must say "error" for every length that is not a whole message, and must
// never look past the end. Each cut is given in memory of exactly its size, so that a sanitizer
// sees it.

#include "protocol/bytes.hpp"

#include <cstddef>
#include <set>

namespace pointsman::tests {

/// The sizes below the whole at which `decode` (Bytes → Result) succeeds all the same; a test
/// compares with the sizes where the message may end early.
template <class Decode>
std::set<std::size_t> sizes_accepted(protocol::Bytes whole, Decode decode)
{
    std::set<std::size_t> accepted;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const protocol::Buffer cut(whole.begin(),
                                   whole.begin() + static_cast<std::ptrdiff_t>(size));
        if (decode(protocol::Bytes(cut)).has_value()) accepted.insert(size);
    }
    return accepted;
}

}  // namespace pointsman::tests
