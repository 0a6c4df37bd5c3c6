#include "failover/resume.hpp"

#include "failover/diagnosis.hpp"
#include "failover/reopen.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::failover {
namespace {

constexpr milliseconds at_leisure{5'000};
constexpr milliseconds quick{1'000};

const ServerSight* find_named(const Evidence& evidence, const JournalServer& server)
{
    auto by_uuid = [&](const ServerSight& sight) {
        return sight.report && !server.uuid.empty() && sight.report->facts.uuid == server.uuid;
    };
    auto at = std::ranges::find_if(evidence.servers, by_uuid);
    if (at == evidence.servers.end())
        at = std::ranges::find(evidence.servers, server.name,
                               [](const ServerSight& sight) { return sight.server.name; });
    return at == evidence.servers.end() ? nullptr : &*at;
}

bool is_open(const ServerSight* server)
{
    return server && server->answers() && server->report->is_writable();
}

/// It replicates from `source`, and nothing of that stands still. Only the candidate's applier is
/// ever stopped by a takeover.
bool runs(const ServerSight& replica, const ServerSight& source, bool applier_too)
{
    const auto* channel = channel_from(replica, source);
    return channel && channel->receiver != health::ReceiverState::off &&
           (channel->applier_on || !applier_too);
}

Step one_order(std::string title, Order order, OnFailure on_failure = OnFailure::go_on)
{
    return {StepKind::finish, std::move(title), {std::move(order)}, {}, on_failure};
}

Step follow_step(const ServerSight& replica, const ServerSight& source)
{
    return one_order(replica.server.name + " replicates from " + source.server.name,
                     {.server = replica.server.id,
                      .verb = Verb::follow,
                      .within = at_leisure,
                      .source = source.server.address});
}

Takeover rest_of(const ServerSight& old, const ServerSight* candidate)
{
    Takeover plan;
    plan.cause = Cause::resume;
    plan.from = old.server.id;
    plan.from_name = old.server.name;
    plan.to = candidate ? candidate->server.id : old.server.id;
    if (candidate) plan.to_name = candidate->server.name;
    return plan;
}

/// The takeover as it stands, with the servers that it is about.
struct Scene {
    const Evidence& evidence;
    const Unfinished& left;
    const ServerSight& old;
    const ServerSight* candidate;
};

/// The candidate takes writes: what is left to do for clients that work already.
Resumption finish_it(const Scene& scene)
{
    const auto& candidate = *scene.candidate;
    auto plan = rest_of(scene.old, &candidate);
    if (scene.evidence.primary_sight() != &candidate)
        plan.steps.push_back({StepKind::publish, candidate.server.name + " is the primary"});
    if (candidate.report->is_replica())
        plan.steps.push_back(one_order(
            candidate.server.name + " replicates from nobody",
            {.server = candidate.server.id, .verb = Verb::forget_source, .within = at_leisure}));
    for (const auto& sight : scene.evidence.servers) {
        if (&sight == &candidate || !sight.answers() || sight.server.maintenance) continue;
        bool was_moved = follows(sight, candidate);
        bool is_left = &sight != &scene.old && follows(sight, scene.old);
        if (is_left || (was_moved && !runs(sight, candidate, true)))
            plan.steps.push_back(follow_step(sight, candidate));
    }
    if (!plan.steps.empty()) return plan;
    auto evidence = scene.evidence;
    evidence.primary = static_cast<std::size_t>(&candidate - scene.evidence.servers.data());
    auto rejoin = plan_rejoin(evidence, scene.old.server.id);
    if (auto* takeover = std::get_if<Takeover>(&rejoin)) return std::move(*takeover);
    const auto& why_not = std::get<Refusal>(rejoin).reason;
    return Settled{true, candidate.server.name + " is the primary; of " + scene.old.server.name +
                             ": " + why_not};
}

/// Nobody may open or keep the old primary if the candidate has taken writes since. Nothing: it has
/// not.
std::optional<NotYet> doubt_about_candidate(const Scene& scene)
{
    const auto* candidate = scene.candidate;
    if (!scene.left.may_be_promoted || !candidate) return std::nullopt;
    if (!candidate->answers())
        return NotYet{candidate->server.name +
                      " may have taken writes and does not answer: it is waited for"};
    if (!scene.old.report || scene.old.reported_at <= candidate->reported_at)
        return NotYet{scene.old.server.name + " is looked at again", true};
    auto has = protocol::GtidSet::parse(candidate->report->executed);
    auto had = protocol::GtidSet::parse(scene.old.report->executed);
    if (!has || !had) return NotYet{"GTIDs of the two servers cannot be read"};
    auto more = *has;
    more.subtract(*had);
    if (more.empty()) return std::nullopt;
    return NotYet{candidate->server.name + " was promoted, has " + more.to_string() + ", which " +
                  scene.old.server.name + " lacks, and is read-only: make it writable"};
}

/// The old primary takes writes: replicas that were moved or stopped are put back.
Resumption put_back(const Scene& scene)
{
    if (auto doubt = doubt_about_candidate(scene)) return *doubt;
    auto plan = rest_of(scene.old, scene.candidate);
    // Others that are open made it unclear: former primaries that nobody fenced.
    bool serves = scene.evidence.primary_sight() == &scene.old && !scene.evidence.recalled;
    if (!serves) {
        plan.to = scene.old.server.id;
        plan.to_name = scene.old.server.name;
        plan.steps.push_back({StepKind::publish, scene.old.server.name + " is the primary"});
    }
    for (const auto& sight : scene.evidence.servers) {
        if (&sight == &scene.old || !sight.answers() || sight.server.maintenance) continue;
        bool is_candidate = &sight == scene.candidate;
        bool was_moved = scene.candidate && !is_candidate && follows(sight, *scene.candidate);
        bool stands = follows(sight, scene.old) && !runs(sight, scene.old, is_candidate);
        if (was_moved || stands) plan.steps.push_back(follow_step(sight, scene.old));
    }
    if (!plan.steps.empty()) return plan;
    return Settled{false, scene.old.server.name + " is the primary as before"};
}

/// Nobody takes writes, and the old primary answers.
Resumption open_again(const Scene& scene)
{
    if (auto doubt = doubt_about_candidate(scene)) return *doubt;
    const auto& old = scene.old;
    auto plan = rest_of(old, scene.candidate);
    // One that restarted has forgotten that it waits for replicas.
    bool waits_no_more = scene.left.survey.semi_sync_source && !old.survey.semi_sync_source;
    auto verb = waits_no_more ? Verb::promote_semi_sync : Verb::make_writable;
    plan.steps.push_back(one_order(old.server.name + " takes writes again",
                                   {.server = old.server.id, .verb = verb, .within = quick},
                                   OnFailure::undo));
    return plan;
}

/// Nobody takes writes, and the old primary is lost. An automatic failover begins by itself.
Resumption replace_it(const Scene& scene, const config::Failover& settings)
{
    auto name = scene.old.server.name;
    NotYet waits{name + " does not answer and no server takes writes: a failover is wanted, or " +
                 name + " back"};
    bool wanted = scene.left.is_failover && settings.mode == config::FailoverMode::manual;
    auto findings = diagnose(scene.evidence, settings);
    if (!wanted || findings.empty()) return waits;
    if (findings.front().problem->reaction != Reaction::fail_over) return waits;
    auto planned = plan_failover(scene.evidence, settings, {}, false);
    if (auto* refusal = std::get_if<Refusal>(&planned)) return NotYet{refusal->reason};
    return std::move(std::get<Takeover>(planned));
}

}  // namespace

void follow_journal(std::optional<Unfinished>& left, const JournalEntry& entry)
{
    bool is_failover = entry.cause == to_text(Cause::failover);
    if (entry.kind == JournalKind::began) {
        if (!is_failover && entry.cause != to_text(Cause::switchover)) return;
        auto survey = left ? left->survey : Survey{};
        left = Unfinished{entry.takeover,
                          is_failover,
                          left.has_value(),
                          false,
                          entry.from,
                          entry.to,
                          entry.gtids,
                          entry.survey.value_or(survey)};
        return;
    }
    if (!left || entry.takeover != left->number) return;
    if (!entry.to.name.empty()) left->to = entry.to;
    switch (entry.kind) {
        case JournalKind::step_begun:
            left->may_be_promoted = true;
            return;
        case JournalKind::undone:
            left->may_be_promoted = false;
            if (!left->is_failover || !left->resumes) left.reset();
            return;
        case JournalKind::completed:
        case JournalKind::given_up:
            left.reset();
            return;
        case JournalKind::finding:
        case JournalKind::began:
        case JournalKind::step_done:
        case JournalKind::step_failed:
        case JournalKind::warning:
        case JournalKind::note:
            return;
    }
}

void recall(const Remembered& primary, Evidence& evidence)
{
    const auto* found = find_named(evidence, primary.server);
    if (!found) return;
    auto at = static_cast<std::size_t>(found - evidence.servers.data());
    auto& sight = evidence.servers[at];
    if (!sight.report && !sight.failing_since) return;  // it is still to be looked at
    // A successor is chosen by what is known of all that can be asked.
    bool all_known = std::ranges::all_of(evidence.servers, [](const ServerSight& other) {
        return other.health != health::HealthState::starting &&
               (!other.answers() || other.survey.known);
    });
    if (!evidence.primary && all_known) {
        evidence.primary = at;
        evidence.recalled = true;
    }
    if (!sight.survey.known) sight.survey = primary.survey;
    if (!sight.open_survey.known) sight.open_survey = primary.survey;
    if (sight.report) return;
    // Its replicas are told by its UUID, also when this process never saw it.
    sight.report.emplace();
    sight.report->facts.uuid = primary.server.uuid;
    sight.report->executed = primary.executed;
}

Resumption plan_resume(const Evidence& evidence, const Unfinished& left,
                       const config::Failover& settings)
{
    if (settings.mode == config::FailoverMode::off)
        return NotYet{"failover.mode is off: an interrupted takeover is left as it is"};
    const auto* old = find_named(evidence, left.from);
    if (!old) return Settled{false, left.from.name + " is no longer configured"};
    for (const auto& sight : evidence.servers)
        if (sight.health == health::HealthState::starting)
            return NotYet{sight.server.name + " is looked at for the first time"};
    const auto* candidate = left.to.name.empty() ? nullptr : find_named(evidence, left.to);
    for (const auto* sight : {old, candidate})
        if (sight && sight->answers() && !sight->survey.known)
            return NotYet{sight->server.name + " has not told its settings yet"};
    Scene scene{evidence, left, *old, candidate};
    if (is_open(candidate)) return finish_it(scene);
    // It took writes before our eyes, and restarted before the rest was done.
    const auto* primary = evidence.primary_sight();
    if (candidate && primary == candidate && settings.mode == config::FailoverMode::automatic) {
        auto planned = plan_reopen(evidence);
        if (auto* takeover = std::get_if<Takeover>(&planned)) return std::move(*takeover);
    }
    // Not one that is merely open: that may be a former primary which nobody fenced.
    if (primary != old && is_open(primary))
        return Settled{true, primary->server.name + " takes writes by now"};
    if (is_open(old)) return put_back(scene);
    return old->answers() ? open_again(scene) : replace_it(scene, settings);
}

}  // namespace pointsman::failover
