#pragma once
// An entry of the journal as a line of JSON, and back. Pure.

#include "failover/journal.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::proxy {

struct JournalLine {
    std::chrono::milliseconds written_at{0};  // since 1970, UTC
    failover::JournalEntry entry;
    friend bool operator==(const JournalLine&, const JournalLine&) = default;
};

/// One line, its end included. Keys without a value are left out.
std::string to_json(const JournalLine& line);
/// Nothing: it is no such line, or half of one.
std::optional<JournalLine> journal_line(std::string_view json);

/// "2026-11-22T19:40:04.123Z".
std::string time_text(std::chrono::milliseconds since_1970);

}  // namespace pointsman::proxy
