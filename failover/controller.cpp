#include "failover/controller.hpp"

#include "failover/hook.hpp"
#include "failover/precheck.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::failover {
namespace {

constexpr milliseconds retry_pause{50};
constexpr unsigned most_undo_attempts = 5;
constexpr unsigned most_rounds = 50;  // of catching up before a switchover

milliseconds rounded(TimePoint::duration span)
{
    return std::chrono::duration_cast<milliseconds>(span);
}

std::string title_of(const Takeover& takeover)
{
    if (takeover.cause == Cause::rejoin) return "rejoin of " + takeover.from_name;
    if (takeover.cause == Cause::reopen) return "opening of " + takeover.from_name;
    if (takeover.cause == Cause::resume)
        return "rest of the interrupted takeover from " + takeover.from_name +
               (takeover.to_name.empty() ? "" : " to " + takeover.to_name);
    auto text =
        takeover.cause == Cause::switchover ? std::string("switchover") : std::string("failover");
    text += " from " + takeover.from_name;
    if (!takeover.to_name.empty()) text += " to " + takeover.to_name;
    return text;
}

}  // namespace

std::string_view to_text(Ending ending)
{
    constexpr std::string_view words[] = {"none", "completed", "undone", "needs_operator"};
    return words[static_cast<std::size_t>(ending)];
}

bool Controller::start(Takeover plan, Evidence evidence, Wish wish, TimePoint now, Actions& actions)
{
    if (phase_ != Phase::idle) return false;
    takeover_ = std::move(plan);
    add_hook_step(takeover_, hooks_);
    evidence_ = std::move(evidence);
    wish_ = wish;
    phase_ = Phase::running;
    ending_ = Ending::none;
    summary_.clear();
    at_ = 0;
    rounds_ = 0;
    running_.clear();
    retries_.clear();
    retry_at_.reset();
    collected_ = {};
    lost_ = {};
    frozen_.clear();
    drain_until_.reset();
    pause_began_.reset();
    promote_until_.reset();
    began_ = now;
    record(JournalKind::began, title_of(takeover_), now, now, actions);
    for (const auto& warning : takeover_.warnings)
        record(JournalKind::warning, warning, now, now, actions);
    begin_step(now, actions);
    return true;
}

Actions Controller::on_evidence(const Evidence& evidence, TimePoint now)
{
    Actions actions;
    auto before = findings_.empty() ? nullptr : findings_.front().problem;
    findings_ = diagnose(evidence, settings_);
    if (findings_.empty()) {
        cooldown_.note_well();
        return actions;
    }
    const auto& gravest = findings_.front();
    if (gravest.problem != before)
        record(JournalKind::finding, to_text(gravest), now, now, actions);
    auto reaction = gravest.problem->reaction;
    bool acts = reaction == Reaction::fail_over || reaction == Reaction::confirm;
    bool busy = phase_ != Phase::idle && !may_be_left();
    if (!acts || busy || settings_.mode != config::FailoverMode::automatic) return actions;
    if (!cooldown_.allows(now, settings_.cooldown)) return actions;
    auto planned = plan_failover(evidence, settings_, {}, reaction == Reaction::confirm);
    if (auto* refusal = std::get_if<Refusal>(&planned)) {
        cooldown_.note_failure(now);
        record(JournalKind::warning, "no failover: " + refusal->reason, now, now, actions);
        return actions;
    }
    if (phase_ != Phase::idle) leave(now, actions);
    start(std::move(std::get<Takeover>(planned)), evidence, {}, now, actions);
    return actions;
}

/// Clients do not wait for what is left to do: the next lost primary does not either. Nor does it
/// wait for a switchover that has not touched it yet.
bool Controller::may_be_left() const
{
    if (phase_ == Phase::running && takeover_.cause == Cause::switchover) {
        auto fence = std::ranges::find(takeover_.steps, StepKind::fence, &Step::kind);
        return fence - takeover_.steps.begin() > static_cast<std::ptrdiff_t>(at_);
    }
    bool only_tidies = takeover_.cause == Cause::rejoin || takeover_.cause == Cause::resume ||
                       takeover_.cause == Cause::reopen;
    return phase_ == Phase::finishing || (phase_ == Phase::undoing && !held_) ||
           (phase_ == Phase::running && only_tidies);
}

protocol::GtidSet Controller::found() const
{
    protocol::GtidSet all;
    for (const auto& [id, position] : frozen_) all.unite(position);
    return all;
}

void Controller::release(Actions& actions)
{
    if (std::exchange(held_, false)) actions.emplace_back(ReleaseWrites{});
}

void Controller::leave(TimePoint now, Actions& actions)
{
    record(JournalKind::warning, title_of(takeover_) + " is left unfinished", step_began_, now,
           actions);
    running_.clear();
    phase_ = Phase::idle;
}

void Controller::begin_step(TimePoint now, Actions& actions)
{
    step_began_ = now;
    switch (step().kind) {
        case StepKind::hold_writes:
            if (!std::exchange(held_, true))  // else a switchover that was left holds them
                actions.emplace_back(HoldWrites{title_of(takeover_) + " is under way"});
            if (takeover_.cause == Cause::failover) return next_step(now, actions);
            drain_until_ = now + settings_.drain;
            actions.emplace_back(AwaitDrain{takeover_.from});
            return;
        case StepKind::sever:
            actions.emplace_back(SeverLinks{takeover_.from});
            return next_step(now, actions);
        case StepKind::choose:
            return choose(now, actions);
        case StepKind::publish:
            if (pause_began_) last_pause_ = rounded(now - *pause_began_);
            pause_began_.reset();
            actions.emplace_back(PublishPrimary{takeover_.from, *takeover_.to, lost_, found()});
            release(actions);
            if (takeover_.cause == Cause::failover) cooldown_.note_takeover(now);
            phase_ = Phase::finishing;
            return next_step(now, actions);
        case StepKind::fence:
            pause_began_ = now;
            break;
        case StepKind::promote:
            record(JournalKind::step_begun, step().title, now, now, actions);
            promote_until_ = now + settings_.promote_wait;
            break;
        case StepKind::check:
        case StepKind::prepare_candidate:
        case StepKind::move_replica:
        case StepKind::read_position:
        case StepKind::confirm:
        case StepKind::freeze:
        case StepKind::catch_up:
        case StepKind::finish:
            break;
    }
    begin_orders(step(), now, actions);
}

/// What is left of the pause bounds the orders before the point of no return.
bool Controller::within_pause(Order& order, TimePoint now) const
{
    if (!pause_began_ || at_ >= takeover_.point_of_no_return) return true;
    auto left = rounded(*pause_began_ + settings_.max_pause - now);
    order.within = std::min(order.within, left);
    return left.count() > 0;
}

void Controller::begin_orders(const Step& current, TimePoint now, Actions& actions)
{
    auto orders = current.orders;
    bool background = current.in_background;
    for (auto& order : orders) {
        if (!within_pause(order, now)) return abort("the pause became too long", now, actions);
        if (order.waits_for_collected) order.gtids = collected_.to_string();
    }
    for (auto& order : orders) give_order(std::move(order), background, now, actions);
    if (background || orders.empty()) next_step(now, actions);
}

void Controller::give_order(Order order, bool background, TimePoint now, Actions& actions)
{
    auto id = ++last_id_;
    running_[id] = {order, now + order.within + overdue_margin, background, std::nullopt};
    actions.emplace_back(RunOrder{id, std::move(order)});
}

bool Controller::waits() const
{
    return std::ranges::any_of(running_, [](const auto& entry) {
        return !entry.second.background && !entry.second.outcome;
    });
}

Actions Controller::on_order_done(std::uint64_t id, Outcome outcome, TimePoint now)
{
    Actions actions;
    auto at = running_.find(id);
    if (at == running_.end() || at->second.outcome) return actions;
    at->second.outcome = std::move(outcome);
    take_answer(at->second, now, actions);
    if (at->second.background) {
        running_.erase(at);
        if (running_.empty() && phase_ == Phase::finishing && at_ == takeover_.steps.size())
            finish(Ending::completed, title_of(takeover_) + " done", now, actions);
        return actions;
    }
    if (waits() || drain_until_) return actions;
    if (phase_ == Phase::undoing)
        end_undo_orders(now, actions);
    else
        end_step(now, actions);
    return actions;
}

void Controller::take_answer(const Running& done, TimePoint now, Actions& actions)
{
    const auto& outcome = *done.outcome;
    if (!outcome.ok()) {
        const auto* sight = evidence_.find(done.order.server);
        auto text = (sight ? sight->server.name : "?") + " " +
                    std::string(to_text(done.order.verb)) + ": " + outcome.error;
        record(JournalKind::step_failed, std::move(text), step_began_, now, actions);
        return;
    }
    bool freezes = phase_ == Phase::running && step().kind == StepKind::freeze;
    if (!freezes && !done.order.collects) return;
    auto answered = protocol::GtidSet::parse(outcome.answer);
    if (!answered) return;
    if (freezes) frozen_[done.order.server] = *answered;
    if (done.order.collects) collected_.unite(*answered);
}

/// Can the step go on after this order of it? If not, what follows is under way already.
bool Controller::survives(const Running& done, TimePoint now, Actions& actions)
{
    const auto& outcome = *done.outcome;
    if (auto objection = objection_in(done.order, outcome)) {
        abort(*objection, now, actions);
        return false;
    }
    bool readable = !done.order.collects || protocol::GtidSet::parse(outcome.answer).has_value();
    if (outcome.ok() && readable) return true;
    auto reason = outcome.ok() ? "its GTIDs cannot be read" : outcome.error;
    switch (step().on_failure) {
        case OnFailure::go_on:
            return true;
        case OnFailure::undo:
            abort(reason, now, actions);
            return false;
        case OnFailure::try_again:
            break;
    }
    if (outcome.kind == OutcomeKind::refused)
        abort(reason, now, actions);
    else
        retry(done.order, now, actions);
    return false;
}

/// The order may have been executed: it is given again until its outcome is known.
void Controller::retry(Order order, TimePoint now, Actions& actions)
{
    if (now >= *promote_until_) {
        release(actions);
        auto text = title_of(takeover_) +
                    ": whether the new primary takes writes is not known; look at it, and make "
                    "one server writable";
        return finish(Ending::needs_operator, text, now, actions);
    }
    retries_.push_back(std::move(order));
    retry_at_ = now + retry_pause;
}

void Controller::end_step(TimePoint now, Actions& actions)
{
    auto ended = std::exchange(running_, {});
    for (auto& [id, done] : ended)
        if (done.background) running_[id] = done;
    for (const auto& [id, done] : ended)
        if (!done.background && !survives(done, now, actions)) return;
    next_step(now, actions);
}

void Controller::choose(TimePoint now, Actions& actions)
{
    auto chosen = choose_successor(evidence_, settings_, wish_, frozen_);
    if (auto* refusal = std::get_if<Refusal>(&chosen)) return abort(refusal->reason, now, actions);
    auto& found = std::get<Chosen>(chosen);
    takeover_.to = found.to;
    takeover_.to_name = found.to_name;
    lost_ = std::move(found.lost);
    for (auto& warning : found.warnings) {
        record(JournalKind::warning, warning, now, now, actions);
        takeover_.warnings.push_back(std::move(warning));
    }
    for (auto& more : found.steps) takeover_.steps.push_back(std::move(more));
    auto promote = std::ranges::find(takeover_.steps, StepKind::promote, &Step::kind);
    takeover_.point_of_no_return = static_cast<std::size_t>(promote - takeover_.steps.begin());
    next_step(now, actions);
}

void Controller::next_step(TimePoint now, Actions& actions)
{
    record(JournalKind::step_done, step().title, step_began_, now, actions);
    if (step().near.count() > 0 && now - step_began_ > step().near) {
        if (++rounds_ == most_rounds)
            return abort("it stays behind under this load; nobody was made to wait", now, actions);
        --at_;
        return begin_step(now, actions);
    }
    ++at_;
    if (at_ < takeover_.steps.size()) return begin_step(now, actions);
    if (running_.empty()) finish(Ending::completed, title_of(takeover_) + " done", now, actions);
}

Actions Controller::on_drained(TimePoint now)
{
    Actions actions;
    if (!std::exchange(drain_until_, std::nullopt)) return actions;
    next_step(now, actions);
    return actions;
}

Actions Controller::on_deadline(TimePoint now)
{
    if (drain_until_ && now >= *drain_until_) return on_drained(now);
    if (retry_at_ && now >= *retry_at_) {
        Actions actions;
        retry_at_.reset();
        for (auto& order : std::exchange(retries_, {}))
            give_order(std::move(order), false, now, actions);
        return actions;
    }
    for (const auto& [id, order] : running_)
        if (!order.outcome && now >= order.due)
            return on_order_done(id, {OutcomeKind::unknown, {}, "no answer"}, now);
    return {};
}

std::optional<TimePoint> Controller::next_deadline() const
{
    std::optional<TimePoint> next;
    auto consider = [&next](std::optional<TimePoint> when) {
        if (when && (!next || *when < *next)) next = when;
    };
    consider(drain_until_);
    consider(retry_at_);
    for (const auto& [id, order] : running_)
        if (!order.outcome) consider(order.due);
    return next;
}

void Controller::abort(const std::string& reason, TimePoint now, Actions& actions)
{
    record(JournalKind::step_failed, step().title + ": " + reason, step_began_, now, actions);
    abort_reason_ = reason;
    phase_ = Phase::undoing;
    undo_to_ = at_ + 1;
    undo_order_ = 0;
    undo_attempts_ = 0;
    pause_began_.reset();
    // There is no primary to protect: nobody waits for what is put back.
    if (takeover_.cause == Cause::failover) {
        cooldown_.note_failure(now);
        release(actions);
    }
    undo_next(now, actions);
}

/// Undoes the orders of the steps that were begun, last first, one after the other.
void Controller::undo_next(TimePoint now, Actions& actions)
{
    while (undo_to_ > 0) {
        const auto& undone = takeover_.steps[undo_to_ - 1];
        if (undo_order_ < undone.undo.size())
            return give_order(undone.undo[undo_order_], false, now, actions);
        if (undone.kind == StepKind::hold_writes) release(actions);
        --undo_to_;
        undo_order_ = 0;
    }
    record(JournalKind::undone, title_of(takeover_) + ": " + abort_reason_, began_, now, actions);
    finish(Ending::undone, abort_reason_, now, actions);
}

void Controller::end_undo_orders(TimePoint now, Actions& actions)
{
    bool done = true;
    for (const auto& [id, order] : running_)
        if (!order.background) done = done && order.outcome->ok();
    std::erase_if(running_, [](const auto& entry) { return !entry.second.background; });
    if (done || ++undo_attempts_ >= most_undo_attempts) {
        if (!done)
            record(JournalKind::warning, "could not be undone: an operator should look at it",
                   step_began_, now, actions);
        ++undo_order_;
        undo_attempts_ = 0;
    }
    undo_next(now, actions);
}

void Controller::finish(Ending ending, const std::string& summary, TimePoint now, Actions& actions)
{
    phase_ = Phase::idle;
    ending_ = ending;
    summary_ = summary;
    running_.clear();
    if (ending == Ending::completed) {
        record(JournalKind::completed, summary, began_, now, actions);
        return;
    }
    if (ending != Ending::needs_operator) return;
    cooldown_.note_failure(now);
    record(JournalKind::given_up, summary, began_, now, actions);
}

void Controller::record(JournalKind kind, std::string text, TimePoint since, TimePoint now,
                        Actions& actions) const
{
    JournalEntry entry{kind, std::move(text), rounded(now - since)};
    if (kind != JournalKind::finding && kind != JournalKind::warning) add_particulars(entry);
    actions.emplace_back(Record{std::move(entry)});
}

/// What a process that starts in the middle of this takeover must know of it.
void Controller::add_particulars(JournalEntry& entry) const
{
    entry.cause = to_text(takeover_.cause);
    entry.from = journal_server(takeover_.from);
    if (takeover_.to) entry.to = journal_server(*takeover_.to);
    bool of_step = entry.kind == JournalKind::step_begun || entry.kind == JournalKind::step_done ||
                   entry.kind == JournalKind::step_failed;
    if (of_step && at_ < takeover_.steps.size()) entry.step = to_text(step().kind);
    if (entry.kind == JournalKind::step_done) entry.gtids = collected_.to_string();
    const auto* old = evidence_.find(takeover_.from);
    if (entry.kind != JournalKind::began || !old || !old->report) return;
    entry.gtids = old->report->executed;
    entry.survey = old->survey;
}

JournalServer Controller::journal_server(config::ServerId id) const
{
    const auto* sight = evidence_.find(id);
    if (!sight) return {};
    return {sight->server.name, sight->report ? sight->report->facts.uuid : ""};
}

}  // namespace pointsman::failover
