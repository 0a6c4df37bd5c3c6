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

std::string text_of(milliseconds lag) { return std::to_string(lag.count()) + " ms"; }

class Judge {
public:
    Judge(const std::vector<Member>& members, const ReplicationGraph& graph, const FitnessQuestion& question)
        : members_(members), graph_(graph), question_(question)
    {
    }

    Fitness judge() &&
    {
        const auto& report = *members_[question_.replica].report;
        if (!report.is_replica()) return unfit("follows no server");
        if (!follows_the_primary()) return unfit("replicates from " + address_of_source(report.channels.front()) +
                                                 ", which is not the primary");
        fitness_.is_replica = true;
        for (const auto& channel : report.channels)
            if (auto trouble = trouble_of(channel); !trouble.empty()) return unfit(std::move(trouble));
        fitness_.lag = lag_of(report);
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
        return std::ranges::any_of(
            channels, [&](const auto& c) { return graph_.source_of(question_.replica, c).has_value(); });
    }

    std::string trouble_of(const ReplicationChannel& channel) const
    {
        if (!channel.applier_on) return with_error("does not apply (SQL thread stopped)", channel);
        if (channel.receiver == ReceiverState::off)
            return with_error("does not receive (I/O thread stopped)", channel);
        return {};
    }

    /// The source answers us, so a replica that does not reach it may miss writes.
    bool primary_is_up() const
    {
        return question_.primary && members_[*question_.primary].health == HealthState::up;
    }

    std::optional<milliseconds> lag_of(const ServerReport& report) const
    {
        std::optional<milliseconds> worst = milliseconds{0};
        for (const auto& channel : report.channels) {
            if (!channel.lag) return std::nullopt;
            worst = std::max(*worst, *channel.lag);
        }
        if (replication_flows(report)) return worst;
        // Cut off from a source that is gone it misses nothing. Cut off from one that serves, it may
        // miss all that was written since.
        if (!primary_is_up()) return worst;
        if (!question_.flowing_at) return std::nullopt;
        auto silent = std::chrono::duration_cast<milliseconds>(question_.now - *question_.flowing_at);
        return std::max(*worst, silent);
    }

    Fitness compare_with_limit()
    {
        fitness_.fit = *fitness_.lag <= question_.max_lag;
        if (!fitness_.fit)
            fitness_.problem = "lags " + text_of(*fitness_.lag) + ", more than the limit of " + text_of(question_.max_lag);
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
