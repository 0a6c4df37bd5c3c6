#pragma once
// What one read must see before a replica may answer it, as its Performer works on it.

#include "protocol/messages/err.hpp"

#include "proxy/net/clock.hpp"
#include "proxy/routing/causal_reads.hpp"

#include <optional>

namespace pointsman::proxy {

struct ReadWait {
    /// Asked for by the statement itself: after_gtid.
    std::optional<protocol::Position> token;
    /// What the chosen replica is to wait for; nothing: it is known to have all.
    std::optional<protocol::Position> lacks;
    /// The chosen server is the primary, and first ends the commits that others may have seen
    /// elsewhere.
    bool for_commits = false;
    /// The chosen server is the primary, and is asked for its position only.
    bool asking = false;
    bool asked = false;  // so that it may go to where it has not read before
    bool asked_in_vain = false;
    bool waited_in_vain = false;  // one wait is all that a read has time for
    /// Nobody can take the read: why.
    std::optional<protocol::Err> refusal;
    protocol::Buffer bytes;  // the wait and, behind it, the read
    net::TimePoint sent_at{};

    bool waits() const { return lacks || for_commits; }

    void begin_attempt()
    {
        lacks.reset();
        for_commits = false;
        asking = false;
        refusal.reset();
    }
};

}  // namespace pointsman::proxy
