#pragma once
// One process of Pointsman on simulated time, from its start to its death: probes, the choice of
// the primary, the controller, and what the journal of the process before it left. Whatever it has
// planned dies with it; only orders that were given arrive still.

#include "health/replica_fitness.hpp"
#include "health/server_health.hpp"
#include "health/topology_builder.hpp"

#include "failover/controller.hpp"
#include "failover/reopen.hpp"
#include "failover/resumer.hpp"

#include "tests/sim/timeline.hpp"
#include "tests/sim/truth.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pointsman::sim {

/// The file: what is at its end may not have reached the disk.
class Journal {
public:
    void write(const failover::JournalEntry& entry, Timeline& time)
    {
        entries_.push_back(entry);
        auto keeping = failover::keeping_of(entry);
        if (keeping == failover::Keeping::before_the_next) kept_ = entries_.size();
        auto soon = time.now() + 100ms;
        if (keeping == failover::Keeping::at_once) soon_kept_.emplace_back(soon, entries_.size());
    }
    void lose_tail(Timeline& time)
    {
        for (auto [when, count] : soon_kept_)
            if (when <= time.now()) kept_ = std::max(kept_, count);
        soon_kept_.clear();
        auto left = time.between(static_cast<std::int64_t>(kept_), std::ssize(entries_));
        entries_.resize(static_cast<std::size_t>(left));
    }
    const std::vector<failover::JournalEntry>& entries() const { return entries_; }

private:
    std::vector<failover::JournalEntry> entries_;
    std::size_t kept_ = 0;
    std::vector<std::pair<TimePoint, std::size_t>> soon_kept_;  // until then, up to there
};

class Process : public std::enable_shared_from_this<Process> {
public:
    struct Surroundings {
        Timeline& time;
        Cluster& cluster;
        Truth& truth;
        Journal& journal;
        config::Failover settings;
        std::function<bool()> dies;  // asked before each action
    };

    explicit Process(Surroundings around)
        : around_(std::move(around)), controller_(around_.settings)
    {
        for (const auto& entry : around_.journal.entries()) resumer_.remember(entry);
        memory_.appointed = resumer_.known();
        for (std::size_t i = 0; i < servers().size(); ++i) watched_.emplace_back(i, now());
    }

    void start()
    {
        for (std::size_t i = 0; i < servers().size(); ++i)
            plan(around_.time.between(0, 20), [this, i] { begin_probe(i); });
    }
    void die() { dead_ = true; }

    bool is_idle() const { return controller_.phase() == failover::Phase::idle; }
    bool has_unfinished() const { return resumer_.unfinished().has_value(); }
    bool needs_operator() const { return controller_.ending() == failover::Ending::needs_operator; }
    bool holds() const { return held_; }
    /// The journal names the primary, or the process saw it.
    bool knows_primary() const { return !resumer_.appointed().uuid.empty(); }
    /// Where writes go, if no one holds them.
    std::optional<std::size_t> primary() const { return primary_; }

    /// A client has its OK.
    void told(std::size_t i, std::uint64_t number)
    {
        told_.add(servers()[i].uuid, {}, {number, number});
    }

    /// An operator's command.
    void switch_over()
    {
        if (!is_idle()) return;
        auto seen = evidence();
        begin(failover::plan_switchover(seen, around_.settings, {}), seen);
    }

    /// To be called after each event.
    void plan_deadline()
    {
        auto due = controller_.next_deadline();
        if (!due || due == planned_deadline_) return;
        planned_deadline_ = due;
        plan(std::max<std::chrono::nanoseconds>(*due - now(), 0ns), [this] {
            planned_deadline_.reset();
            perform(controller_.on_deadline(now()));
        });
    }

private:
    struct Watched {
        Watched(std::size_t i, TimePoint now) : health(config::Probe{}, false, now)
        {
            server.id = config::ServerId(static_cast<std::uint32_t>(i));
            server.name = "db" + std::to_string(i + 1);
            server.address = Cluster::address(i);
        }
        config::Server server;
        health::ServerHealth health;
        std::optional<health::ServerReport> last_report;
        TimePoint reported_at{}, void_before{}, next_survey{};
        std::uint32_t refused = 0;
        std::optional<TimePoint> open_at, flowing_at, process_began_by;
        bool failed_since_open = false;
        failover::Survey survey, open_survey;
    };

    const std::vector<Server>& servers() const { return around_.cluster.servers; }
    TimePoint now() const { return around_.time.now(); }
    bool reached(std::size_t i) const { return around_.cluster.connected(i, proxy_end); }

    /// What is planned is forgotten with the process.
    template <class Delay>
    void plan(Delay after, std::function<void()> event)
    {
        around_.time.plan(after, [weak = weak_from_this(), event = std::move(event)] {
            auto self = weak.lock();
            if (self && !self->dead_) event();
        });
    }

    // ---- looking

    void begin_probe(std::size_t i)
    {
        watched_[i].health.on_probe_started(now());
        const auto& server = servers()[i];
        health::ProbeSample sample;
        sample.started = now();
        if (reached(i) && server.works()) {
            sample.result = health::ProbeResult::ok;
            sample.report = around_.cluster.report(i, now());
            finish_probe(i, std::move(sample), around_.time.between(1, 3));
        } else if (reached(i) && !server.alive) {
            sample.result = health::ProbeResult::connect_refused;
            finish_probe(i, std::move(sample), 1);
        } else {
            sample.result = health::ProbeResult::query_timeout;
            finish_probe(i, std::move(sample), 300);
        }
    }

    void finish_probe(std::size_t i, health::ProbeSample sample, std::int64_t after)
    {
        plan(after, [this, i, sample]() mutable {
            sample.finished = now();
            on_sample(i, std::move(sample));
            auto wait = watched_[i].health.next_probe() - now();
            plan(std::max<std::chrono::nanoseconds>(wait, 1ms), [this, i] { begin_probe(i); });
        });
    }

    void on_sample(std::size_t i, health::ProbeSample sample)
    {
        auto& watched = watched_[i];
        if (sample.started < watched.void_before) return;
        bool refused = sample.result == health::ProbeResult::connect_refused;
        watched.refused = refused ? watched.refused + 1 : 0;
        if (sample.report) {
            watched.last_report = sample.report;
            watched.reported_at = sample.started;
            if (health::replication_flows(*sample.report)) watched.flowing_at = sample.started;
            if (sample.report->is_writable()) saw_open(watched, sample.started);
            take_survey(i);
        } else {
            watched.failed_since_open = true;
        }
        watched.health.on_sample(std::move(sample));
        rebuild();
        on_look();
    }
    static void saw_open(Watched& watched, TimePoint when)
    {
        watched.open_at = when;
        watched.failed_since_open = false;
    }

    void take_survey(std::size_t i)
    {
        auto& watched = watched_[i];
        if (!is_idle() || now() < watched.next_survey) return;
        watched.next_survey = now() + 2s;
        const auto& server = servers()[i];
        auto& survey = watched.survey;
        survey.known = true;
        survey.semi_sync_plugin = survey.semi_sync_replica = around_.cluster.semi_sync;
        survey.semi_sync_source = survey.semi_sync_lossless = server.semi_sync;
        survey.read_only_since_start = !server.was_set;
        watched.process_began_by = server.began;
        if (server.writable) watched.open_survey = survey;
    }

    void rebuild()
    {
        std::vector<health::Observation> observations;
        for (const auto& watched : watched_)
            observations.push_back({watched.server, &watched.health, watched.flowing_at});
        auto built = health::build_topology(observations, {}, memory_, now());
        memory_ = std::move(built.memory);
        primary_ = built.topology.primary;
    }

    failover::Evidence evidence() const
    {
        failover::Evidence evidence;
        evidence.now = now();
        evidence.acknowledged = told_;
        for (const auto& watched : watched_) {
            if (memory_.primary && memory_.primary->id == watched.server.id)
                evidence.primary = evidence.servers.size();
            failover::ServerSight sight;
            sight.server = watched.server;
            sight.health = watched.health.state();
            sight.last_result = watched.health.last_result();
            sight.refused_in_a_row = watched.refused;
            sight.failing_since = watched.health.failing_since();
            sight.report = watched.last_report;
            sight.reported_at = watched.reported_at;
            sight.survey = watched.survey;
            sight.open_at = watched.open_at;
            sight.failed_since_open = watched.failed_since_open;
            sight.was_replaced = watched.health.was_replaced();
            sight.open_survey = watched.open_survey;
            sight.process_began_by = watched.process_began_by;
            evidence.servers.push_back(std::move(sight));
        }
        resumer_.recall(evidence);
        return evidence;
    }

    // ---- deciding

    void on_look()
    {
        auto seen = evidence();
        bool was_idle = is_idle();
        perform(controller_.on_evidence(seen, now()));
        if (was_idle && !is_idle()) note_failover_begun();
        if (resumer_.unfinished()) return resume(seen);
        if (auto entry = resumer_.news_of(seen); entry && is_idle() && !dead_)
            write_down(std::move(*entry));
        if (!needs_operator() && begin(failover::plan_reopen(seen), seen)) ++around_.truth.reopened;
        for (const auto& sight : seen.servers)
            begin(failover::plan_rejoin(seen, sight.server.id), seen);
    }

    void resume(const failover::Evidence& seen)
    {
        if (dead_ || !is_idle()) return;
        auto due = resumer_.due(seen, around_.settings, now());
        if (due.entry) write_down(std::move(*due.entry));
        if (due.takeover) begin(std::move(*due.takeover), seen);
        if (!resumer_.unfinished()) ++around_.truth.resumed;
    }

    bool begin(failover::Planned planned, const failover::Evidence& seen)
    {
        auto* takeover = std::get_if<failover::Takeover>(&planned);
        if (dead_ || !takeover || !is_idle()) return false;
        failover::Actions actions;
        controller_.start(std::move(*takeover), seen, {}, now(), actions);
        perform(std::move(actions));
        return true;
    }

    void note_failover_begun()
    {
        if (last_failover_ && now() - *last_failover_ < around_.settings.cooldown)
            around_.truth.fail("a second failover within the cooldown");
    }

    void perform(failover::Actions actions)
    {
        for (auto& action : actions) {
            if (dead_ || around_.dies()) return;
            if (std::holds_alternative<failover::HoldWrites>(action)) {
                if (held_) around_.truth.fail("writes were held twice");
                held_ = true;
            } else if (std::holds_alternative<failover::ReleaseWrites>(action)) {
                if (!held_) around_.truth.fail("writes were released that nobody held");
                held_ = false;
            } else if (std::holds_alternative<failover::AwaitDrain>(action)) {
                plan(around_.time.between(1, 600),
                     [this] { perform(controller_.on_drained(now())); });
            } else if (auto* publish = std::get_if<failover::PublishPrimary>(&action)) {
                on_publish(*publish);
            } else if (auto* run = std::get_if<failover::RunOrder>(&action)) {
                carry_out(*run);
            } else if (auto* record = std::get_if<failover::Record>(&action)) {
                write_down(std::move(record->entry));
            }
        }
    }

    void write_down(failover::JournalEntry entry)
    {
        resumer_.number(entry);
        around_.journal.write(entry, around_.time);
        around_.truth.on_record(failover::to_text(entry));
    }

    /// It arrives after a moment, whoever lives then; where the server is by that time decides.
    void carry_out(const failover::RunOrder& run)
    {
        auto i = config::index_of(run.order.server);
        around_.time.plan(around_.time.between(1, 15),
                          [weak = weak_from_this(), around = around_, run, i,
                           cause = controller_.takeover().cause]() mutable {
                              auto self = weak.lock();
                              bool lives = self && !self->dead_;
                              bool kept_away = !lives || self->held_;
                              auto outcome = arrive(around, run.order, i, cause, kept_away);
                              if (lives) self->answer(run, std::move(outcome));
                          });
    }

    static failover::Outcome arrive(Surroundings& around, const failover::Order& order,
                                    std::size_t i, failover::Cause cause, bool kept_away)
    {
        const auto& server = around.cluster.servers[i];
        bool connected = around.cluster.connected(i, proxy_end);
        failover::Outcome nothing{failover::OutcomeKind::unknown, {}, "timeout"};
        if (connected && !server.alive)
            return {failover::OutcomeKind::refused, {}, "connection refused"};
        if (!connected || server.hung) return nothing;
        around.truth.on_order(around.cluster, i, order, cause, kept_away);
        auto outcome = around.cluster.perform(i, order, around.time.now());
        // Now and then the answer is lost though the order was carried out.
        return around.time.one_in(50) ? nothing : outcome;
    }

    void answer(const failover::RunOrder& run, failover::Outcome outcome)
    {
        bool answered = outcome.kind != failover::OutcomeKind::unknown;
        auto after = answered ? milliseconds{around_.time.between(0, 5)} : run.order.within;
        plan(after, [this, id = run.id, outcome] {
            controller_.note_acknowledged(told_);
            perform(controller_.on_order_done(id, outcome, now()));
        });
    }

    void on_publish(const failover::PublishPrimary& publish)
    {
        auto to = config::index_of(publish.to), from = config::index_of(publish.from);
        for (auto i : {from, to}) {
            auto& watched = watched_[i];
            watched.void_before = now();
            if (i == to) saw_open(watched, now());
            watched.health.on_told(i == to, now());
            if (auto& report = watched.last_report)
                report->read_only = report->super_read_only = i != to;
        }
        if (const auto& report = watched_[to].last_report)
            memory_.primary = health::KnownPrimary{publish.to,
                                                   watched_[to].server.name,
                                                   watched_[to].server.address,
                                                   report->facts.flavour,
                                                   report->facts.uuid,
                                                   report->executed};
        if (from != to) watched_[to].open_survey = watched_[from].open_survey;
        rebuild();
        if (controller_.takeover().cause == failover::Cause::failover) {
            ++around_.truth.failovers;
            last_failover_ = now();
        } else {
            ++around_.truth.switchovers;
        }
    }

    Surroundings around_;
    failover::Controller controller_;
    failover::Resumer resumer_;
    std::vector<Watched> watched_;
    health::ClusterMemory memory_;
    std::optional<std::size_t> primary_;
    protocol::GtidSet told_;  // by this process
    bool held_ = false, dead_ = false;
    std::optional<TimePoint> last_failover_, planned_deadline_;
};

}  // namespace pointsman::sim
