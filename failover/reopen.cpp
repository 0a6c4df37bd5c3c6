#include "failover/reopen.hpp"

#include "health/replication_graph.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace pointsman::failover {
namespace {

constexpr milliseconds quick{1'000};
constexpr milliseconds at_leisure{5'000};
/// It stopped answering after it was seen open, and its process is younger than that.
bool restarted(const ServerSight& primary)
{
    return primary.failed_since_open && primary.process_began_by &&
           *primary.process_began_by > *primary.open_at;
}

/// A takeover could not make it forget its source before it died, and that has become its replica.
bool is_in_ring(const Evidence& evidence, const ServerSight& primary)
{
    const auto& channels = primary.report->channels;
    return channels.size() == 1 &&
           std::ranges::any_of(evidence.servers, [&](const ServerSight& sight) {
               return &sight != &primary && sight.report && follows(primary, sight) &&
                      follows(sight, primary);
           });
}

/// This process never saw it open, and another appointed it: nothing is known of what was done by
/// hand meanwhile, so all must speak for it.
std::string objection_to_recalled(const Evidence& evidence, const ServerSight& primary)
{
    if (!primary.survey.known) return "it has not told its settings yet";
    if (!primary.survey.read_only_since_start) return "it was made read-only by hand";
    if (!primary.report->channels.empty() && !is_in_ring(evidence, primary))
        return "it replicates from another server";
    for (const auto& sight : evidence.servers)
        if (!sight.answers() && !sight.server.maintenance)
            return sight.server.name + " does not answer: it may have more";
    return {};
}

/// An earlier primary, back and not yet fenced, lacks what the primary was told since.
bool is_left_behind(const ServerSight& other, const ServerSight& primary)
{
    return other.was_replaced ||
           health::gtids_lack(primary.report->facts.flavour, other.report->executed,
                              primary.report->executed);
}

bool somebody_else_is_open(const Evidence& evidence, const ServerSight& primary)
{
    return std::ranges::any_of(evidence.servers, [&](const ServerSight& sight) {
        return &sight != &primary && sight.answers() && sight.report->is_writable() &&
               !is_left_behind(sight, primary);
    });
}

}  // namespace

Planned plan_reopen(const Evidence& evidence)
{
    const auto* primary = evidence.primary_sight();
    if (!primary || !primary->answers() || primary->server.maintenance)
        return Refusal{"there is no primary that answers"};
    if (primary->report->is_writable()) return Refusal{"the primary takes writes"};
    if (somebody_else_is_open(evidence, *primary)) return Refusal{"another server takes writes"};
    if (evidence.recalled) {
        auto objection = objection_to_recalled(evidence, *primary);
        if (!objection.empty()) return Refusal{std::move(objection)};
    } else {
        if (!primary->open_at) return Refusal{"it was not seen taking writes"};
        if (!restarted(*primary)) return Refusal{"it was made read-only by hand"};
    }

    Takeover plan;
    plan.cause = Cause::reopen;
    plan.from = plan.to.emplace(primary->server.id);
    plan.from_name = plan.to_name = primary->server.name;
    Step ask{StepKind::check, "what the replicas have received"};
    for (const auto& sight : evidence.servers)
        if (&sight != primary && sight.answers() && follows(sight, *primary))
            ask.orders.push_back({.server = sight.server.id,
                                  .verb = Verb::positions,
                                  .within = quick,
                                  .collects = true});
    // A crash may have cost it what was acknowledged: then it is not the one to go on with.
    Step compare{StepKind::check,
                 primary->server.name + " has all of it",
                 {{.server = primary->server.id,
                   .verb = Verb::lacking,
                   .within = quick,
                   .waits_for_collected = true}}};
    bool semi_sync = primary->open_survey.semi_sync_source;
    Step open{StepKind::finish,
              primary->server.name + " takes writes again",
              {{.server = primary->server.id,
                .verb = semi_sync ? Verb::promote_semi_sync : Verb::make_writable,
                .within = quick}}};
    if (!ask.orders.empty()) plan.steps = {std::move(ask), std::move(compare)};
    plan.point_of_no_return = plan.steps.size();
    plan.steps.push_back(std::move(open));
    if (!primary->report->channels.empty())
        plan.steps.push_back(
            {StepKind::finish,
             primary->server.name + " replicates from nobody",
             {{.server = primary->server.id, .verb = Verb::forget_source, .within = at_leisure}},
             {},
             OnFailure::go_on});
    return plan;
}

}  // namespace pointsman::failover
