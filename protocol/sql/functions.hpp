#pragma once
// What a name before "(" means. Names outside the table are functions of the user's own, which
// could do anything.

#include "protocol/sql/classifier.hpp"
#include "protocol/sql/statement.hpp"

#include <cstdint>
#include <string_view>

namespace pointsman::protocol::sql {

struct FunctionTraits {
    std::string_view name;
    PrimaryReason reason =
        PrimaryReason::none;  // none: reads data only, or a keyword that may stand before (
    std::uint32_t effects = effect_none;  // of Effect
    // The server takes the name for its own function only when ( follows at once; with a blank
    // between it is a stored function of that name.
    bool only_adjacent = false;
    std::uint8_t servers = 0xff;  // bits of servers that have it
};

/// nullptr: not the server's own. `hash` is hash_name(name).
const FunctionTraits* find_function(std::string_view name, std::uint32_t hash,
                                    const Dialect& dialect);

}  // namespace pointsman::protocol::sql
