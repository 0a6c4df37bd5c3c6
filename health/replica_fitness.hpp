#pragma once
// How late is a replica, and may it be read? Pure.

#include "health/replication_graph.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::health {

struct FitnessQuestion {
    std::size_t replica;
    std::optional<std::size_t> primary;       // that serves now
    std::optional<std::size_t> last_primary;  // that served last
    std::chrono::milliseconds max_lag;
    TimePoint now;
};

struct Fitness {
    bool is_replica = false;  // it follows the primary, or when there is none, one of our servers
    bool fit = false;         // its data is recent enough; its health and weight are not asked here
    std::optional<std::chrono::milliseconds>
        lag;              // of all links of the chain to the primary, the worst
    std::string problem;  // why it is not fit, to follow the server's name
};

Fitness judge_fitness(const std::vector<Member>& members, const ReplicationGraph& graph,
                      const FitnessQuestion& question);

/// Is the receiver of every channel on? The caller keeps the time of the last such report.
bool replication_flows(const ServerReport& report);

}  // namespace pointsman::health
