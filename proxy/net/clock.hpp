#pragma once
// The only file that names a clock; a simulation replaces it.

#include <chrono>

namespace pointsman::proxy::net {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// Later than any moment that will come.
constexpr TimePoint never = TimePoint::max();

}  // namespace pointsman::proxy::net
