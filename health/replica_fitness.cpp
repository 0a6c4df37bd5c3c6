#include "health/replica_fitness.hpp"

#include <algorithm>

namespace pointsman::health {
namespace {

using std::chrono::milliseconds;

std::string address_of_source(const ReplicationChannel& channel)
{
    return channel.source.host.empty() ? channel.source_uuid : channel.source.text();
}

std::string with_error(std::string text, const ReplicationChannel& channel)
{
    return channel.error.empty() ? text : text + ": " + channel.error;
}

std::string text_of(milliseconds lag)
{
    return std::to_string(lag.count()) + " ms";
}

class Judge {
public:
    Judge(const std::vector<Member>& members, const ReplicationGraph& graph,
          const FitnessQuestion& question)
        : members_(members), graph_(graph), question_(question)
    {
    }

    Fitness judge() &&
    {
        const auto& report = *members_[question_.replica].report;
        if (!report.is_replica()) return unfit(question_.primary ? "follows no server" : "");
        if (!follows_the_primary())
            return unfit("replicates from " + address_of_source(report.channels.front()) +
                         ", which is not the primary");
        fitness_.is_replica = true;
        for (const auto& channel : report.channels)
            if (auto trouble = trouble_of(channel); !trouble.empty())
                return unfit(std::move(trouble));
        fitness_.lag = lag_of(question_.replica, members_.size());
        if (!fitness_.lag) return unfit("cannot tell how late it is");
        return compare_with_limit();
    }

private:
    /// With no primary any of ours will do: nothing is being written that it could miss.
    bool follows_the_primary() const
    {
        auto wanted = question_.primary ? question_.primary : question_.last_primary;
        if (wanted) return graph_.follows(question_.replica, *wanted);
        const auto& channels = members_[question_.replica].report->channels;
        return std::ranges::any_of(channels, [&](const auto& c) {
            return graph_.source_of(question_.replica, c).has_value();
        });
    }

    std::string trouble_of(const ReplicationChannel& channel) const
    {
        if (!channel.applier_on) return with_error("does not apply (SQL thread stopped)", channel);
        if (channel.receiver == ReceiverState::off)
            return with_error("does not receive (I/O thread stopped)", channel);
        return {};
    }

    /// Of this link and those above it: what a server in the middle does not have, none below it
    /// has.
    std::optional<milliseconds> lag_of(std::size_t replica, std::size_t hops) const
    {
        const auto* report = members_[replica].report;
        if (!report || hops == 0) return std::nullopt;
        std::optional<milliseconds> worst = milliseconds{0};
        for (const auto& channel : report->channels) {
            if (!channel.applier_on || channel.receiver == ReceiverState::off) return std::nullopt;
            worst = worse(worst, channel.lag);
            auto source = graph_.source_of(replica, channel);
            bool in_the_middle = source && source != question_.primary &&
                                 members_[*source].report && members_[*source].report->is_replica();
            if (in_the_middle) worst = worse(worst, lag_of(*source, hops - 1));
        }
        return replication_flows(*report) ? worst : worse(worst, silence_of(members_[replica]));
    }

    /// How long a replica whose receiver is reconnecting may have missed what was written. Cut off
    /// from a source that is gone it misses nothing, so only the time counts in which the primary
    /// was up.
    std::optional<milliseconds> silence_of(const Member& replica) const
    {
        if (!question_.primary) return milliseconds{0};
        const auto& primary = members_[*question_.primary];
        if (primary.health != HealthState::up || !primary.up_since) return milliseconds{0};
        if (!replica.flowing_at) return std::nullopt;
        return std::chrono::duration_cast<milliseconds>(
            question_.now - std::max(*replica.flowing_at, *primary.up_since));
    }

    /// Unknown is worse than any number.
    static std::optional<milliseconds> worse(std::optional<milliseconds> a,
                                             std::optional<milliseconds> b)
    {
        if (!a || !b) return std::nullopt;
        return std::max(*a, *b);
    }

    Fitness compare_with_limit()
    {
        fitness_.fit = *fitness_.lag <= question_.max_lag;
        if (!fitness_.fit)
            fitness_.problem = "lags " + text_of(*fitness_.lag) + ", more than the limit of " +
                               text_of(question_.max_lag);
        return std::move(fitness_);
    }

    Fitness unfit(std::string problem)
    {
        fitness_.problem = std::move(problem);
        return std::move(fitness_);
    }

    const std::vector<Member>& members_;
    const ReplicationGraph& graph_;
    const FitnessQuestion& question_;
    Fitness fitness_;
};

}  // namespace

Fitness judge_fitness(const std::vector<Member>& members, const ReplicationGraph& graph,
                      const FitnessQuestion& question)
{
    return Judge{members, graph, question}.judge();
}

bool replication_flows(const ServerReport& report)
{
    return std::ranges::all_of(report.channels,
                               [](const auto& c) { return c.receiver == ReceiverState::on; });
}

}  // namespace pointsman::health
