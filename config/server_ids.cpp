#include "config/server_ids.hpp"

#include <algorithm>

namespace pointsman::config {
namespace {

const Server* find_same(const Config* previous, const Server& wanted)
{
    if (!previous) return nullptr;
    const auto& servers = previous->servers;
    auto same = [&](const Server& server) {
        return server.name == wanted.name && server.address == wanted.address;
    };
    const auto found = std::find_if(servers.begin(), servers.end(), same);
    return found == servers.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Mistake> assign_server_ids(Config& next, const Config* previous,
                                         std::uint32_t& next_free)
{
    auto is_new = [&](const Server& server) { return !find_same(previous, server); };
    const auto wanted = std::count_if(next.servers.begin(), next.servers.end(), is_new);
    if (static_cast<std::uint64_t>(wanted) + next_free > max_server_ids) {
        return Mistake{{},
                       0,
                       0,
                       "servers",
                       "one process can know " + std::to_string(max_server_ids) +
                           " different servers over its life, and these would be more; restart it "
                           "or list fewer"};
    }
    for (Server& server : next.servers) {
        const Server* same = find_same(previous, server);
        server.id = same ? same->id : ServerId{next_free++};
    }
    return std::nullopt;
}

}  // namespace pointsman::config
