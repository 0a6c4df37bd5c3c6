// FailoverLoop: a primary that came back read-only before it was replaced, and what must be known
// of servers to tell it from one that somebody made read-only.

#include "failover/reopen.hpp"

#include "proxy/control/failover_loop.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::proxy {
namespace {

/// What forbids it is written down each time: then more and more rarely.
constexpr std::chrono::seconds first_wait{2}, longest_wait{60};
/// Servers subtract whole seconds: at 27.1 a process of 26.9 is one second old.
constexpr std::chrono::seconds uptime_may_exceed{1};

}  // namespace

void FailoverLoop::reopen_due(const failover::Evidence& evidence, net::TimePoint now)
{
    if (config_.failover.mode != config::FailoverMode::automatic) return;
    if (controller_.phase() != failover::Phase::idle || now < next_reopen_) return;
    // Another one may take writes and not be seen.
    if (controller_.ending() == failover::Ending::needs_operator) return;
    auto planned = failover::plan_reopen(evidence);
    auto* takeover = std::get_if<failover::Takeover>(&planned);
    const auto* primary = evidence.primary_sight();
    bool serves = primary && primary->answers() && primary->report->is_writable();
    if (serves) until_next_reopen_ = first_wait;
    if (!takeover) return;
    next_reopen_ = now + until_next_reopen_;
    until_next_reopen_ = std::min(2 * until_next_reopen_, longest_wait);
    failover::Actions actions;
    controller_.start(std::move(*takeover), evidence, {}, now, actions);
    perform(std::move(actions));
}

failover::Outlook FailoverLoop::outlook() const
{
    failover::WaitsReader reader;
    for (const auto& line : journal_) reader.read(line.entry);
    return failover::outlook_of(evidence(), config_.failover, config_.probe, reader.waits());
}

void FailoverLoop::take_survey(Controlled& server, const failover::Survey& survey)
{
    auto now = net::Clock::now();
    server.survey = survey;
    if (survey.uptime) server.process_began_by = now - *survey.uptime + uptime_may_exceed;
    auto seen = around_.health.evidence(now);
    const auto* sight = seen.find(server.server.id);
    if (sight && sight->answers() && sight->report->is_writable()) server.open_survey = survey;
}

void FailoverLoop::publish(const failover::PublishPrimary& wanted)
{
    if (!wanted.lost.empty()) around_.on_lost(wanted.lost);
    around_.health.appoint(wanted.from, wanted.to);
    note_succession(wanted);
    // It waits for its replicas as the one before it did.
    const auto* from = find(wanted.from);
    auto* to = find(wanted.to);
    if (from && to && from != to) to->open_survey = from->open_survey;
}

}  // namespace pointsman::proxy
