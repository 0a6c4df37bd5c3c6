#include "proxy/pool/slow_start.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

/// It begins with a tenth of its weight: with none it would stay cold.
constexpr std::int64_t first_part = 10;

}  // namespace

void SlowStart::learn(const health::Topology& topology, config::Milliseconds length,
                      net::TimePoint now)
{
    std::map<config::ServerId, Known> servers;
    for (const auto& server : topology.servers) {
        auto known = servers_[server.id];
        bool is_up = server.health == health::HealthState::up;
        if (is_up && !began_at_) began_at_ = now;
        // While the process is young all servers are as new to it, and somebody must take the work.
        bool is_back = is_up && !known.is_up && now - *began_at_ >= length;
        if (is_back) known.back_at = now;
        known.is_up = is_up;
        servers[server.id] = known;
    }
    servers_ = std::move(servers);
}

health::TopologyPtr SlowStart::ramped(health::TopologyPtr topology, config::Milliseconds length,
                                      net::TimePoint now) const
{
    if (!is_ramping(length, now)) return topology;
    auto changed = std::make_shared<health::Topology>(*topology);
    for (auto& server : changed->servers) {
        auto known = servers_.find(server.id);
        if (known == servers_.end() || !known->second.back_at || server.weight == 0) continue;
        auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(
            now - *known->second.back_at);
        if (passed >= length) continue;
        auto part = std::max(passed.count(), length.count() / first_part);
        server.weight = static_cast<std::uint32_t>(
            std::max<std::int64_t>(1, server.weight * part / length.count()));
    }
    return changed;
}

bool SlowStart::is_ramping(config::Milliseconds length, net::TimePoint now) const
{
    return std::any_of(servers_.begin(), servers_.end(), [&](const auto& entry) {
        return entry.second.back_at && now - *entry.second.back_at < length;
    });
}

}  // namespace pointsman::proxy
