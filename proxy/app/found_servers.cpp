#include "proxy/app/found_servers.hpp"

#include "failover/mysql_server_control.hpp"

#include <algorithm>

namespace pointsman::proxy {
namespace {

constexpr std::size_t most_told = 64;

bool is_taken(const config::Config& config, const config::Server& found)
{
    return std::ranges::any_of(config.servers, [&](const auto& server) {
        return server.address == found.address || server.name == found.name;
    });
}

bool contains(const std::vector<std::string>& texts, const std::string& text)
{
    return std::ranges::find(texts, text) != texts.end();
}

}  // namespace

void FoundServers::add_to(config::Config& config)
{
    if (!config.discover) found_.clear();
    std::erase_if(found_, [&](const auto& found) { return is_taken(config, found.server); });
    for (const auto& found : found_) config.servers.push_back(found.server);
}

health::DiscoveryTask FoundServers::task(const config::Config& config,
                                         const health::Topology& topology, std::size_t room)
{
    auto access = failover::access_of(config);
    health::DiscoveryTask task;
    task.access = {{}, access.user, access.password, access.tls, access.connect_timeout};
    task.most = room;
    for (const auto& server : topology.servers) {
        task.known.push_back({server.uuid, server.address});
        if (server.health == health::HealthState::up) task.sources.push_back(server.address);
    }
    return task;
}

std::size_t FoundServers::room(const config::Config& config) const
{
    return config.discover_limit - std::min<std::size_t>(config.discover_limit, found_.size());
}

bool FoundServers::take(const health::Discovery& seen, const config::Config& config,
                        const health::Topology& topology, net::TimePoint now,
                        std::vector<std::string>& fresh)
{
    auto tell = [&](const std::string& sentence) {
        if (contains(told_, sentence)) return;
        if (told_.size() >= most_told) told_.clear();
        told_.push_back(sentence);
        fresh.push_back(sentence);
    };
    std::ranges::for_each(seen.problems, tell);
    // While there is no primary, nobody can replicate from it.
    auto* primary = topology.primary_server();
    bool all_asked = seen.asked && primary && primary->health == health::HealthState::up;
    for (auto& found : found_)
        if (!all_asked || contains(seen.named, found.uuid) || primary->uuid == found.uuid)
            found.seen_at = now;
    auto before = found_.size();
    std::erase_if(found_,
                  [&](const auto& found) { return now - found.seen_at >= config.discover_forget; });
    bool changed = found_.size() != before;
    for (const auto& replica : seen.found) {
        config::Server server;
        server.name = replica.address.text();
        server.address = replica.address;
        if (is_taken(config, server) || found_.size() >= config.discover_limit) continue;
        found_.push_back({server, replica.uuid, now});
        changed = true;
    }
    return changed;
}

}  // namespace pointsman::proxy
