#pragma once
// What an operator wants to know before anything happens: who would follow the primary if it were
// lost now, what would be lost with it, and how long writes would wait. Pure.

#include "failover/journal.hpp"
#include "failover/takeover.hpp"

#include <string>
#include <vector>

namespace pointsman::failover {

/// How long writes waited in takeovers that were done, oldest first.
struct Waits {
    std::vector<milliseconds> switchovers;  // from the fence until the new primary was published
    std::vector<milliseconds> failovers;    // from the finding until then
};

/// Takes in the journal, entry by entry. A step's own time counts, not that between steps.
class WaitsReader {
public:
    void read(const JournalEntry& entry);
    const Waits& waits() const { return waits_; }

private:
    static constexpr std::size_t most = 5;  // of each kind, the newest
    Waits waits_;
    std::uint64_t takeover_ = 0;
    milliseconds sum_{0};
};

struct Outlook {
    std::string risk;        // sentences
    std::string switchover;  // how long
    std::string failover;
};

/// By what was seen last; nothing is asked of servers for it. `probe` tells how long it takes to
/// find a loss.
Outlook outlook_of(const Evidence& evidence, const config::Failover& settings,
                   const config::Probe& probe, const Waits& waits);

}  // namespace pointsman::failover
