#include "failover/audit.hpp"

namespace pointsman::failover {

using protocol::GtidSet;

GtidSet lost_by(const GtidSet& acknowledged, const GtidSet& position)
{
    GtidSet lost;
    for (const auto& source : acknowledged.sources()) {
        auto newest = source.intervals.back().last;
        if (position.contains(source.uuid, source.tag, newest)) continue;
        lost.add(source.uuid, source.tag, {1, newest});
    }
    return lost.subtract(position);
}

}  // namespace pointsman::failover
