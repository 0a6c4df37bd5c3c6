// FailoverLoop: replicas whose replication broke, and servers that become copies of others. A clone
// runs in the server by itself and may take hours: it is only watched here, beside takeovers.

#include "proxy/control/failover_loop.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::proxy {
namespace {

using failover::CloneState;
using std::chrono::milliseconds;

constexpr milliseconds mend_pause{2'000};  // times the attempts so far
constexpr milliseconds well_after{60'000};
constexpr milliseconds begin_within{2'000};
constexpr milliseconds look_every{2'000};
constexpr milliseconds look_within{1'000};
constexpr milliseconds clone_pause{10'000};  // times the attempts so far
constexpr milliseconds gone_after{5'000};
constexpr unsigned most_clones = 3;

}  // namespace

/// A replica of the primary that cannot go on by itself.
void FailoverLoop::mend_due(Controlled& server, const failover::Evidence& evidence,
                            const failover::ServerSight& sight, net::TimePoint now)
{
    auto& mending = server.mending;
    auto broken = failover::broken_replication(evidence, sight);
    if (!broken) {
        if (!mending.well_since) mending.well_since = now;
        if (mending.attempts > 0 && now - *mending.well_since > well_after) mending = {};
        return;
    }
    mending.well_since.reset();
    if (now < mending.next) return;
    mending.next = now + mend_pause * (mending.attempts + 1);
    auto planned = failover::plan_mend(evidence, server.server.id, mending.attempts);
    if (auto* plan = std::get_if<failover::Takeover>(&planned)) {
        ++mending.attempts;
        failover::Actions actions;
        controller_.start(std::move(*plan), evidence, {}, now, actions);
        return perform(std::move(actions));
    }
    const auto& refusal = std::get<failover::Refusal>(planned);
    if (config_.failover.repair == config::Repair::clone)
        return begin_clone(server, evidence, refusal.reason, failover::Verb::clone);
    say_once(server, "needs an operator: " + refusal.reason);
}

/// What it has and the primary lacks is saved, and the operator's policy is to throw it away.
void FailoverLoop::replace_errant(Controlled& server, const failover::Evidence& evidence,
                                  const protocol::GtidSet& errant)
{
    const auto& returning = server.returning;
    bool saved = !returning.saved.file.empty() && returning.errant == errant;
    if (!saved || config_.failover.repair != config::Repair::clone) return;
    if (evidence.acknowledged.intersects(errant))
        return say_once(server,
                        "needs an operator: clients were told of what it has and the "
                        "primary lacks; see " +
                            returning.saved.file);
    begin_clone(server, evidence, "it has transactions that the primary lacks",
                failover::Verb::clone);
}

void FailoverLoop::say_once(Controlled& server, const std::string& text)
{
    if (std::exchange(server.mending.said, text) == text) return;
    note(failover::JournalKind::warning, server.server.name + " " + text);
}

void FailoverLoop::begin_clone(Controlled& server, const failover::Evidence& evidence,
                               const std::string& why, failover::Verb verb)
{
    auto now = net::Clock::now();
    auto& mending = server.mending;
    bool another =
        std::ranges::any_of(servers_, [](const Controlled& c) { return c.mending.cloning; });
    if (another || now < mending.next_clone) return;
    if (mending.clones >= most_clones)
        return say_once(server, "needs an operator: it could not be made a copy");
    auto chosen = failover::choose_donor(evidence, server.server.id, mending.donor);
    if (auto* refusal = std::get_if<failover::Refusal>(&chosen))
        return say_once(server, "is not made a copy: " + refusal->reason);
    const auto& donor = std::get<failover::Donor>(chosen);
    bool other = mending.donor && *mending.donor != donor.id;
    mending.donor = donor.id;
    mending.donor_name = donor.name;
    mending.cloning = true;
    ++mending.clones;
    mending.said.clear();
    mending.stage.clear();
    mending.progress.clear();
    note(failover::JournalKind::note, server.server.name + " becomes a copy of " + donor.name +
                                          (other ? " (who should have given it cannot now)" : "") +
                                          ": " + why);
    failover::Order ask{
        .server = server.server.id, .verb = failover::Verb::clone_state, .within = look_within};
    failover::Order clone{
        .server = server.server.id, .verb = verb, .within = begin_within, .source = donor.address};
    auto asked = [this, clone](const failover::Outcome& outcome) {
        auto* recipient = find(clone.server);
        if (!recipient) return;
        if (!outcome.ok()) return end_clone(*recipient, outcome.error);
        auto state = failover::parse_clone_state(outcome.answer);
        recipient->mending.next_look = net::Clock::now() + look_every;
        // Begun by a process before this one, or by hand: that one is watched.
        if (state.kind == CloneState::Kind::under_way) return;
        recipient->mending.earlier = state.began;
        order_clone(*recipient, clone);
    };
    enqueue(server, {std::move(ask), std::move(asked)});
}

/// One that replicates from nobody may be in the middle of a clone that a process before this one
/// began, or an operator: to fence it would end that, and it would have no data. Asked before
/// anything is done to it.
bool FailoverLoop::may_be_cloning(Controlled& server, const failover::ServerSight& sight,
                                  net::TimePoint now)
{
    auto& mending = server.mending;
    bool lone = sight.answers() && !sight.report->is_replica() && !sight.report->is_writable();
    if (!lone || now - mending.not_cloning_at < clone_pause) return false;
    if (std::exchange(mending.asking, true)) return true;
    failover::Order ask{
        .server = server.server.id, .verb = failover::Verb::clone_state, .within = look_within};
    auto done = [this, id = server.server.id](const failover::Outcome& outcome) {
        auto* asked = find(id);
        if (!asked) return;
        auto& of = asked->mending;
        of.asking = false;
        if (!outcome.ok()) return;  // asked again
        auto state = failover::parse_clone_state(outcome.answer);
        of.not_cloning_at = net::Clock::now();
        if (state.kind != CloneState::Kind::under_way || of.cloning) return;
        of.cloning = true;
        of.donor_name = state.source;
        note_clone(*asked, state);
    };
    enqueue(server, {std::move(ask), std::move(done)});
    return true;
}

void FailoverLoop::order_clone(Controlled& server, const failover::Order& clone)
{
    auto done = [this, id = clone.server](const failover::Outcome& outcome) {
        auto* recipient = find(id);
        if (!recipient) return;
        recipient->mending.next_look = net::Clock::now() + look_every;
        if (outcome.kind == failover::OutcomeKind::refused) end_clone(*recipient, outcome.error);
    };
    enqueue(server, {clone, std::move(done)});
}

/// With an error: it is tried again, a few times.
void FailoverLoop::end_clone(Controlled& server, const std::string& error)
{
    auto& mending = server.mending;
    const auto& name = server.server.name;
    server.survey.known = false;
    server.next_survey = {};
    if (error.empty()) {
        note(failover::JournalKind::note, name + " is a copy of " + mending.donor_name + " now");
        mending = {};
        server.returning = {};
        return;
    }
    mending.cloning = false;
    mending.next_clone = net::Clock::now() + clone_pause * mending.clones;
    note(failover::JournalKind::warning,
         name + " did not become a copy of " + mending.donor_name + ": " + error +
             (mending.clones < most_clones ? "; tried again soon" : "; an operator is needed"));
}

/// Clones under way, whatever else is.
void FailoverLoop::watch_clones(const failover::Evidence& evidence, net::TimePoint now)
{
    for (auto& server : servers_) {
        auto& mending = server.mending;
        if (!mending.cloning || now < mending.next_look) continue;
        mending.next_look = now + look_every;
        const auto* sight = evidence.find(server.server.id);
        if (!sight || !sight->answers()) {
            bool long_gone =
                sight && sight->failing_since && now - *sight->failing_since > gone_after;
            if (long_gone)
                say_once(server, "does not answer after its clone: if nothing starts it, start it");
            continue;
        }
        failover::Order ask{
            .server = server.server.id, .verb = failover::Verb::clone_state, .within = look_within};
        auto done = [this, id = server.server.id](const failover::Outcome& outcome) {
            auto* recipient = find(id);
            if (recipient && outcome.ok())
                note_clone(*recipient, failover::parse_clone_state(outcome.answer));
        };
        enqueue(server, {std::move(ask), std::move(done)});
    }
}

std::string FailoverLoop::cloning(config::ServerId server) const
{
    for (const auto& recipient : servers_) {
        const auto& mending = recipient.mending;
        if (recipient.server.id != server || !mending.cloning) continue;
        auto text = recipient.server.name + " is being cloned";
        if (!mending.donor_name.empty()) text += " from " + mending.donor_name;
        return text + ": " + (mending.progress.empty() ? "beginning" : mending.progress);
    }
    return {};
}

void FailoverLoop::note_clone(Controlled& server, const CloneState& state)
{
    auto& mending = server.mending;
    if (!mending.cloning || state.began == mending.earlier) return;
    switch (state.kind) {
        case CloneState::Kind::under_way: {
            bool news = std::exchange(mending.stage, state.stage) != state.stage;
            mending.progress = failover::progress_text(state);
            if (news)
                note(failover::JournalKind::note,
                     server.server.name + " is being cloned: " + mending.progress);
            return;
        }
        case CloneState::Kind::completed:
            return end_clone(server, {});
        case CloneState::Kind::failed:
            return end_clone(server, state.error.empty() ? "no reason given" : state.error);
        case CloneState::Kind::none:
            return;
    }
}

}  // namespace pointsman::proxy
