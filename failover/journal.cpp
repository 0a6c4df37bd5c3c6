#include "failover/journal.hpp"

#include <algorithm>
#include <array>

namespace pointsman::failover {
namespace {

constexpr std::array<std::string_view, 10> words{"finding",     "began",   "step_done",
                                                "step_failed", "undone",  "completed",
                                                "given_up",    "warning", "step_begun",
                                                 "note"};

}  // namespace

std::string_view to_text(JournalKind kind)
{
    return words[static_cast<std::size_t>(kind)];
}

std::optional<JournalKind> journal_kind(std::string_view word)
{
    auto at = std::ranges::find(words, word);
    if (at == words.end()) return std::nullopt;
    return static_cast<JournalKind>(at - words.begin());
}

Keeping keeping_of(const JournalEntry& entry)
{
    switch (entry.kind) {
        case JournalKind::began:
        case JournalKind::step_begun:
            return Keeping::before_the_next;
        case JournalKind::completed:
        case JournalKind::undone:
        case JournalKind::given_up:
            return Keeping::at_once;
        case JournalKind::step_done: {
            bool changes_hands =
                entry.step == "fence" || entry.step == "promote" || entry.step == "publish";
            return changes_hands ? Keeping::at_once : Keeping::at_leisure;
        }
        case JournalKind::finding:
        case JournalKind::step_failed:
        case JournalKind::warning:
            break;
        case JournalKind::note:
            return entry.to.name.empty() ? Keeping::at_leisure : Keeping::at_once;
    }
    return Keeping::at_leisure;
}

std::string to_text(const JournalEntry& entry)
{
    auto text = std::string(to_text(entry.kind)) + ": " + entry.text;
    if (entry.took.count() > 0) text += " (" + std::to_string(entry.took.count()) + " ms)";
    return text;
}

}  // namespace pointsman::failover
