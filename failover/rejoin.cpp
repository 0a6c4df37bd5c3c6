// A server that comes back, or was left behind, becomes a replica of the present primary.

#include "failover/canary.hpp"
#include "failover/takeover.hpp"

namespace pointsman::failover {
namespace {

constexpr milliseconds at_leisure{5'000};
/// More would keep the primary busy.
constexpr std::uint64_t most_injected = 1'000;

/// It replicates from a configured server that is well: a chain, which is nobody's business here.
bool is_in_a_chain(const Evidence& evidence, const ServerSight& server)
{
    for (const auto& source : evidence.servers)
        if (&source != &server && follows(server, source) && source.answers() &&
            source.report->is_replica())
            return true;
    return false;
}

/// A replica that waits for replicas of its own applies nothing any more (measured on 9.7).
Planned plan_wait_no_more(const ServerSight& server)
{
    Takeover plan;
    plan.cause = Cause::rejoin;
    plan.from = plan.to.emplace(server.server.id);
    plan.from_name = plan.to_name = server.server.name;
    plan.steps.push_back(
        {StepKind::finish,
         server.server.name + " waits for replicas no more",
         {{.server = server.server.id, .verb = Verb::stop_semi_sync, .within = at_leisure}}});
    plan.point_of_no_return = plan.steps.size();
    return plan;
}

/// Nothing is done to it, whatever it has.
std::optional<Refusal> hands_off(const ServerSight& server)
{
    if (server.server.maintenance) return Refusal{"it is in maintenance"};
    if (!server.survey.known) return Refusal{"it has not told its settings yet"};
    // Its log cannot be written, and for that reason it may abort (binlog_error_action): measured.
    if (server.report->is_writable() && server.survey.stall == Stall::disk_full)
        return Refusal{"its disk is full: to end what waits for space there would end the server",
                       true};
    return std::nullopt;
}

bool may_inject(const ServerSight& server, const protocol::GtidSet& errant, config::Repair repair)
{
    if (server.report->is_writable() || errant.count() > most_injected) return false;
    auto others = errant;
    if (others.subtract(canaries_of(errant)).empty()) return true;
    return repair != config::Repair::leave && server.harmless.contains(others);
}

}  // namespace

Planned plan_rejoin(const Evidence& evidence, config::ServerId returned, config::Repair repair)
{
    const auto* primary = evidence.primary_sight();
    const auto* server = evidence.find(returned);
    if (!primary || !primary->answers() || !primary->report->is_writable())
        return Refusal{"there is no primary to follow"};
    if (!server || server == primary || !server->answers()) return Refusal{"it does not answer"};
    if (auto refusal = hands_off(*server)) return *refusal;
    if (follows(*server, *primary)) {
        bool stuck = server->survey.semi_sync_source && !server->report->is_writable();
        if (stuck) return plan_wait_no_more(*server);
        return Refusal{"it follows the primary already"};
    }
    if (is_in_a_chain(evidence, *server)) return Refusal{"it follows another replica"};
    if (server->report->facts.flavour != health::Flavour::mysql || !server->report->facts.gtids)
        return Refusal{"it has no GTIDs"};
    auto had = protocol::GtidSet::parse(server->report->executed);
    auto has = protocol::GtidSet::parse(primary->report->executed);
    if (!had || !has || had->empty()) return Refusal{"its transactions cannot be compared"};
    auto errant = *had;
    bool is_errant = !errant.subtract(*has).empty();
    auto lacking = "it has transactions that the primary lacks: " + errant.to_string();
    bool writable = server->report->is_writable();
    bool injects = is_errant && may_inject(*server, errant, repair);
    if (is_errant && !had->intersects(*has)) return Refusal{lacking, true};
    if (is_errant && !writable && !injects) return Refusal{lacking, true, errant};
    // Seen in the other order it may be a move by hand that is half seen.
    if (writable && primary->reported_at <= server->reported_at)
        return Refusal{"which of the two took writes last is not seen yet"};

    Takeover plan;
    plan.cause = Cause::rejoin;
    plan.from = plan.to.emplace(returned);
    plan.from_name = plan.to_name = server->server.name;
    auto add = [&](std::string title, Order order) {
        order.within = at_leisure;
        plan.steps.push_back({StepKind::finish, std::move(title), {std::move(order)}});
    };
    auto name = server->server.name;
    // In this order: commits that wait for replicas end locally when it waits no more, and nobody
    // may be told so; and it becomes read-only only when no commit waits.
    if (writable) add(name + " serves no client", {.server = returned, .verb = Verb::cut_clients});
    if (server->survey.semi_sync_source)
        add(name + " waits for replicas no more",
            {.server = returned, .verb = Verb::stop_semi_sync});
    add(name + " is read-only", {.server = returned, .verb = Verb::make_read_only});
    plan.point_of_no_return = plan.steps.size();
    if (is_errant && !injects) {
        plan.warnings.push_back(name + " is only made read-only: " + lacking);
        return plan;
    }
    if (injects)
        add(primary->server.name + " knows what changed nothing on " + name,
            {.server = primary->server.id,
             .verb = Verb::inject_empty,
             .gtids = errant.to_string()});
    // What it had executed when it was looked at is not what it has now.
    add("what " + name + " has executed",
        {.server = returned, .verb = Verb::executed, .collects = true});
    add(primary->server.name + " has all of it",
        {.server = primary->server.id, .verb = Verb::lacking, .waits_for_collected = true});
    add(name + " replicates from " + primary->server.name,
        {.server = returned, .verb = Verb::follow, .source = primary->server.address});
    plan.point_of_no_return = plan.steps.size();
    return plan;
}

}  // namespace pointsman::failover
