#pragma once
// Machine: from the samples of one server to its health, and when to look again. It keeps the last
// thing the server said, for as long as that may still be true. No clock: times come with the
// inputs.

#include "config/config.hpp"

#include "health/probe.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace pointsman::health {

class ServerHealth {
public:
    ServerHealth(const config::Probe& rules, bool maintenance, TimePoint now);

    /// A probe leaves now; its sample will follow.
    void on_probe_started(TimePoint now);
    void on_sample(ProbeSample sample);
    /// Something else noticed trouble: looks at once, yet not sooner than 25 ms after the last look
    /// (or a quarter of the interval, if that is shorter).
    void on_suspicion(TimePoint now);
    /// A session had a write refused because the server is read-only.
    void on_write_refused() { refused_write_ = true; }
    /// It was just made writable or read-only: known without asking.
    void on_told(bool writable, TimePoint now);
    /// New rules or wishes of the operator; what is known of the server stays.
    void reconfigure(const config::Probe& rules, bool maintenance);

    HealthState state() const { return maintenance_ ? HealthState::maintenance : seen_; }
    TimePoint next_probe() const { return next_probe_; }

    /// What the server said last; null from the moment it is down until it answers again.
    const ServerReport* report() const { return report_ ? &*report_ : nullptr; }
    /// When the probe behind `report` left.
    TimePoint reported_at() const { return reported_at_; }
    /// When the first of the reports in a row that say "writable" was asked for; nothing: it is
    /// not.
    std::optional<TimePoint> writable_since() const { return writable_since_; }
    /// It said itself that it is read-only, since it is up and was told anything: if it is writable
    /// now, somebody has opened it meanwhile.
    bool was_closed() const { return was_closed_; }
    /// Its role was given away, and it has not said since that it is read-only.
    bool was_replaced() const { return was_replaced_; }
    /// It refused a write as read-only after the report came: the report may be overtaken.
    bool refused_write() const { return refused_write_; }
    /// Since when it is not down; nothing: it is down, or was never up.
    std::optional<TimePoint> up_since() const { return up_since_; }
    /// The first of the failures in a row that have not ended yet.
    std::optional<TimePoint> failing_since() const { return failing_since_; }
    ProbeResult last_result() const { return last_result_; }
    const std::string& last_error() const { return last_error_; }

private:
    void on_report(ProbeSample& sample);
    void on_refusal(const ProbeSample& sample);
    void on_silence(const ProbeSample& sample);
    std::chrono::milliseconds soon() const;

    config::Probe rules_;
    bool maintenance_;
    HealthState seen_ = HealthState::starting;  // never `maintenance`
    std::uint32_t good_in_a_row_ = 0, bad_in_a_row_ = 0;
    std::optional<ServerReport> report_;
    TimePoint reported_at_{}, last_start_{}, next_probe_;
    std::optional<TimePoint> writable_since_, up_since_, failing_since_;
    bool refused_write_ = false, was_closed_ = false, was_replaced_ = false;
    ProbeResult last_result_ = ProbeResult::ok;
    std::string last_error_;
};

}  // namespace pointsman::health
