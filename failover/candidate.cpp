#include "failover/candidate.hpp"

#include "failover/canary.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pointsman::failover {
namespace {

using protocol::GtidSet;

/// A candidate this late would hold everything up; catching up comes first.
constexpr milliseconds most_lag{10'000};

struct Runner {
    const ServerSight* sight;
    GtidSet position;
};

/// What rules a server out by itself; empty: nothing does.
std::string objection(const ServerSight& sight, const ServerSight& primary, Cause cause)
{
    const auto& server = sight.server;
    if (server.promotion_rule == config::PromotionRule::must_not)
        return "must not be promoted (promotion_rule)";
    if (server.maintenance) return "is in maintenance";
    if (!sight.report) return "was never seen";
    const auto& report = *sight.report;
    if (report.facts.flavour != health::Flavour::mysql)
        return "is a MariaDB server: moving the role among those is not supported yet";
    if (!report.facts.gtids) return "has gtid_mode off";
    const auto* channel = channel_from(sight, primary);
    if (!channel) return "does not replicate from " + primary.server.name;
    if (!channel->auto_position) return "replicates without SOURCE_AUTO_POSITION";
    if (channel->delay.count() > 0) return "is delayed on purpose (SOURCE_DELAY)";
    if (report.channels.size() > 1) return "replicates from several sources";
    if (!sight.survey.known) return "has not told its settings yet";
    if (!sight.survey.log_bin) return "has no binary log";
    if (!sight.survey.log_replica_updates) return "has log_replica_updates off";
    if (sight.survey.filters) return "has replication filters";
    if (sight.survey.stall == Stall::disk_full) return "has a full disk itself";
    if (report.is_writable()) return "is writable";
    if (primary.report &&
        report.facts.version_number / 100 < primary.report->facts.version_number / 100)
        return "runs an older version (" + report.facts.version + ") than " + primary.server.name;
    if (cause == Cause::failover) return {};
    if (!sight.answers()) return "does not answer";
    if (channel->receiver != health::ReceiverState::on || !channel->applier_on)
        return "does not replicate now" + (channel->error.empty() ? "" : ": " + channel->error);
    if (channel->lag.value_or(most_lag) >= most_lag) return "lags too much";
    return {};
}

/// Applying stopped with an error: what it has received it will never have executed.
std::string applier_objection(const ServerSight& sight, const ServerSight& primary)
{
    const auto* channel = channel_from(sight, primary);
    if (channel->applier_on || channel->caught_up) return {};
    return "has stopped applying" + (channel->error.empty() ? "" : ": " + channel->error);
}

std::optional<GtidSet> known_position(const ServerSight& sight, Cause cause,
                                      const Positions& positions)
{
    if (cause == Cause::switchover) return position_of(*sight.report);
    auto at = positions.find(sight.server.id);
    return at == positions.end() ? std::nullopt : std::optional(at->second);
}

Candidate candidate_of(const Runner& runner, const ServerSight& primary, std::size_t place)
{
    const auto& server = runner.sight->server;
    const auto* channel = channel_from(*runner.sight, primary);
    return {server.id,
            server.name,
            runner.position.count(),
            server.promotion_rule,
            server.zone != primary.server.zone,
            channel->lag.value_or(most_lag),
            place};
}

/// Two that each have what the other lacks; nothing: the sets form a chain.
std::optional<std::string> split_between(const std::vector<Runner>& runners)
{
    for (const auto& a : runners)
        for (const auto& b : runners)
            if (!a.position.contains(b.position) && !b.position.contains(a.position))
                return a.sight->server.name + " and " + b.sight->server.name +
                       " each have transactions that the other lacks: the history has split";
    return std::nullopt;
}

}  // namespace

std::optional<GtidSet> position_of(const health::ServerReport& report)
{
    auto position = GtidSet::parse(report.executed);
    if (!position) return std::nullopt;
    for (const auto& channel : report.channels) {
        auto received = GtidSet::parse(channel.received);
        if (!received) return std::nullopt;
        position->unite(*received);
    }
    return std::move(*position);
}

GtidSet errant_in(const GtidSet& position, const health::ServerReport& primary)
{
    auto errant = position;
    if (auto known = GtidSet::parse(primary.executed)) errant.subtract(*known);
    errant.subtract(canaries_of(errant));
    auto own = protocol::parse_uuid(primary.facts.uuid);
    GtidSet by_others;
    for (const auto& source : errant.sources()) {
        if (own && source.uuid == *own) continue;
        for (const auto& interval : source.intervals)
            by_others.add(source.uuid, source.tag, interval);
    }
    return by_others;
}

bool better(Cause cause, const Candidate& a, const Candidate& b)
{
    auto key = [cause](const Candidate& c) {
        auto missing = cause == Cause::failover ? UINT64_MAX - c.transactions : 0;
        return std::tuple(missing, c.rule, c.other_zone, c.lag, c.place);
    };
    return key(a) < key(b);
}

Ranking rank_candidates(const Evidence& evidence, Cause cause, const Positions& positions)
{
    Ranking ranking;
    const auto* primary = evidence.primary_sight();
    if (!primary) return ranking;
    std::vector<Runner> runners;
    auto exclude = [&](const ServerSight& sight, std::string reason) {
        ranking.excluded.push_back({sight.server.id, sight.server.name, std::move(reason)});
    };
    for (const auto& sight : evidence.servers) {
        if (&sight == primary) continue;
        auto reason = objection(sight, *primary, cause);
        if (reason.empty() && cause == Cause::failover) reason = applier_objection(sight, *primary);
        if (!reason.empty()) {
            exclude(sight, std::move(reason));
            continue;
        }
        auto position = known_position(sight, cause, positions);
        if (!position) {
            exclude(sight, "did not say what it has received");
            continue;
        }
        auto errant = primary->report ? errant_in(*position, *primary->report) : GtidSet{};
        if (!errant.empty())
            exclude(sight, "has transactions of its own: " + errant.to_string());
        else
            runners.push_back({&sight, std::move(*position)});
    }
    if (auto split = split_between(runners)) {
        ranking.split = *split;
        return ranking;
    }
    for (const auto& runner : runners) {
        auto place = static_cast<std::size_t>(runner.sight - evidence.servers.data());
        ranking.eligible.push_back(candidate_of(runner, *primary, place));
    }
    std::ranges::sort(ranking.eligible, [cause](const Candidate& a, const Candidate& b) {
        return better(cause, a, b);
    });
    return ranking;
}

}  // namespace pointsman::failover
