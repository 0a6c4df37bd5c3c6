#pragma once
// Pure: a server that is new or was away gets reads little by little, since its caches are cold.

#include "config/config.hpp"

#include "health/topology.hpp"

#include "proxy/net/clock.hpp"

#include <map>
#include <optional>

namespace pointsman::proxy {

class SlowStart {
public:
    /// Takes in what is known of the servers now.
    void learn(const health::Topology& topology, config::Milliseconds length, net::TimePoint now);
    /// The topology with the weights of now; the same pointer when all are as configured.
    health::TopologyPtr ramped(health::TopologyPtr topology, config::Milliseconds length,
                               net::TimePoint now) const;
    /// Is one of them still on its way?
    bool is_ramping(config::Milliseconds length, net::TimePoint now) const;

private:
    struct Known {
        bool is_up = false;
        std::optional<net::TimePoint> back_at;  // nothing: it was there from the beginning
    };
    std::map<config::ServerId, Known> servers_;
    std::optional<net::TimePoint> began_at_;
};

}  // namespace pointsman::proxy
