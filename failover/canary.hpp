#pragma once
// The write canary: an empty transaction on the primary now and then. It goes the way of every
// commit (binary log, disk, semi-synchronous replicas), so commits that do not end show when no
// client writes, and those whose acknowledgement got lost are freed by the next one's. Its GTIDs
// tell by their UUID what they are: nobody misses them. Pure.

#include "failover/evidence.hpp"
#include "failover/order.hpp"

#include <optional>
#include <string_view>

namespace pointsman::failover {

/// The UUID of a process's canaries. `process` tells processes apart and outlives restarts.
protocol::Uuid canary_source(std::string_view process);

/// Those transactions of `set` that are canaries, of any process.
protocol::GtidSet canaries_of(const protocol::GtidSet& set);

class Canary {
public:
    explicit Canary(protocol::Uuid source) : source_(source) {}

    /// 0: none is sent.
    void set_interval(milliseconds interval) { interval_ = interval; }
    /// The order to carry out now, if it is time. Follow with on_outcome().
    std::optional<Order> next(const Evidence& evidence, TimePoint now);
    void on_outcome(const Outcome& outcome, TimePoint now);
    /// The last one did not end.
    bool is_stuck() const { return patience_.count() > 0; }

    /// A server keeps what a client no longer waits for, so few are sent while they get stuck.
    static constexpr milliseconds first_patience{10'000}, most_patience{300'000};
    static constexpr milliseconds within{1'000};

private:
    protocol::Uuid source_;
    milliseconds interval_{0};
    milliseconds patience_{0};  // until the next one, while they do not end; 0: they do
    TimePoint next_at_{};
    std::optional<config::ServerId> sent_to_;
    std::uint64_t last_number_ = 0;
    bool under_way_ = false;
    bool acknowledged_ = true;  // enough replicas acknowledged at the last look
};

}  // namespace pointsman::failover
