#pragma once
// A takeover that ended with its process: what the journal says of it, and what is to be done now
// by what the servers say. Pure. It is asked again after each attempt, until nothing is left to do:
// so an order that was under way when the process died may still arrive.
//
// Once the candidate takes writes it is only finished; else it is undone, and the old primary
// opened again, or, if that is lost, replaced as any lost primary is.

#include "failover/journal.hpp"
#include "failover/takeover.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace pointsman::failover {

struct Unfinished {
    std::uint64_t number = 0;  // of the takeover, in the journal
    bool is_failover = false;
    bool resumes = false;          // it began while another was unfinished
    bool may_be_promoted = false;  // the order that cannot be undone may have gone out
    JournalServer from, to;        // to: empty until a failover has chosen
    std::string executed;          // by the old primary, when it began
    Survey survey;                 // of the old primary
    friend bool operator==(const Unfinished&, const Unfinished&) = default;
};

/// Follows the journal, entry by entry. A failover that began while another takeover was unfinished
/// stays unfinished when it is undone: the primary is still lost, and nobody else remembers which
/// one it was.
void follow_journal(std::optional<Unfinished>& left, const JournalEntry& entry);

/// What the journal knows of a primary that this process may never have seen.
struct Remembered {
    JournalServer server;
    std::string executed;  // some time before
    Survey survey;
    friend bool operator==(const Remembered&, const Remembered&) = default;
};
/// Puts it into evidence that has no primary, once all that answer are known.
void recall(const Remembered& primary, Evidence& evidence);

struct Settled {
    bool finished = false;  // else undone
    std::string text;
};
/// What is waited for, in a sentence.
struct NotYet {
    std::string reason;
    bool passing = false;  // the next look ends it
};
using Resumption = std::variant<Takeover, Settled, NotYet>;

Resumption plan_resume(const Evidence& evidence, const Unfinished& left,
                       const config::Failover& settings);

}  // namespace pointsman::failover
