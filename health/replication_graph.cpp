#include "health/replication_graph.hpp"

#include "protocol/gtid_set.hpp"

#include <algorithm>

namespace pointsman::health {
namespace {

/// Our only server with this server_id; nothing when several have it or none.
std::optional<std::size_t> only_one_with(const std::vector<Member>& members,
                                         std::uint32_t server_id)
{
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!members[i].report || members[i].report->facts.server_id != server_id) continue;
        if (found) return std::nullopt;
        found = i;
    }
    return found;
}

protocol::GtidFlavour gtid_flavour(Flavour flavour)
{
    return flavour == Flavour::mariadb ? protocol::GtidFlavour::mariadb
                                       : protocol::GtidFlavour::mysql;
}

bool in_common(const protocol::Position& a, const protocol::Position& b)
{
    const auto* set_a = std::get_if<protocol::GtidSet>(&a);
    const auto* set_b = std::get_if<protocol::GtidSet>(&b);
    if (set_a && set_b) return set_a->intersects(*set_b);
    // MariaDB's numbers carry no origin: where one list is further, it may have come from the
    // other.
    return protocol::contains(a, b) || protocol::contains(b, a);
}

}  // namespace

ReplicationGraph::ReplicationGraph(const std::vector<Member>& members) : members_(members) {}

std::optional<std::size_t> ReplicationGraph::source_of(std::size_t replica,
                                                       const ReplicationChannel& channel) const
{
    // The uuid is what the source said itself; an address may be another name of the same server.
    if (!channel.source_uuid.empty())
        for (std::size_t i = 0; i < members_.size(); ++i)
            if (members_[i].report && members_[i].report->facts.uuid == channel.source_uuid)
                return i;
    for (std::size_t i = 0; i < members_.size(); ++i)
        if (i != replica && members_[i].address == channel.source) return i;
    if (channel.source_server_id != 0) return only_one_with(members_, channel.source_server_id);
    return std::nullopt;
}

bool ReplicationGraph::follows(std::size_t replica, std::size_t source) const
{
    return replica != source && reaches(replica, source, members_.size());
}

bool ReplicationGraph::reaches(std::size_t replica, std::size_t source, std::size_t hops) const
{
    // Servers may replicate in a ring; no path is longer than there are servers.
    if (hops == 0 || !members_[replica].report) return false;
    return std::ranges::any_of(members_[replica].report->channels, [&](const auto& channel) {
        auto next = source_of(replica, channel);
        return next && (*next == source || reaches(*next, source, hops - 1));
    });
}

std::vector<std::size_t> ReplicationGraph::followers(std::size_t source) const
{
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < members_.size(); ++i)
        if (follows(i, source)) found.push_back(i);
    return found;
}

bool ReplicationGraph::share_history(std::size_t a, std::size_t b) const
{
    if (follows(a, b) || follows(b, a)) return true;
    const auto* one = members_[a].report;
    const auto* other = members_[b].report;
    return one && other && gtids_in_common(one->facts.flavour, one->executed, other->executed);
}

bool ReplicationGraph::covers(std::size_t a, std::size_t b) const
{
    const auto* one = members_[a].report;
    const auto* other = members_[b].report;
    return one && other && gtids_cover(one->facts.flavour, one->executed, other->executed);
}

bool gtids_cover(Flavour flavour, std::string_view a, std::string_view b)
{
    if (a.empty() || b.empty()) return false;
    auto one = protocol::parse_position(a, gtid_flavour(flavour));
    auto other = protocol::parse_position(b, gtid_flavour(flavour));
    return one && other && protocol::contains(*one, *other);
}

bool gtids_lack(Flavour flavour, std::string_view a, std::string_view b)
{
    if (a.empty() || b.empty()) return false;
    auto one = protocol::parse_position(a, gtid_flavour(flavour));
    auto other = protocol::parse_position(b, gtid_flavour(flavour));
    return one && other && !protocol::contains(*one, *other);
}

bool gtids_in_common(Flavour flavour, std::string_view a, std::string_view b)
{
    if (a.empty() || b.empty()) return true;
    auto one = protocol::parse_position(a, gtid_flavour(flavour));
    auto other = protocol::parse_position(b, gtid_flavour(flavour));
    return one && other && in_common(*one, *other);
}

}  // namespace pointsman::health
