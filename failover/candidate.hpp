#pragma once
// Who may become the primary, and who best. Every exclusion has a reason, the ranking is one
// comparator. Pure.
//
// Whether one server has all that another has is only a partial order. It is made a chain first:
// servers with transactions of their own are excluded, and if two sets are still incomparable, the
// history has split: nobody is eligible and the operator is told.

#include "protocol/gtid_set.hpp"

#include "failover/evidence.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::failover {

/// Why the role moves.
enum class Cause : std::uint8_t {
    switchover,
    failover,
    rejoin,
    resume,  // of a takeover whose process died
    reopen,  // no move: the primary takes writes again
};

/// What servers have received or executed, as far as it is known.
using Positions = std::map<config::ServerId, protocol::GtidSet>;

struct Candidate {
    config::ServerId id{};
    std::string name;
    std::uint64_t transactions = 0;  // received or executed
    config::PromotionRule rule = config::PromotionRule::neutral;
    bool other_zone = false;  // than the old primary's
    milliseconds lag{0};
    std::size_t place = 0;  // in the configuration
};

struct Excluded {
    config::ServerId id{};
    std::string name;
    std::string reason;  // follows the name: "is downtimed"
};

struct Ranking {
    std::vector<Candidate> eligible;  // best first
    std::vector<Excluded> excluded;
    std::string split;  // a sentence when the history has split; then nobody is eligible
};

/// More transactions first (in a failover; a switchover waits for all of them anyway), then the
/// rule, the zone, less lag, the configuration's order.
bool better(Cause cause, const Candidate& a, const Candidate& b);

/// Ranks the replicas of the evidence's primary. In a failover only those in `positions` (they
/// answered when they were frozen) can be chosen; in a switchover what the reports say counts.
Ranking rank_candidates(const Evidence& evidence, Cause cause, const Positions& positions = {});

/// Received or executed, by the last report; nothing when that cannot be read.
std::optional<protocol::GtidSet> position_of(const health::ServerReport& report);

/// Transactions of `position` that no primary gave it: not in the primary's last known set, and not
/// made by the primary itself since, which also commits our canaries.
protocol::GtidSet errant_in(const protocol::GtidSet& position, const health::ServerReport& primary);

}  // namespace pointsman::failover
