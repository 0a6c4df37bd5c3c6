// FailoverLoop: statements that a lost primary did not answer.

#include "proxy/control/failover_loop.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::proxy {
namespace {

/// With as many as are kept they reach further back than statements usually take.
constexpr std::chrono::milliseconds mark_every{250};

}  // namespace

/// A look that came back by now saw what was executed before now.
void FailoverLoop::note_executed(const failover::Evidence& evidence, net::TimePoint now)
{
    const auto* primary = evidence.primary_sight();
    if (!primary) return;
    if (!primary->answers()) {
        primary_was_away_ = true;
        return;
    }
    // A restart may have cost it transactions: their numbers, which clients know, are free again.
    if (std::exchange(primary_was_away_, false)) {
        marks_.clear();
        around_.forget_writes();
    }
    if (marked_ != primary->server.id) marks_.clear();
    marked_ = primary->server.id;
    bool news = primary->reported_at > marked_report_;
    if (!news || (!marks_.empty() && now - marks_.back().at < mark_every)) return;
    const auto* position = primary->report->position.get();
    const auto* executed = position ? std::get_if<protocol::GtidSet>(position) : nullptr;
    if (!executed) return;
    marked_report_ = primary->reported_at;
    if (marks_.size() >= most_marks) marks_.erase(marks_.begin());
    marks_.push_back({now, *executed});
}

void FailoverLoop::resolve(const failover::Doubt& doubt, std::function<void(bool)> answer)
{
    bool may_be_known = running_ && config_.failover.mode == config::FailoverMode::automatic;
    if (!may_be_known || doubts_.size() >= most_doubts) return answer(false);
    auto now = net::Clock::now();
    doubts_.push_back({doubt, std::move(answer), now, now + config_.failover.in_doubt_timeout});
    settle_doubts();
}

/// Sessions have read by now what the lost primary sent: their links to it were cut long ago.
void FailoverLoop::note_succession(const failover::PublishPrimary& published)
{
    succession_.reset();
    acknowledged_.reset();
    if (controller_.takeover().cause != failover::Cause::failover) return;
    succession_.emplace();
    succession_->from = published.from;
    succession_->to = published.to;
    succession_->at = net::Clock::now();
    succession_->found = published.found;
    if (marked_ == published.from) succession_->marks = marks_;
    around_.gather_writes(
        [weak = std::weak_ptr(self_), at = succession_->at](protocol::GtidSet writes) {
            auto loop = weak.lock();
            if (!loop || !(*loop)->succession_ || (*loop)->succession_->at != at) return;
            (*loop)->acknowledged_ = std::move(writes);
            (*loop)->settle_doubts();
        });
}

void FailoverLoop::settle_doubts()
{
    if (!succession_ || !acknowledged_) return;
    auto open = std::exchange(doubts_, {});
    for (auto& one : open) {
        if (failover::concerns(*succession_, one.doubt))
            one.answer(failover::is_absent(one.doubt, *succession_, *acknowledged_));
        else
            doubts_.push_back(std::move(one));
    }
}

/// A server that answers, and is not about to be replaced, will never have a successor that tells.
void FailoverLoop::end_doubts_about_living(const failover::Evidence& evidence, net::TimePoint now)
{
    if (doubts_.empty()) return;
    bool idle = controller_.phase() == failover::Phase::idle;
    auto lives = [&](const OpenDoubt& one) {
        const auto* sight = evidence.find(one.doubt.server);
        return idle && (!sight || (sight->answers() && sight->reported_at > one.asked_at));
    };
    auto open = std::exchange(doubts_, {});
    for (auto& one : open) {
        if (lives(one))
            one.answer(false);
        else if (one.until > now)
            doubts_.push_back(std::move(one));
    }
}

}  // namespace pointsman::proxy
