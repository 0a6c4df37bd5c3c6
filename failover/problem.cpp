#include "failover/problem.hpp"

#include <algorithm>

namespace pointsman::failover {
namespace {

using health::ProbeResult;
using health::ReceiverState;

/// Looking later than this says more of this process than of the servers.
constexpr milliseconds most_late{50};
/// Looks may differ in age by this much.
constexpr milliseconds report_margin{150};
/// A lost look costs at least this long; probe.timeout may be set shorter than a packet's repeat.
constexpr milliseconds least_silence{250};
constexpr std::uint32_t refusals_needed = 2;

enum class Witness : std::uint8_t { unreachable, fresh, silent };

/// With a slow heartbeat silence proves nothing until several are missing.
milliseconds silence_limit(const health::ReplicationChannel& channel, milliseconds configured)
{
    constexpr int heartbeats = 3;
    return std::max(configured, channel.heartbeat * heartbeats);
}

Witness testimony(const ServerSight& replica, const ServerSight& primary, const Evidence& evidence,
                  milliseconds configured)
{
    const auto* channel = channel_from(replica, primary);
    auto age = evidence.now - replica.reported_at;
    bool asked_lately = age <= 2 * evidence.probe_interval + report_margin;
    if (!channel || !replica.answers() || !asked_lately) return Witness::unreachable;
    // What was said before the trouble began is no evidence of it.
    if (primary.failing_since && replica.reported_at < *primary.failing_since)
        return Witness::fresh;
    if (channel->receiver != ReceiverState::on) return Witness::silent;
    if (!channel->heard || channel->receiving) return Witness::fresh;
    bool silent = *channel->heard + age > silence_limit(*channel, configured);
    return silent ? Witness::silent : Witness::fresh;
}

bool may_follow(const ServerSight& sight, const ServerSight& primary)
{
    return !sight.report || follows(sight, primary);
}

void judge_primary(const ServerSight& primary, TimePoint now, milliseconds stall_after,
                   Symptoms& symptoms)
{
    symptoms.has_primary = true;
    symptoms.answers = primary.answers();
    symptoms.read_only = primary.answers() && !primary.report->is_writable();
    // One statement may be late for reasons of its own; here nobody's commit ends.
    bool stalls =
        symptoms.answers && !symptoms.read_only && now - primary.committed_at >= stall_after;
    if (stalls) symptoms.stall = primary.survey.stall;
    if (!primary.failing_since) return;
    symptoms.full = primary.last_result == ProbeResult::saturated;
    symptoms.refuses = health::server_answered(primary.last_result);
    symptoms.port_closed = primary.refused_in_a_row >= refusals_needed;
    symptoms.unanswered = !symptoms.refuses && now - *primary.failing_since >= least_silence;
}

void judge_replica(const ServerSight& replica, const ServerSight& primary, const Evidence& evidence,
                   milliseconds configured, Symptoms& symptoms)
{
    ++symptoms.replicas;
    auto witness = testimony(replica, primary, evidence, configured);
    if (witness == Witness::unreachable) return;
    ++symptoms.reachable;
    if (witness == Witness::fresh) ++symptoms.fresh;
    const auto* channel = channel_from(replica, primary);
    if (channel->receiver == ReceiverState::on && channel->applier_on) ++symptoms.replicating;
}

bool is_gone(const Symptoms& s)
{
    return s.has_primary && !s.answers && !s.refuses && (s.port_closed || s.unanswered);
}
bool all_silent(const Symptoms& s)
{
    return s.reachable > 0 && s.fresh == 0;
}

constexpr Problem table[] = {
    {ProblemCode::detector_late, "detector_late", "",
     "Pointsman itself was late: what it saw meanwhile is not trusted.", Reaction::none,
     [](const Symptoms& s) { return s.late; }},
    {ProblemCode::primary_and_replicas_gone, "primary_and_replicas_gone", "DeadMasterAndReplicas",
     "The primary and all replicas are out of reach: more likely it is the network.",
     Reaction::alert,
     [](const Symptoms& s) { return is_gone(s) && s.replicas > 0 && s.reachable == 0; }},
    {ProblemCode::primary_gone_without_replicas, "primary_gone_without_replicas",
     "DeadMasterWithoutReplicas", "The primary is gone, and no server replicates from it.",
     Reaction::alert, [](const Symptoms& s) { return is_gone(s) && s.replicas == 0; }},
    {ProblemCode::primary_dead, "primary_dead", "DeadMaster",
     "The primary's port is closed, and no replica hears of it.", Reaction::fail_over,
     [](const Symptoms& s) {
         return is_gone(s) && s.port_closed && all_silent(s) && s.reachable == s.replicas;
     }},
    {ProblemCode::primary_and_some_replicas_dead, "primary_and_some_replicas_dead",
     "DeadMasterAndSomeReplicas",
     "The primary is gone, some replicas are out of reach, and the others do not hear of it.",
     Reaction::fail_over,
     [](const Symptoms& s) { return is_gone(s) && all_silent(s) && s.reachable < s.replicas; }},
    {ProblemCode::primary_hung, "primary_hung", "DeadMaster",
     "The primary does not answer, and no replica hears of it: it hangs, or its host is down.",
     Reaction::fail_over, [](const Symptoms& s) { return is_gone(s) && all_silent(s); }},
    {ProblemCode::primary_closing, "primary_closing", "UnreachableMaster",
     "The primary's port is closed while replicas still hear of it: it is shutting down, or "
     "something filters the port.",
     Reaction::confirm,
     [](const Symptoms& s) { return is_gone(s) && s.port_closed && s.fresh > 0; }},
    {ProblemCode::primary_unreachable_from_here, "primary_unreachable_from_here",
     "UnreachableMaster",
     "The primary does not answer Pointsman, and replicas hear of it: it is Pointsman that is cut "
     "off.",
     Reaction::alert, [](const Symptoms& s) { return is_gone(s) && s.fresh > 0; }},
    {ProblemCode::two_writable, "two_writable", "",
     "More than one server takes writes: all but the primary get nothing.", Reaction::alert,
     [](const Symptoms& s) { return s.writable > 1; }},
    {ProblemCode::primary_full, "primary_full", "",
     "The primary refuses connections with error 1040: it lives, and is full.", Reaction::alert,
     [](const Symptoms& s) { return s.full; }},
    {ProblemCode::primary_read_only, "primary_read_only", "NoWriteableMasterStructureWarning",
     "The primary answers and is read-only, and no other server takes writes.", Reaction::alert,
     [](const Symptoms& s) { return s.read_only && s.writable == 0; }},
    {ProblemCode::writes_wait_disk_full, "writes_wait_disk_full", "",
     "The primary's disk is full: commits wait until somebody frees space, which it notices within "
     "a minute.",
     Reaction::fail_over, [](const Symptoms& s) { return s.stall == Stall::disk_full; }},
    {ProblemCode::replication_stopped, "replication_stopped", "AllMasterReplicasNotReplicating",
     "The primary is well, and not one of its replicas replicates.", Reaction::alert,
     [](const Symptoms& s) { return s.answers && s.reachable > 0 && s.replicating == 0; }},
    {ProblemCode::writes_wait_semi_sync, "writes_wait_semi_sync", "LockedSemiSyncMaster",
     "The primary's commits wait for semi-synchronous replicas: too few of them acknowledge.",
     Reaction::alert, [](const Symptoms& s) { return s.stall == Stall::semi_sync; }},
    {ProblemCode::writes_wait_lock, "writes_wait_lock", "",
     "The primary's writes wait for a global lock: somebody's FLUSH TABLES WITH READ LOCK (a "
     "backup?), or a change to read-only that waits itself.",
     Reaction::alert, [](const Symptoms& s) { return s.stall == Stall::lock; }},
    {ProblemCode::writes_wait_commit, "writes_wait_commit", "",
     "The primary's commits do not end, and nothing there says why: look at its disk.",
     Reaction::alert, [](const Symptoms& s) { return s.stall == Stall::commit; }},
};

}  // namespace

Symptoms symptoms_of(const Evidence& evidence, const config::Failover& settings)
{
    Symptoms symptoms;
    symptoms.late = evidence.late > most_late;
    for (const auto& sight : evidence.servers)
        if (sight.answers() && sight.report->is_writable()) ++symptoms.writable;
    const auto* primary = evidence.primary_sight();
    if (!primary) return symptoms;
    judge_primary(*primary, evidence.now, settings.write_stall, symptoms);
    for (const auto& sight : evidence.servers)
        if (&sight != primary && may_follow(sight, *primary))
            judge_replica(sight, *primary, evidence, settings.witness_silence, symptoms);
    return symptoms;
}

std::span<const Problem> problems()
{
    return table;
}

const Problem& problem(ProblemCode code)
{
    return *std::ranges::find(table, code, &Problem::code);
}

}  // namespace pointsman::failover
