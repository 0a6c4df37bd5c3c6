#pragma once
// The record of a takeover, as values: what was found, decided, done, and how long it took. Whoever
// runs the controller writes it down.

#include "failover/evidence.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pointsman::failover {

enum class JournalKind : std::uint8_t {
    finding,  // what diagnosis says
    began,    // a takeover: the cause and the plan
    step_done,
    step_failed,
    undone,  // everything is as it was
    completed,
    given_up,  // an operator is needed
    warning,
};
std::string_view to_text(JournalKind kind);

struct JournalEntry {
    JournalKind kind{};
    std::string text;  // a sentence
    milliseconds took{0};
    friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

/// "step_done: db1 becomes read-only (3 ms)".
std::string to_text(const JournalEntry& entry);

}  // namespace pointsman::failover
