#pragma once
// Do not act again too soon: a cluster that lost two primaries in a row has another trouble, and
// moving the role to and fro makes it worse. Only what acts by itself asks here.

#include "failover/evidence.hpp"

#include <optional>

namespace pointsman::failover {

class Cooldown {
public:
    /// A takeover was completed.
    void note_takeover(TimePoint now) { last_takeover_ = now; }
    /// An attempt came to nothing: the next one waits a little.
    void note_failure(TimePoint now) { last_failure_ = now; }
    /// An operator says that it may act again.
    void forget() { last_takeover_.reset(); }

    bool allows(TimePoint now, milliseconds cooldown) const
    {
        if (last_takeover_ && now - *last_takeover_ < cooldown) return false;
        return !last_failure_ || now - *last_failure_ >= after_failure;
    }

    static constexpr milliseconds after_failure{500};

private:
    std::optional<TimePoint> last_takeover_, last_failure_;
};

}  // namespace pointsman::failover
