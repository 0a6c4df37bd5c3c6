#pragma once
// The record of a takeover, as values: what was found, decided, done, and how long it took. Whoever
// runs the controller writes it down; what must be on disk before it goes on is said here.

#include "failover/evidence.hpp"

#include <cstdint>
#include <optional>
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
    step_begun,  // only of the step that cannot be undone
    note,        // nothing is wrong
};
std::string_view to_text(JournalKind kind);
std::optional<JournalKind> journal_kind(std::string_view word);

/// A server as the journal names it: the UUID outlives a change of name or address.
struct JournalServer {
    std::string name, uuid;
    friend bool operator==(const JournalServer&, const JournalServer&) = default;
};

struct JournalEntry {
    JournalKind kind{};
    std::string text;  // a sentence
    milliseconds took{0};
    std::uint64_t takeover = 0;  // its number; 0: none was under way
    std::string cause = {};      // of the takeover
    std::string step = {};       // kind of the step, of step_… entries
    JournalServer from = {}, to = {};
    /// began: what the old primary had executed; step_done: what was collected by then.
    std::string gtids = {};
    /// began: what is known of the old primary. What it promised its clients decides later whether
    /// loss is possible, and a process that starts anew cannot ask a dead server.
    std::optional<Survey> survey = {};
    friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

/// When an entry must have reached the disk.
enum class Keeping : std::uint8_t {
    at_leisure,
    at_once,          // but nobody waits for it
    before_the_next,  // step: what follows it must not be ahead of the record
};
Keeping keeping_of(const JournalEntry& entry);

/// "step_done: db1 becomes read-only (3 ms)".
std::string to_text(const JournalEntry& entry);

}  // namespace pointsman::failover
