#include "failover/takeover.hpp"

#include "failover/audit.hpp"
#include "failover/precheck.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::failover {
namespace {

using protocol::GtidSet;

/// Deadlines of orders that nobody waits for.
constexpr milliseconds at_leisure{5'000};
/// Reading a few values, on a machine that is busy.
constexpr milliseconds quick{1'000};
/// A replica that does not stop within this is not counted as stopped. One that is connecting to a
/// primary that hangs or drops packets takes up to two seconds (measured on 9.7).
constexpr milliseconds freeze_wait{2'500};

std::vector<const ServerSight*> siblings_of(const Evidence& evidence, config::ServerId candidate)
{
    std::vector<const ServerSight*> siblings;
    const auto* primary = evidence.primary_sight();
    for (const auto& sight : evidence.servers)
        if (&sight != primary && sight.server.id != candidate && sight.answers() &&
            follows(sight, *primary))
            siblings.push_back(&sight);
    return siblings;
}

Order follow(config::ServerId replica, const ServerSight& source, Verb how = Verb::follow)
{
    return {.server = replica, .verb = how, .within = at_leisure, .source = source.server.address};
}

/// For a replica that has received nothing that the new source lacks.
Order repoint(config::ServerId replica, const ServerSight& source)
{
    return follow(replica, source, Verb::repoint);
}

Verb promotion(const ServerSight& old, const ServerSight& candidate)
{
    bool semi_sync = old.survey.semi_sync_source && candidate.survey.semi_sync_plugin;
    return semi_sync ? Verb::promote_semi_sync : Verb::promote;
}

/// Replicas that may leave the old primary before it is fenced: it must keep as many that
/// acknowledge as it waits for, the candidate among them.
std::size_t may_move_early(const ServerSight& primary, const ServerSight& candidate,
                           const std::vector<const ServerSight*>& siblings)
{
    if (!primary.survey.semi_sync_source) return siblings.size();
    auto acks = [](const ServerSight& s) -> std::size_t { return s.survey.semi_sync_replica; };
    std::size_t ackers = acks(candidate);
    for (const auto* sibling : siblings) ackers += acks(*sibling);
    auto wanted = primary.survey.acks_wanted;
    return ackers > wanted ? std::min(ackers - wanted, siblings.size()) : 0;
}

/// The replica stops below the old primary; once the candidate has all that it has, it goes there.
/// So a write that only it has acknowledged never stands below the candidate.
void move_early(const ServerSight& sibling, const ServerSight& candidate,
                const ServerSight& primary, std::vector<Step>& steps)
{
    auto name = sibling.server.name;
    auto id = sibling.server.id;
    steps.push_back(
        {StepKind::move_replica,
         name + " stops receiving from " + primary.server.name,
         {{.server = id, .verb = Verb::stop_receiver, .within = quick, .collects = true}},
         {{.server = id, .verb = Verb::start_receiver, .within = at_leisure}}});
    steps.push_back({StepKind::move_replica,
                     candidate.server.name + " has all that " + name + " has",
                     {{.server = candidate.server.id,
                       .verb = Verb::wait_executed,
                       .within = at_leisure,
                       .waits_for_collected = true}}});
    steps.push_back({StepKind::move_replica,
                     name + " replicates from " + candidate.server.name,
                     {repoint(id, candidate)},
                     {repoint(id, primary)}});
}

/// What is left to do for clients that work already.
void finish_switchover(const ServerSight& old, const ServerSight& candidate,
                       const std::vector<const ServerSight*>& late_siblings,
                       std::vector<Step>& steps)
{
    auto forward = [&](std::string title, Order order) {
        steps.push_back(
            {StepKind::finish, std::move(title), {std::move(order)}, {}, OnFailure::go_on});
    };
    auto id = old.server.id;
    forward("transactions left open on " + old.server.name + " end",
            {.server = id, .verb = Verb::end_transactions, .within = at_leisure});
    forward(candidate.server.name + " replicates from nobody",
            {.server = candidate.server.id, .verb = Verb::forget_source, .within = at_leisure});
    for (const auto* sibling : late_siblings)
        forward(sibling->server.name + " replicates from " + candidate.server.name,
                repoint(sibling->server.id, candidate));
    if (old.survey.semi_sync_source)
        forward(old.server.name + " waits for replicas no more",
                {.server = id, .verb = Verb::stop_semi_sync, .within = at_leisure});
    forward(old.server.name + " replicates from " + candidate.server.name, follow(id, candidate));
}

/// A candidate that is behind would make the pause long: a fifth of it is what it may be behind.
void come_near(const ServerSight& old, const ServerSight& candidate, milliseconds pause,
               std::vector<Step>& steps)
{
    steps.push_back(
        {StepKind::prepare_candidate,
         "what " + old.server.name + " has executed by now",
         {{.server = old.server.id, .verb = Verb::executed, .within = quick, .collects = true}}});
    steps.push_back({StepKind::prepare_candidate,
                     candidate.server.name + " is near",
                     {{.server = candidate.server.id,
                       .verb = Verb::wait_executed,
                       .within = at_leisure,
                       .waits_for_collected = true}},
                     {},
                     OnFailure::undo,
                     pause / 5});
}

void add_pause(const ServerSight& old, const ServerSight& candidate,
               const config::Failover& settings, Takeover& plan)
{
    auto from = old.server.id;
    auto to = candidate.server.id;
    auto pause = settings.max_pause;
    auto& steps = plan.steps;
    steps.push_back({StepKind::hold_writes, "new writes wait; open transactions may end"});
    // Longer than a third of the pause leaves too little for the rest.
    steps.push_back({StepKind::fence,
                     old.server.name + " becomes read-only",
                     {{.server = from, .verb = Verb::make_read_only, .within = pause / 3}},
                     {{.server = from, .verb = Verb::make_writable, .within = quick}}});
    steps.push_back(
        {StepKind::read_position,
         "what " + old.server.name + " has executed",
         {{.server = from, .verb = Verb::executed, .within = pause, .collects = true}}});
    steps.push_back({StepKind::catch_up,
                     candidate.server.name + " has all of it",
                     {{.server = to,
                       .verb = Verb::wait_executed,
                       .within = pause,
                       .waits_for_collected = true}}});
    plan.point_of_no_return = steps.size();
    steps.push_back({StepKind::promote,
                     candidate.server.name + " takes writes",
                     {{.server = to, .verb = promotion(old, candidate), .within = quick}},
                     {},
                     OnFailure::try_again});
    steps.push_back({StepKind::publish, candidate.server.name + " is the primary; writes go on"});
}

std::optional<Refusal> basic_refusal(const Evidence& evidence, const config::Failover& settings)
{
    if (settings.mode == config::FailoverMode::off) return Refusal{"failover.mode is off"};
    if (!evidence.primary) return Refusal{"no primary is known"};
    if (auto objection = flavour_objection(evidence)) return Refusal{*objection};
    return std::nullopt;
}

std::string excluded_text(const Ranking& ranking)
{
    std::string text;
    for (const auto& excluded : ranking.excluded)
        text += (text.empty() ? "" : "; ") + excluded.name + " " + excluded.reason;
    return text.empty() ? "there is no replica" : text;
}

/// The best, or the one that was wished for.
std::variant<Candidate, Refusal> pick(const Ranking& ranking, const Wish& wish)
{
    if (!ranking.split.empty()) return Refusal{ranking.split};
    if (!wish.to) {
        if (ranking.eligible.empty())
            return Refusal{"no server can become the primary: " + excluded_text(ranking)};
        return ranking.eligible.front();
    }
    for (const auto& candidate : ranking.eligible)
        if (candidate.id == *wish.to) return candidate;
    for (const auto& excluded : ranking.excluded)
        if (excluded.id == *wish.to)
            return Refusal{excluded.name + " cannot become the primary: it " + excluded.reason};
    return Refusal{"that server is the primary already, or is no replica of it"};
}

/// Transactions that a frozen replica has and the candidate lacks.
GtidSet missed_by(const GtidSet& chosen, const Positions& frozen)
{
    GtidSet all;
    for (const auto& [id, position] : frozen) all.unite(position);
    return all.subtract(chosen);
}

}  // namespace

std::string doubt_about_loss(const Evidence& evidence, const Positions& frozen)
{
    const auto& primary = *evidence.primary_sight();
    const auto& survey = primary.survey;
    if (!survey.known || !survey.semi_sync_source)
        return primary.server.name +
               " did not wait for replicas (semi-synchronous replication is off): its last "
               "transactions may be lost";
    if (!survey.semi_sync_lossless)
        return primary.server.name +
               " may have gone on without replicas (rpl_semi_sync_source_timeout is finite)";
    std::size_t ackers = 0, reached = 0;
    for (const auto& sight : evidence.servers) {
        if (&sight == &primary || !sight.survey.semi_sync_replica) continue;
        ++ackers;
        if (frozen.contains(sight.server.id)) ++reached;
    }
    if (reached + survey.acks_wanted > ackers) return {};
    return "only " + std::to_string(reached) + " of " + std::to_string(ackers) +
           " acknowledging replicas were reached";
}

Planned plan_switchover(const Evidence& evidence, const config::Failover& settings,
                        const Wish& wish)
{
    if (auto refusal = basic_refusal(evidence, settings)) return *refusal;
    if (auto objection = switchover_objection(evidence, settings)) return Refusal{*objection};
    auto picked = pick(rank_candidates(evidence, Cause::switchover), wish);
    if (auto* refusal = std::get_if<Refusal>(&picked)) return *refusal;
    const auto& old = *evidence.primary_sight();
    const auto& candidate = *evidence.find(std::get<Candidate>(picked).id);
    auto siblings = siblings_of(evidence, candidate.server.id);
    auto early = may_move_early(old, candidate, siblings);

    Takeover plan;
    plan.cause = Cause::switchover;
    plan.from = old.server.id;
    plan.from_name = old.server.name;
    plan.to = candidate.server.id;
    plan.to_name = candidate.server.name;
    plan.steps.push_back(
        {StepKind::check,
         "nothing on " + old.server.name + " forbids it",
         {{.server = old.server.id, .verb = Verb::find_blockers, .within = quick}}});
    plan.steps.push_back(
        {StepKind::prepare_candidate,
         candidate.server.name + " begins a new binary log",
         {{.server = candidate.server.id, .verb = Verb::new_binary_log, .within = at_leisure}},
         {},
         OnFailure::go_on});
    for (std::size_t i = 0; i < early; ++i) move_early(*siblings[i], candidate, old, plan.steps);
    come_near(old, candidate, settings.max_pause, plan.steps);
    add_pause(old, candidate, settings, plan);
    siblings.erase(siblings.begin(), siblings.begin() + static_cast<std::ptrdiff_t>(early));
    finish_switchover(old, candidate, siblings, plan.steps);
    return plan;
}

Planned plan_failover(const Evidence& evidence, const config::Failover& settings, const Wish& wish,
                      bool must_confirm)
{
    if (auto refusal = basic_refusal(evidence, settings)) return *refusal;
    const auto& old = *evidence.primary_sight();
    Takeover plan;
    plan.cause = Cause::failover;
    plan.from = old.server.id;
    plan.from_name = old.server.name;
    plan.to = wish.to;
    Step freeze{
        StepKind::freeze, "replicas hear no more of " + old.server.name, {}, {}, OnFailure::go_on};
    Step confirm{StepKind::confirm, "replicas cannot reach " + old.server.name + " anew"};
    for (const auto& sight : evidence.servers) {
        if (&sight == &old || !sight.answers() || !follows(sight, old)) continue;
        auto id = sight.server.id;
        if (confirm.orders.empty())
            confirm.orders.push_back(
                {.server = id, .verb = Verb::restart_receiver, .within = quick});
        freeze.orders.push_back({.server = id, .verb = Verb::stop_receiver, .within = freeze_wait});
        freeze.undo.push_back({.server = id, .verb = Verb::start_receiver, .within = at_leisure});
    }
    if (freeze.orders.empty()) return Refusal{"no replica of " + old.server.name + " is reached"};
    if (must_confirm) plan.steps.push_back(std::move(confirm));
    plan.steps.push_back({StepKind::hold_writes, "writes wait"});
    plan.steps.push_back({StepKind::sever, "links to " + old.server.name + " are cut"});
    plan.steps.push_back(std::move(freeze));
    plan.steps.push_back({StepKind::choose, "the best of them is chosen"});
    plan.point_of_no_return = plan.steps.size();
    return plan;
}

std::variant<Chosen, Refusal> choose_successor(const Evidence& evidence,
                                               const config::Failover& settings, const Wish& wish,
                                               const Positions& frozen)
{
    auto picked = pick(rank_candidates(evidence, Cause::failover, frozen), wish);
    if (auto* refusal = std::get_if<Refusal>(&picked)) return *refusal;
    const auto& old = *evidence.primary_sight();
    const auto& candidate = *evidence.find(std::get<Candidate>(picked).id);
    const auto& position = frozen.at(candidate.server.id);
    Chosen chosen{candidate.server.id, candidate.server.name, {}, {}};
    auto missed = missed_by(position, frozen);
    if (!missed.empty())
        chosen.warnings.push_back(candidate.server.name + " lacks " + missed.to_string() +
                                  ", which another replica has");
    auto doubt = doubt_about_loss(evidence, frozen);
    if (!doubt.empty()) chosen.warnings.push_back(doubt);
    auto lost = lost_by(evidence.acknowledged, position);
    if (!lost.empty())
        chosen.warnings.insert(
            chosen.warnings.begin(),
            "clients were told of " + lost.to_string() + ", which no replica that was reached has");
    bool strict = settings.durability == config::Durability::strict;
    bool async = settings.durability == config::Durability::off;
    bool loses = !missed.empty() || (!async && !lost.empty()) || (strict && !doubt.empty());
    if (loses && !wish.accept_loss)
        return Refusal{chosen.warnings.front() +
                       "; nothing is promoted unless the loss is accepted"};
    chosen.lost = std::move(lost);

    auto to = candidate.server.id;
    chosen.steps.push_back({StepKind::catch_up,
                            candidate.server.name + " applies what it has received",
                            {{.server = to,
                              .verb = Verb::wait_executed,
                              .within = settings.promote_wait,
                              .gtids = position.to_string()}}});
    Step others{StepKind::move_replica,
                "the others replicate from " + candidate.server.name,
                {},
                {},
                OnFailure::go_on,
                milliseconds{0},
                true};
    for (const auto* sibling : siblings_of(evidence, to)) {
        auto at = frozen.find(sibling->server.id);
        if (at == frozen.end()) continue;
        auto how = position.contains(at->second) ? Verb::repoint : Verb::follow;
        others.orders.push_back(follow(sibling->server.id, candidate, how));
        others.undo.push_back(repoint(sibling->server.id, old));
    }
    if (!others.orders.empty()) chosen.steps.push_back(std::move(others));
    chosen.steps.push_back({StepKind::promote,
                            candidate.server.name + " takes writes",
                            {{.server = to, .verb = promotion(old, candidate), .within = quick}},
                            {},
                            OnFailure::try_again});
    chosen.steps.push_back(
        {StepKind::publish, candidate.server.name + " is the primary; writes go on"});
    chosen.steps.push_back({StepKind::finish,
                            candidate.server.name + " replicates from nobody",
                            {{.server = to, .verb = Verb::forget_source, .within = at_leisure}},
                            {},
                            OnFailure::go_on});
    return chosen;
}

}  // namespace pointsman::failover
