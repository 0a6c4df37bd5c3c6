#pragma once
// From what is configured and what was observed to the next Topology. Pure: the same inputs give
// the same snapshot, and what must be remembered goes out with it and comes in again.

#include "config/config.hpp"

#include "health/primary_choice.hpp"
#include "health/probe.hpp"
#include "health/server_health.hpp"
#include "health/topology.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::health {

struct Observation {
    config::Server server;
    const ServerHealth* health = nullptr;  // never null
    /// When its replication was seen flowing last; nothing: never.
    std::optional<TimePoint> flowing_at;
};

/// What one snapshot leaves for the next.
struct ClusterMemory {
    std::optional<KnownPrimary> primary;
    Appointed appointed;  // by an earlier process
    std::uint64_t epoch = 0;
    std::uint64_t revision = 0;
};

struct Built {
    Topology topology;
    ClusterMemory memory;
    /// Servers whose next look decides something: look at once.
    std::vector<config::ServerId> look_again;
};

Built build_topology(const std::vector<Observation>& observations, const config::Routing& routing,
                     const ClusterMemory& memory, TimePoint now);

}  // namespace pointsman::health
