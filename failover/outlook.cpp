#include "failover/outlook.hpp"

#include <algorithm>

namespace pointsman::failover {
namespace {

using protocol::GtidSet;

/// Of servers that would say what they have.
Positions last_positions(const Evidence& evidence)
{
    Positions positions;
    const auto* primary = evidence.primary_sight();
    for (const auto& sight : evidence.servers) {
        if (&sight == primary || !sight.answers() || !follows(sight, *primary)) continue;
        if (auto position = position_of(*sight.report))
            positions.emplace(sight.server.id, std::move(*position));
    }
    return positions;
}

std::string lacking(const ServerSight& primary, const std::string& successor,
                    const GtidSet& position)
{
    if (!primary.report) return {};
    auto executed = GtidSet::parse(primary.report->executed);
    if (!executed) return {};
    auto count = executed->subtract(position).count();
    if (count == 0) return "; when they were looked at last, " + successor + " had all that it had";
    return "; when they were looked at last, " + successor + " lacked " + std::to_string(count) +
           " of its transactions";
}

std::string risk_of(const Evidence& evidence, const config::Failover& settings)
{
    const auto& primary = *evidence.primary_sight();
    auto positions = last_positions(evidence);
    auto ranking = rank_candidates(evidence, Cause::failover, positions);
    auto lost = "if " + primary.server.name + " is lost now, ";
    if (!ranking.split.empty()) return lost + "nobody follows: " + ranking.split;
    if (ranking.eligible.empty()) return lost + "nobody can follow";
    const auto& best = ranking.eligible.front();
    auto doubt = doubt_about_loss(evidence, positions);
    if (doubt.empty())
        return lost + best.name + " follows, and nothing is lost that clients were told of";
    bool strict = settings.durability == config::Durability::strict;
    auto who = strict ? "nobody follows until the loss is accepted (durability: strict): "
                      : best.name + " follows: ";
    return lost + who + doubt + lacking(primary, best.name, positions.at(best.id));
}

/// "12 ms the last time", "10 to 14 ms the last 3 times".
std::string experience(const std::vector<milliseconds>& waits)
{
    if (waits.empty()) return "it was not done yet";
    auto [least, most] = std::ranges::minmax(waits);
    auto span = least == most
                    ? std::to_string(most.count())
                    : std::to_string(least.count()) + " to " + std::to_string(most.count());
    if (waits.size() == 1) return span + " ms the last time";
    return span + " ms the last " + std::to_string(waits.size()) + " times";
}

std::string text_of(milliseconds time)
{
    return std::to_string(time.count()) + " ms";
}

/// Two refused connections in a row, as looks come; the deadline of a look, the silence that
/// replicas must tell of, and the looks between.
std::string failover_text(const Evidence& evidence, const config::Failover& settings,
                          const config::Probe& probe, const Waits& waits)
{
    auto refused = 2 * probe.interval;
    auto silent = std::max(probe.timeout, settings.witness_silence) + refused;
    auto text = "a lost primary is found within " + text_of(refused) + " if its port is closed, " +
                text_of(silent) + " if it is silent; to replace it: " + experience(waits.failovers);
    auto ranking = rank_candidates(evidence, Cause::failover, last_positions(evidence));
    if (ranking.eligible.empty() || ranking.eligible.front().lag.count() == 0) return text;
    const auto& best = ranking.eligible.front();
    return text + "; " + best.name + " is " + text_of(best.lag) + " behind and catches up first";
}

}  // namespace

void WaitsReader::read(const JournalEntry& entry)
{
    if (entry.kind == JournalKind::began || entry.takeover != takeover_) sum_ = milliseconds{0};
    takeover_ = entry.takeover;
    if (entry.kind != JournalKind::step_done && entry.kind != JournalKind::step_failed) return;
    bool planned = entry.cause == to_text(Cause::switchover);
    if (planned && entry.step == to_text(StepKind::fence)) sum_ = milliseconds{0};
    bool while_they_wait = entry.step != to_text(StepKind::move_replica);
    if (while_they_wait) sum_ += entry.took;
    if (entry.step != to_text(StepKind::publish)) return;
    if (!planned && entry.cause != to_text(Cause::failover)) return;
    auto& waits = planned ? waits_.switchovers : waits_.failovers;
    waits.push_back(sum_);
    if (waits.size() > most) waits.erase(waits.begin());
}

Outlook outlook_of(const Evidence& evidence, const config::Failover& settings,
                   const config::Probe& probe, const Waits& waits)
{
    if (!evidence.primary) return {"no primary is known", {}, {}};
    return {risk_of(evidence, settings),
            "writes wait for " + text_of(settings.max_pause) +
                " at most: " + experience(waits.switchovers) + "; open transactions are given " +
                text_of(settings.drain) + " before",
            failover_text(evidence, settings, probe, waits)};
}

}  // namespace pointsman::failover
