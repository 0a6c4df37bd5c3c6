#pragma once
// Do not act again too soon: a cluster that lost two primaries in a row has another trouble, and
// moving the role to and fro makes it worse. Only what acts by itself asks here.

#include "failover/evidence.hpp"

#include <algorithm>
#include <optional>

namespace pointsman::failover {

class Cooldown {
public:
    /// A takeover was completed.
    void note_takeover(TimePoint now)
    {
        last_takeover_ = now;
        note_well();
    }
    /// An attempt came to nothing: the next one waits a little, after several longer and longer.
    void note_failure(TimePoint now)
    {
        wait_ = last_failure_ ? std::min(2 * wait_, longest_wait) : after_failure;
        last_failure_ = now;
    }
    /// Nothing is wrong any more.
    void note_well() { last_failure_.reset(); }
    /// An operator says that it may act again.
    void forget() { last_takeover_.reset(); }

    bool allows(TimePoint now, milliseconds cooldown) const
    {
        if (last_takeover_ && now - *last_takeover_ < cooldown) return false;
        return !last_failure_ || now - *last_failure_ >= wait_;
    }

    static constexpr milliseconds after_failure{500};
    static constexpr milliseconds longest_wait{8'000};

private:
    std::optional<TimePoint> last_takeover_, last_failure_;
    milliseconds wait_ = after_failure;
};

}  // namespace pointsman::failover
