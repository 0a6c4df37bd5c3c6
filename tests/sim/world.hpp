#pragma once
// A cluster, clients, faults and the control plane under test on simulated time. One seed decides
// everything; the next event is the earliest, ties go to the one that was planned first. Checkers
// look after each event: `broken` says what was violated first.

#include "health/server_health.hpp"

#include "failover/controller.hpp"
#include "failover/reopen.hpp"

#include "tests/sim/cluster.hpp"

#include <functional>
#include <map>
#include <random>
#include <string>

namespace pointsman::sim {

using namespace std::chrono_literals;

struct Options {
    std::uint64_t seed = 1;
    std::size_t servers = 3;
    bool semi_sync = true;
    bool faults = true;
    milliseconds trouble{6'000};    // faults happen until then
    milliseconds recovery{12'000};  // and then writes must succeed again within this
};

class World {
public:
    explicit World(const Options& options)
        : options_(options),
          random_(options.seed),
          cluster(options.servers, options.semi_sync),
          controller_(settings_of(options))
    {
        settings_ = settings_of(options);
        for (std::size_t i = 0; i < options.servers; ++i) {
            healths_.emplace_back(probe_, false, now_);
            watched_.emplace_back();
            cluster.servers[i].heard = now_;
            plan(between(0, 20), [this, i] { begin_probe(i); });
        }
        plan(10ms, [this] { replicate(); });
        plan(20ms, [this] { client_write(); });
        plan(500ms, [this] { operate(); });
        if (options.faults) plan(milliseconds{between(700, 1'500)}, [this] { fault(); });
    }

    void run()
    {
        auto end = now_ + options_.trouble;
        run_until(end);
        heal();
        auto acknowledged = acked_count_;
        run_until(now_ + options_.recovery);
        if (broken.empty() && acked_count_ <= acknowledged + 5)
            broken = "writes do not succeed again: " + state_text();
    }

    std::string broken;           // the first violation; empty: none
    std::uint64_t failovers = 0;  // completed
    std::uint64_t switchovers = 0;
    std::uint64_t reopened = 0;  // tried
    std::vector<std::string> log;  // of the controller

private:
    struct Watched {
        std::optional<health::ServerReport> last_report;
        TimePoint reported_at{}, void_before{};
        std::uint32_t refused = 0;
        std::optional<TimePoint> open_at;
        bool failed_since_open = false;
    };
    using Event = std::function<void()>;

    static config::Failover settings_of(const Options& options)
    {
        config::Failover settings;
        settings.mode = config::FailoverMode::automatic;
        settings.replication_user = "repl";
        settings.durability =
            options.semi_sync ? config::Durability::strict : config::Durability::off;
        settings.cooldown = 2s;
        return settings;
    }

    std::int64_t between(std::int64_t low, std::int64_t high)
    {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }
    void plan(std::chrono::nanoseconds after, Event event)
    {
        events_.emplace(std::pair(now_ + after, ++planned_), std::move(event));
    }
    void plan(std::int64_t after_ms, Event event)
    {
        plan(milliseconds{after_ms}, std::move(event));
    }

    void run_until(TimePoint end)
    {
        while (broken.empty() && !events_.empty() && events_.begin()->first.first <= end) {
            auto next = events_.extract(events_.begin());
            now_ = next.key().first;
            next.mapped()();
            controller_deadline();
        }
    }

    // ---- the control plane under test

    bool reached(std::size_t i) const { return cluster.connected(i, proxy_end); }

    void begin_probe(std::size_t i)
    {
        healths_[i].on_probe_started(now_);
        auto started = now_;
        const auto& server = cluster.servers[i];
        health::ProbeSample sample;
        sample.started = started;
        if (reached(i) && server.works()) {
            sample.result = health::ProbeResult::ok;
            sample.report = cluster.report(i, now_);
            finish_probe(i, std::move(sample), between(1, 3));
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
            sample.finished = now_;
            on_sample(i, std::move(sample));
            auto wait = healths_[i].next_probe() - now_;
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
            if (sample.report->is_writable()) saw_open(watched, sample.started);
        } else {
            watched.failed_since_open = true;
        }
        healths_[i].on_sample(std::move(sample));
        auto seen = evidence();
        bool was_idle = controller_.phase() == failover::Phase::idle;
        perform(controller_.on_evidence(seen, now_));
        if (was_idle && controller_.phase() != failover::Phase::idle) note_failover_begun();
        reopen(seen);
        rejoin(seen);
    }
    static void saw_open(Watched& watched, TimePoint when)
    {
        watched.open_at = when;
        watched.failed_since_open = false;
    }

    failover::Evidence evidence() const
    {
        failover::Evidence evidence;
        evidence.now = now_;
        evidence.primary = primary_;
        for (std::size_t i = 0; i < healths_.size(); ++i) {
            failover::ServerSight sight;
            sight.server.id = config::ServerId(static_cast<std::uint32_t>(i));
            sight.server.name = cluster.servers[i].name;
            sight.server.address = Cluster::address(i);
            sight.health = healths_[i].state();
            sight.last_result = healths_[i].last_result();
            sight.refused_in_a_row = watched_[i].refused;
            sight.failing_since = healths_[i].failing_since();
            sight.report = watched_[i].last_report;
            sight.reported_at = watched_[i].reported_at;
            sight.open_at = watched_[i].open_at;
            sight.failed_since_open = watched_[i].failed_since_open;
            sight.process_began_by = cluster.servers[i].began;
            sight.open_survey.semi_sync_source = options_.semi_sync;
            auto& survey = sight.survey;
            survey.known = survey.semi_sync_plugin = survey.semi_sync_replica = true;
            survey.semi_sync_source = survey.semi_sync_lossless =
                options_.semi_sync && (primary_ == i || cluster.servers[i].semi_sync);
            if (!options_.semi_sync) survey.semi_sync_plugin = survey.semi_sync_replica = false;
            evidence.servers.push_back(std::move(sight));
        }
        evidence.acknowledged = acked_;
        return evidence;
    }

    void reopen(const failover::Evidence& seen)
    {
        if (controller_.phase() != failover::Phase::idle ||
            controller_.ending() == failover::Ending::needs_operator)
            return;
        auto planned = failover::plan_reopen(seen);
        auto* takeover = std::get_if<failover::Takeover>(&planned);
        if (!takeover) return;
        failover::Actions actions;
        controller_.start(std::move(*takeover), seen, {}, now_, actions);
        perform(std::move(actions));
        ++reopened;
    }

    void rejoin(const failover::Evidence& seen)
    {
        for (std::size_t i = 0; i < healths_.size(); ++i) {
            if (controller_.phase() != failover::Phase::idle) return;
            auto planned = failover::plan_rejoin(seen, seen.servers[i].server.id);
            auto* takeover = std::get_if<failover::Takeover>(&planned);
            if (!takeover) continue;
            failover::Actions actions;
            controller_.start(std::move(*takeover), seen, {}, now_, actions);
            perform(std::move(actions));
        }
    }

    void operate()
    {
        plan(between(800, 3'000), [this] { operate(); });
        if (controller_.phase() != failover::Phase::idle) return;
        auto seen = evidence();
        auto planned = failover::plan_switchover(seen, settings_, {});
        auto* takeover = std::get_if<failover::Takeover>(&planned);
        if (!takeover) return;
        failover::Actions actions;
        controller_.start(std::move(*takeover), seen, {}, now_, actions);
        perform(std::move(actions));
    }

    void note_failover_begun()
    {
        if (last_failover_ && now_ - *last_failover_ < settings_.cooldown)
            broken = "a second failover within the cooldown";
    }

    void controller_deadline()
    {
        auto due = controller_.next_deadline();
        if (!due || due == planned_deadline_) return;
        planned_deadline_ = due;
        plan(std::max<std::chrono::nanoseconds>(*due - now_, 0ns), [this] {
            planned_deadline_.reset();
            perform(controller_.on_deadline(now_));
        });
    }

    void perform(failover::Actions actions)
    {
        for (auto& action : actions) {
            if (std::holds_alternative<failover::HoldWrites>(action)) {
                if (held_) broken = "writes were held twice";
                held_ = true;
            } else if (std::holds_alternative<failover::ReleaseWrites>(action)) {
                if (!held_) broken = "writes were released that nobody held";
                held_ = false;
            } else if (std::holds_alternative<failover::AwaitDrain>(action)) {
                plan(between(1, 600), [this] { perform(controller_.on_drained(now_)); });
            } else if (auto* publish = std::get_if<failover::PublishPrimary>(&action)) {
                on_publish(*publish);
            } else if (auto* run = std::get_if<failover::RunOrder>(&action)) {
                carry_out(*run);
            } else if (auto* record = std::get_if<failover::Record>(&action)) {
                log.push_back(failover::to_text(record->entry));
                bool could_not = log.back().find("could not be undone") != std::string::npos;
                left_half_done_ = left_half_done_ || could_not;
            }
        }
    }

    /// It arrives after a moment; where the server is then decides.
    void carry_out(const failover::RunOrder& run)
    {
        auto i = config::index_of(run.order.server);
        plan(between(1, 15), [this, run, i] {
            failover::Outcome outcome;
            bool answered = true;
            if (reached(i) && !cluster.servers[i].alive) {
                outcome = {failover::OutcomeKind::refused, {}, "connection refused"};
            } else if (!reached(i) || cluster.servers[i].hung) {
                answered = false;
            } else {
                note_irreversible(i, run.order);
                outcome = cluster.perform(i, run.order, now_);
                // Now and then the answer is lost though the order was carried out.
                answered = between(1, 50) != 1;
            }
            auto delay = answered ? milliseconds{between(0, 5)} : run.order.within;
            if (!answered) outcome = {failover::OutcomeKind::unknown, {}, "timeout"};
            plan(delay, [this, id = run.id, outcome] {
                controller_.note_acknowledged(acked_);
                perform(controller_.on_order_done(id, outcome, now_));
            });
        });
    }

    // ---- the checkers

    void note_irreversible(std::size_t i, const failover::Order& order)
    {
        using failover::Verb;
        // Nobody was let to the other one yet, were it open as well.
        bool opens_again = controller_.takeover().cause == failover::Cause::reopen;
        if (order.verb == Verb::make_writable && (held_ || opens_again)) promoted_ = i;
        if (order.verb != Verb::promote && order.verb != Verb::promote_semi_sync) return;
        promoted_ = i;
        // In its own place there is nobody to be kept from it.
        if (!held_ && !opens_again) broken = "a server was promoted while writes were not held";
        if (!options_.semi_sync) return;
        if (!cluster.servers[i].executed.contains(acked_))
            broken = "acknowledged transactions are not on the promoted " + cluster.servers[i].name;
    }

    void on_publish(const failover::PublishPrimary& publish)
    {
        primary_ = config::index_of(publish.to);
        for (auto i : {config::index_of(publish.from), config::index_of(publish.to)}) {
            bool writable = i == *primary_;
            watched_[i].void_before = now_;
            if (writable) saw_open(watched_[i], now_);
            healths_[i].on_told(writable, now_);
            if (auto& report = watched_[i].last_report)
                report->read_only = report->super_read_only = !writable;
        }
        if (controller_.takeover().cause == failover::Cause::failover) {
            ++failovers;
            last_failover_ = now_;
        } else {
            ++switchovers;
        }
    }

    // ---- clients and faults

    void replicate()
    {
        cluster.replicate(now_, between(1, 4) != 1);
        plan(between(1, 8), [this] { replicate(); });
    }

    void client_write()
    {
        plan(between(5, 40), [this] { client_write(); });
        if (held_ || !primary_) return;
        auto i = *primary_;
        auto& server = cluster.servers[i];
        if (!reached(i) || !server.works() || !server.writable) return;
        auto number = cluster.commit(i);
        if (!server.semi_sync) return acknowledge(i, number);
        await_acknowledgement(i, number, 40);
    }

    /// The client has its OK once a replica has it, as long as its link lives.
    void await_acknowledgement(std::size_t i, std::uint64_t number, int patience)
    {
        plan(3ms, [this, i, number, patience] {
            if (!cluster.servers[i].alive || primary_ != i || patience == 0) return;
            bool flows = cluster.servers[i].works() && reached(i);
            if (flows && cluster.acknowledgements(i, number) > 0) return acknowledge(i, number);
            await_acknowledgement(i, number, patience - 1);
        });
    }

    void acknowledge(std::size_t i, std::uint64_t number)
    {
        if (i != promoted_) {
            broken = cluster.servers[i].name + " acknowledged a write after " +
                     cluster.servers[promoted_].name + " was promoted";
        }
        acked_.add(cluster.servers[i].uuid, {}, {number, number});
        ++acked_count_;
    }

    void fault()
    {
        if (faults_over_) return;
        plan(between(1'500, 4'000), [this] { fault(); });
        auto victim = static_cast<std::size_t>(between(0, std::ssize(cluster.servers) - 1));
        auto other = static_cast<std::size_t>(between(0, std::ssize(cluster.servers) - 1));
        auto target = between(1, 2) == 1 ? primary_.value_or(victim) : victim;
        auto& server = cluster.servers[target];
        auto back = between(200, 3'000);
        switch (between(1, 5)) {
            case 1:
                kill(server);
                plan(back, [this, target] { restart(target); });
                break;
            case 2:
                server.hung = true;
                plan(back, [this, target] { cluster.servers[target].hung = false; });
                break;
            case 3:
                cluster.cut(target, proxy_end);
                plan(back, [this] { cluster.cuts.clear(); });
                break;
            case 4:
                if (target != other) cluster.cut(target, other);
                plan(back, [this] { cluster.cuts.clear(); });
                break;
            default:
                kill(server);  // and comes back when all is healed
                break;
        }
    }

    void kill(Server& server)
    {
        server.alive = false;
        server.died = now_;
    }

    /// Servers wake up read-only, as the settings that we ask for have it.
    void restart(std::size_t i)
    {
        auto& server = cluster.servers[i];
        if (server.alive) return;
        // A process takes its time to start: who looks sees that it was away.
        if (now_ - server.died < 300ms) return plan(300ms, [this, i] { restart(i); });
        server.wake_up(now_);
    }

    void heal()
    {
        faults_over_ = true;
        cluster.cuts.clear();
        for (std::size_t i = 0; i < cluster.servers.size(); ++i) {
            restart(i);
            cluster.servers[i].hung = false;
        }
        // Another part of an operator: servers with transactions of their own are cloned anew.
        plan(2s, [this] { clone_errant(); });
        plan(4s, [this] { decide(); });
    }

    /// The operator's part: what the controller could not tell, or not undo.
    void decide()
    {
        plan(500ms, [this] { decide(); });
        if (!primary_ || controller_.phase() != failover::Phase::idle) return;
        if (controller_.ending() != failover::Ending::needs_operator && !left_half_done_) return;
        // While the one that was promoted last is open, the operator opens no other.
        if (primary_ != promoted_ && cluster.servers[promoted_].writable) return;
        promoted_ = *primary_;
        cluster.servers[promoted_].writable = true;
    }

    void clone_errant()
    {
        if (!primary_ || controller_.phase() != failover::Phase::idle) return plan_clone();
        cluster.clone_errant(*primary_, now_);
    }
    void plan_clone()
    {
        plan(200ms, [this] { clone_errant(); });
    }

    std::string state_text() const
    {
        auto primary = primary_ ? cluster.servers[*primary_].name : "none";
        return (held_ ? "held" : "open") + cluster.text() + " primary " + primary;
    }

    Options options_;
    std::mt19937_64 random_;
    TimePoint now_ = TimePoint{} + 1h;

public:
    Cluster cluster;

private:
    config::Probe probe_;
    config::Failover settings_;
    failover::Controller controller_;
    std::vector<health::ServerHealth> healths_;
    std::vector<Watched> watched_;
    std::map<std::pair<TimePoint, std::uint64_t>, Event> events_;
    std::uint64_t planned_ = 0, acked_count_ = 0;
    std::optional<std::size_t> primary_ = 0;
    std::size_t promoted_ = 0;
    bool held_ = false, faults_over_ = false;
    protocol::GtidSet acked_;
    bool left_half_done_ = false;
    std::optional<TimePoint> last_failover_, planned_deadline_;
};

}  // namespace pointsman::sim
