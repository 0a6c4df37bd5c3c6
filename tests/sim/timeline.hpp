#pragma once
// Simulated time: events in the order in which they are due, ties to the one that was planned
// first, and the one source of randomness. The same seed gives the same run.

#include "failover/evidence.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <utility>

namespace pointsman::sim {

using namespace std::chrono_literals;
using failover::TimePoint;
using std::chrono::milliseconds;

class Timeline {
public:
    using Event = std::function<void()>;

    explicit Timeline(std::uint64_t seed) : random_(seed) {}

    TimePoint now() const { return now_; }

    /// Both ends included.
    std::int64_t between(std::int64_t low, std::int64_t high)
    {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }
    bool one_in(std::int64_t count) { return between(1, count) == 1; }

    void plan(std::chrono::nanoseconds after, Event event)
    {
        events_.emplace(std::pair(now_ + after, ++planned_), std::move(event));
    }
    void plan(std::int64_t after_ms, Event event)
    {
        plan(milliseconds{after_ms}, std::move(event));
    }

    /// The next event happens, unless it is due after `end`. False: there was none.
    bool step(TimePoint end)
    {
        if (events_.empty() || events_.begin()->first.first > end) return false;
        auto next = events_.extract(events_.begin());
        now_ = next.key().first;
        next.mapped()();
        return true;
    }

private:
    std::mt19937_64 random_;
    TimePoint now_ = TimePoint{} + 1h;
    std::map<std::pair<TimePoint, std::uint64_t>, Event> events_;
    std::uint64_t planned_ = 0;
};

}  // namespace pointsman::sim
