#include "proxy/control/topology_board.hpp"

#include <utility>

namespace pointsman::proxy {

health::TopologyPtr TopologyBoard::get() const
{
    std::lock_guard lock(current_mutex_);
    return current_;
}

TopologyBoard::Subscription TopologyBoard::subscribe(Callback callback)
{
    std::lock_guard lock(subscribers_mutex_);
    callback(get());
    subscribers_.emplace(++last_subscription_, std::move(callback));
    return last_subscription_;
}

void TopologyBoard::unsubscribe(Subscription subscription)
{
    std::lock_guard lock(subscribers_mutex_);
    subscribers_.erase(subscription);
}

void TopologyBoard::publish(health::TopologyPtr topology)
{
    std::lock_guard lock(subscribers_mutex_);
    {
        std::lock_guard current_lock(current_mutex_);
        current_ = topology;
    }
    for (const auto& [subscription, callback] : subscribers_) callback(topology);
}

}  // namespace pointsman::proxy
