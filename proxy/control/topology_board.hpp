#pragma once
// Where the control plane hands its snapshots to everybody else: the current Topology, and calls to
// those who want each new one.

#include "health/topology.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace pointsman::proxy {

class TopologyBoard {
public:
    using Callback = std::function<void(const health::TopologyPtr&)>;
    using Subscription = std::uint64_t;

    /// An empty topology with no server until the first `publish`; never null. From any thread.
    health::TopologyPtr get() const;

    /// `callback` is called at once with the current snapshot, and then from the publishing thread
    /// with each new one. It must be quick, and must not subscribe or unsubscribe.
    Subscription subscribe(Callback callback);
    /// After it returns the callback is not called any more.
    void unsubscribe(Subscription subscription);

    void publish(health::TopologyPtr topology);

private:
    mutable std::mutex current_mutex_;
    health::TopologyPtr current_ = std::make_shared<const health::Topology>();
    std::mutex subscribers_mutex_;  // taken before current_mutex_
    std::map<Subscription, Callback> subscribers_;
    Subscription last_subscription_ = 0;
};

}  // namespace pointsman::proxy
