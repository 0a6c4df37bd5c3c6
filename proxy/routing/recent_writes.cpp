#include "proxy/routing/recent_writes.hpp"

#include <algorithm>

namespace pointsman::proxy {

void RecentWrites::note(const protocol::Position& gtids)
{
    const auto* set = std::get_if<protocol::GtidSet>(&gtids);
    if (!set || set->count() != 1 || !set->sources().front().tag.empty()) return;
    const auto& source = set->sources().front();
    Write write{source.uuid, source.intervals.front().first};
    if (ring_.size() < most) {
        ring_.push_back(write);
        return;
    }
    ring_[oldest_] = write;
    oldest_ = (oldest_ + 1) % most;
}

protocol::GtidSet RecentWrites::set() const
{
    auto writes = ring_;
    std::ranges::sort(writes);
    protocol::GtidSet set;
    for (std::size_t i = 0; i < writes.size();) {
        auto first = writes[i];
        auto last = first.number;
        for (++i; i < writes.size(); ++i) {
            bool goes_on = writes[i].uuid == first.uuid && writes[i].number <= last + 1;
            if (!goes_on) break;
            last = writes[i].number;
        }
        set.add(first.uuid, {}, {first.number, last});
    }
    return set;
}

}  // namespace pointsman::proxy
