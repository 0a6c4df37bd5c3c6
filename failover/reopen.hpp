#pragma once
// A primary that restarted before anybody replaced it comes back read-only, as it should: nobody
// else took writes meanwhile, so it is opened again where it stands. One that was made read-only by
// hand is somebody's wish, and left alone. Pure.

#include "failover/takeover.hpp"

namespace pointsman::failover {

/// Refused when there is nothing to open.
Planned plan_reopen(const Evidence& evidence);

}  // namespace pointsman::failover
