#include "health/topology_builder.hpp"

#include "health/replica_fitness.hpp"

#include <algorithm>

namespace pointsman::health {
namespace {

/// "1.2 s": enough for people, and stable enough not to look different every time.
std::string seconds_text(TimePoint::duration span)
{
    auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(span).count() / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string trouble_of(const ServerHealth& health, TimePoint now)
{
    auto since = health.failing_since();
    if (!since) return {};
    auto error = health.last_error().empty() ? "" : " (" + health.last_error() + ")";
    auto how_long = " since " + seconds_text(now - *since) + error;
    switch (health.last_result()) {
        case ProbeResult::saturated:
            return "is full" + how_long;
        case ProbeResult::access_denied:
            return "refuses the monitor's account" + how_long;
        case ProbeResult::query_failed:
            return "fails the probe" + how_long;
        case ProbeResult::tls_failed:
            return "fails TLS" + how_long;
        default:
            return "does not answer" + how_long;
    }
}

class Builder {
public:
    Builder(const std::vector<Observation>& observations, const config::Routing& routing,
            const ClusterMemory& memory, TimePoint now)
        : observations_(observations),
          routing_(routing),
          now_(now),
          members_(members_of(observations, now)),
          graph_(members_)
    {
        built_.memory = memory;
    }

    Built build() &&
    {
        auto choice =
            choose_primary(members_, graph_, built_.memory.primary, built_.memory.appointed);
        remember(choice.primary);
        auto& topology = built_.topology;
        topology.epoch = built_.memory.epoch;
        topology.revision = ++built_.memory.revision;
        topology.primary = choice.primary;
        topology.writes = choice.primary ? WriteState::open : WriteState::none;
        topology.why_not_open = choice.why_none;
        for (std::size_t i = 0; i < members_.size(); ++i)
            topology.servers.push_back(view_of(i, choice.primary));
        for (const auto& refused : choice.refused) quarantine(refused, choice.primary);
        return std::move(built_);
    }

private:
    static std::vector<Member> members_of(const std::vector<Observation>& observations,
                                          TimePoint now)
    {
        std::vector<Member> members;
        for (const auto& seen : observations)
            members.push_back({seen.server.id, seen.server.name, seen.server.address,
                               seen.health->state(), seen.health->report(),
                               seen.health->reported_at(), seen.health->writable_since(),
                               seen.health->up_since(), seen.flowing_at,
                               trouble_of(*seen.health, now), seen.health->refused_write(),
                               seen.health->was_replaced(), seen.health->was_closed()});
        return members;
    }

    void remember(std::optional<std::size_t> primary)
    {
        if (!primary) return;
        const auto& member = members_[*primary];
        auto& known = built_.memory.primary;
        if (!known || known->id != member.id) ++built_.memory.epoch;
        const auto& facts = member.report->facts;
        std::erase(built_.memory.appointed.replaced, facts.uuid);
        known = KnownPrimary{member.id,     member.name, member.address,
                             facts.flavour, facts.uuid,  member.report->executed};
    }

    ServerView view_of(std::size_t i, std::optional<std::size_t> primary) const
    {
        const auto& member = members_[i];
        const auto& server = observations_[i].server;
        ServerView view;
        view.id = member.id;
        view.name = member.name;
        view.address = member.address;
        view.health = member.health;
        view.weight = server.weight;
        view.problem = member.trouble.empty() ? "" : member.name + " " + member.trouble;
        if (primary == i) view.role = Role::primary;
        if (!member.report) return view;

        const auto& facts = member.report->facts;
        view.flavour = facts.flavour;
        view.version = facts.version;
        view.version_number = facts.version_number;
        view.uuid = facts.uuid;
        view.executed = member.report->position;
        view.executed_at = member.looked_at;
        view.may_show = member.report->may_show;
        view.idle_timeouts = facts.idle_timeouts;
        if (primary != i) judge_replica(view, i, primary);
        return view;
    }

    void judge_replica(ServerView& view, std::size_t i, std::optional<std::size_t> primary) const
    {
        FitnessQuestion question{i, primary, known_member(), routing_.max_lag, now_};
        auto fitness = judge_fitness(members_, graph_, question);
        if (fitness.is_replica) view.role = Role::replica;
        view.lag = fitness.lag;
        view.takes_reads = fitness.fit && view.health == HealthState::up && view.weight > 0;
        if (view.problem.empty() && !fitness.problem.empty())
            view.problem = view.name + " " + fitness.problem;
    }

    std::optional<std::size_t> known_member() const
    {
        if (!built_.memory.primary) return std::nullopt;
        auto at = std::ranges::find(members_, built_.memory.primary->id, &Member::id);
        if (at == members_.end()) return std::nullopt;
        return static_cast<std::size_t>(at - members_.begin());
    }

    void quarantine(const Refused& refused, std::optional<std::size_t> primary)
    {
        auto& view = built_.topology.servers[refused.member];
        view.takes_reads = false;
        view.problem = view.name + " " + refused.problem;
        if (refused.confirmed)
            view.quarantined = true;
        else if (primary)
            built_.look_again.push_back(members_[*primary].id);
    }

    const std::vector<Observation>& observations_;
    const config::Routing& routing_;
    TimePoint now_;
    std::vector<Member> members_;
    ReplicationGraph graph_;
    Built built_;
};

}  // namespace

Built build_topology(const std::vector<Observation>& observations, const config::Routing& routing,
                     const ClusterMemory& memory, TimePoint now)
{
    return Builder{observations, routing, memory, now}.build();
}

}  // namespace pointsman::health
