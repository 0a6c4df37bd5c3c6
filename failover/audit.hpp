#pragma once
// Are the transactions that clients were told of on the server that would be promoted? Needs no
// premise about semi-synchronous replication: it rests on the GTIDs in the OK packets alone. Pure.

#include "protocol/gtid_set.hpp"

namespace pointsman::failover {

/// What would be lost: of each source all that `position` lacks up to the newest acknowledged
/// number. A source's transactions reach replicas in the order of their numbers, so the newest one
/// stands for those before it. `acknowledged` may hold no more than those.
protocol::GtidSet lost_by(const protocol::GtidSet& acknowledged, const protocol::GtidSet& position);

}  // namespace pointsman::failover
