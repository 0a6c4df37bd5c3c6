#include "failover/journal.hpp"

#include <array>

namespace pointsman::failover {

std::string_view to_text(JournalKind kind)
{
    constexpr std::array<std::string_view, 8> words{"finding",     "began",  "step_done",
                                                    "step_failed", "undone", "completed",
                                                    "given_up",    "warning"};
    return words[static_cast<std::size_t>(kind)];
}

std::string to_text(const JournalEntry& entry)
{
    auto text = std::string(to_text(entry.kind)) + ": " + entry.text;
    if (entry.took.count() > 0) text += " (" + std::to_string(entry.took.count()) + " ms)";
    return text;
}

}  // namespace pointsman::failover
