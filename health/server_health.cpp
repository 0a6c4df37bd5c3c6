#include "health/server_health.hpp"

#include <algorithm>

namespace pointsman::health {

using std::chrono::milliseconds;

ServerHealth::ServerHealth(const config::Probe& rules, bool maintenance, TimePoint now)
    : rules_(rules), maintenance_(maintenance), next_probe_(now)
{
}

void ServerHealth::on_probe_started(TimePoint now)
{
    last_start_ = now;
    next_probe_ = now + rules_.interval;
}

void ServerHealth::on_sample(ProbeSample sample)
{
    last_result_ = sample.result;
    if (sample.result == ProbeResult::ok) {
        on_report(sample);
    } else {
        if (!failing_since_) failing_since_ = sample.started;
        last_error_ = std::move(sample.error);
        good_in_a_row_ = 0;
        server_answered(sample.result) ? on_refusal(sample) : on_silence(sample);
    }
}

void ServerHealth::on_report(ProbeSample& sample)
{
    report_ = std::move(sample.report);
    reported_at_ = sample.started;
    refused_write_ = false;
    was_closed_ = was_closed_ || !report_->is_writable();
    was_replaced_ = was_replaced_ && report_->is_writable();
    if (!report_->is_writable())
        writable_since_.reset();
    else if (!writable_since_)
        writable_since_ = sample.started;
    failing_since_.reset();
    last_error_.clear();
    bad_in_a_row_ = 0;
    ++good_in_a_row_;
    bool was_down = seen_ == HealthState::down || seen_ == HealthState::starting;
    if (was_down && good_in_a_row_ < rules_.rise) return;
    seen_ = HealthState::up;
    if (!up_since_) up_since_ = sample.started;
}

// It lives, and does not say how it is. A full server or a changed password of the monitor must not
// take a working primary away, so this never counts towards `down`; a replica takes no reads
// meanwhile.
void ServerHealth::on_refusal(const ProbeSample& sample)
{
    bad_in_a_row_ = 0;
    seen_ = HealthState::suspect;
    // Each further look may cost both sides a login over TLS, some 30 ms of CPU.
    constexpr milliseconds between_refusals{1'000};
    next_probe_ = std::max(next_probe_, sample.started + between_refusals);
}

void ServerHealth::on_silence(const ProbeSample& sample)
{
    ++bad_in_a_row_;
    if (bad_in_a_row_ >= rules_.fall) {
        seen_ = HealthState::down;
        report_.reset();
        writable_since_.reset();
        refused_write_ = was_closed_ = false;
        up_since_.reset();
        return;
    }
    if (seen_ == HealthState::up) seen_ = HealthState::suspect;
    if (seen_ != HealthState::down) next_probe_ = std::min(next_probe_, sample.finished + soon());
}

void ServerHealth::on_suspicion(TimePoint now)
{
    next_probe_ = std::min(next_probe_, std::max(now, last_start_ + soon()));
}

void ServerHealth::on_told(bool writable, TimePoint now)
{
    next_probe_ = std::min(next_probe_, now);
    was_replaced_ = !writable;
    if (!report_) return;
    report_->read_only = report_->super_read_only = !writable;
    writable_since_ = writable ? std::optional(now) : std::nullopt;
    refused_write_ = was_closed_ = false;
}

void ServerHealth::reconfigure(const config::Probe& rules, bool maintenance)
{
    rules_ = rules;
    maintenance_ = maintenance;
    next_probe_ = std::min(next_probe_, last_start_ + rules_.interval);
}

// However rarely servers are looked at, one in trouble is looked at again soon.
milliseconds ServerHealth::soon() const
{
    constexpr milliseconds soonest{25};
    return std::min(rules_.interval / 4, soonest);
}

}  // namespace pointsman::health
