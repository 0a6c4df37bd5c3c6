#include "failover/doubt.hpp"

#include "failover/canary.hpp"

namespace pointsman::failover {
namespace {

/// The newest that is older than the statement.
const ExecutedMark* mark_before(const Doubt& doubt, const std::vector<ExecutedMark>& marks)
{
    const ExecutedMark* last = nullptr;
    for (const auto& mark : marks)
        if (mark.at <= doubt.sent_at) last = &mark;
    return last;
}

}  // namespace

bool concerns(const Succession& succession, const Doubt& doubt)
{
    return doubt.server == succession.from && doubt.sent_at < succession.at;
}

bool is_absent(const Doubt& doubt, const Succession& succession,
               const protocol::GtidSet& acknowledged)
{
    const auto* before = mark_before(doubt, succession.marks);
    // An empty set is no finding: a server that was ever set up has executed something.
    bool can_tell = concerns(succession, doubt) && before && !succession.found.empty();
    if (!can_tell) return false;
    auto left = succession.found;
    left.subtract(canaries_of(left));  // no client's
    return left.subtract(before->executed).subtract(acknowledged).empty();
}

}  // namespace pointsman::failover
