#include "proxy/control/health_loop.hpp"

#include "health/replica_fitness.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace pointsman::proxy {
namespace {

using std::chrono::milliseconds;

/// Lag and texts in the snapshot are never older than this.
constexpr milliseconds refresh_every{1'000};
/// A probe ends by its own deadlines, except while the resolver looks up a name; and this machine
/// may be busy.
constexpr milliseconds overdue_margin{500};

/// All that decides something; lag and texts change with every look and are refreshed at leisure.
auto substance(const health::ServerView& server)
{
    return std::tie(server.id, server.name, server.address, server.role, server.health,
                    server.weight, server.takes_reads, server.severed, server.quarantined,
                    server.flavour, server.version, server.uuid);
}

bool same_substance(const health::Topology& a, const health::Topology& b)
{
    auto same = [](const auto& one, const auto& other) {
        return substance(one) == substance(other);
    };
    return a.epoch == b.epoch && a.primary == b.primary && a.writes == b.writes &&
           std::ranges::equal(a.servers, b.servers, same);
}

/// What the servers have executed decides nothing here, but readers wait for it.
bool same_positions(const health::Topology& a, const health::Topology& b)
{
    auto equal = [](const auto& one, const auto& other) {
        return one == other || (one && other && *one == *other);
    };
    auto same = [&equal](const auto& one, const auto& other) {
        return equal(one.executed, other.executed) && equal(one.may_show, other.may_show);
    };
    return std::ranges::equal(a.servers, b.servers, same);
}

}  // namespace

HealthLoop::HealthLoop(Surroundings surroundings, const config::Config& config)
    : around_(std::move(surroundings)),
      config_(config),
      timer_(around_.control),
      self_(std::make_shared<HealthLoop*>(this))
{
    around_.signals.set_wake([&control = around_.control, weak = std::weak_ptr(self_)] {
        boost::asio::post(control, [weak] {
            if (auto loop = weak.lock()) (*loop)->on_signals();
        });
    });
}

HealthLoop::~HealthLoop()
{
    stop();
}

void HealthLoop::start()
{
    running_ = true;
    auto config = std::move(config_);
    apply(config);
    on_tick();
}

void HealthLoop::stop()
{
    running_ = false;
    timer_.cancel();
}

void HealthLoop::apply(const config::Config& config)
{
    auto now = net::Clock::now();
    bool same_access = config.monitor == config_.monitor &&
                       config.server_tls == config_.server_tls && config.probe == config_.probe;
    config_ = config;
    if (!running_) return;

    std::vector<Watched> next;
    for (const auto& server : config.servers) {
        if (auto* old = find(server.id)) {
            bool same_place = old->server.address == server.address;
            old->server = server;
            old->health.reconfigure(config.probe, server.maintenance);
            if (!same_access || !same_place) replace_prober(*old);
            next.push_back(std::move(*old));
        } else {
            next.push_back(watch(server, now));
        }
    }
    watched_ = std::move(next);
    {
        std::lock_guard lock(totals_mutex_);
        std::erase_if(totals_, [&](const auto& t) { return !find(t.server); });
    }
    rebuild(now);
}

HealthLoop::Watched HealthLoop::watch(const config::Server& server, net::TimePoint now)
{
    Watched watched{
        server, {config_.probe, server.maintenance, now}, {}, false, {}, {}, {}, {}, {}, 0, {}, 0};
    watched.signals = around_.signals.counts(server.id);
    replace_prober(watched);
    return watched;
}

// A probe under way goes on with the old prober; its result is void.
void HealthLoop::replace_prober(Watched& watched)
{
    watched.prober = std::make_shared<health::Prober>(watched.server.address, config_.monitor,
                                                      config_.server_tls, config_.probe);
    watched.incarnation = ++last_incarnation_;
    watched.probing = false;
}

void HealthLoop::wake_at(net::TimePoint when)
{
    wake_due_ = when;
    timer_.expires_at(when);
    timer_.async_wait([self = std::weak_ptr(self_)](const boost::system::error_code& cancelled) {
        auto loop = self.lock();
        if (!cancelled && loop) (*loop)->on_tick();
    });
}

void HealthLoop::on_tick()
{
    if (!running_) return;
    auto now = net::Clock::now();
    note_lateness(now);
    auto wake = published_at_ + refresh_every;
    // Each wake-up costs more than what it starts, so what is due soon starts as well.
    auto together = now + config_.probe.interval / 10;
    for (auto& watched : watched_) {
        give_up_overdue(watched, now);
        if (!watched.probing && watched.health.next_probe() <= together) launch(watched, now);
        wake = std::min(wake, watched.probing ? watched.overdue_at : watched.health.next_probe());
    }
    if (now - published_at_ >= refresh_every) rebuild(now);
    wake_at(std::max(wake, now + milliseconds{1}));
}

void HealthLoop::on_signals()
{
    auto now = net::Clock::now();
    around_.signals.take_news();
    bool write_refused = false;
    for (auto& watched : watched_) {
        auto counts = around_.signals.counts(watched.server.id);
        auto before = std::exchange(watched.signals, counts);
        if (before != counts) watched.health.on_suspicion(now);
        if (before.read_only == counts.read_only) continue;
        watched.health.on_write_refused();
        write_refused = true;
    }
    if (running_ && write_refused) rebuild(now);
    on_tick();
}

void HealthLoop::give_up_overdue(Watched& watched, net::TimePoint now)
{
    if (!watched.probing || now < watched.overdue_at) return;
    watched.overdue_at = now + config_.probe.interval;
    health::ProbeSample sample;
    sample.result = health::ProbeResult::connect_timeout;
    sample.started = sample.finished = now;
    sample.error = "the probe does not come back";
    take(watched, std::move(sample));
}

void HealthLoop::launch(Watched& watched, net::TimePoint now)
{
    watched.health.on_probe_started(now);
    auto job = [&control = around_.control, self = std::weak_ptr(self_), prober = watched.prober,
                id = watched.server.id, incarnation = watched.incarnation] {
        auto sample = std::make_shared<health::ProbeSample>(prober->probe());
        boost::asio::post(control, [self, id, incarnation, sample] {
            if (auto loop = self.lock()) (*loop)->on_sample(id, incarnation, std::move(*sample));
        });
    };
    watched.probing = around_.pool.post(std::move(job));
    watched.overdue_at =
        now + config_.probe.connect_timeout + config_.probe.timeout + overdue_margin;
}

void HealthLoop::on_sample(config::ServerId id, std::uint64_t incarnation,
                           health::ProbeSample sample)
{
    auto* watched = find(id);
    if (!running_ || !watched || watched->incarnation != incarnation) return;
    watched->probing = false;
    if (sample.started < watched->void_before) return on_tick();
    take(*watched, std::move(sample));
    on_tick();  // what was learnt may make another probe due
}

void HealthLoop::take(Watched& watched, health::ProbeSample sample)
{
    count(watched, sample);
    remember(watched, sample);
    if (sample.report && health::replication_flows(*sample.report))
        watched.flowing_at = sample.started;
    watched.health.on_sample(std::move(sample));
    rebuild(net::Clock::now());
    if (on_look_) on_look_();
}

/// The timer's own lateness: then everything else was late as well.
void HealthLoop::note_lateness(net::TimePoint now)
{
    auto late = std::chrono::duration_cast<milliseconds>(now - wake_due_);
    constexpr milliseconds worth_noting{50};
    if (wake_due_ == net::TimePoint{} || late < worth_noting) return;
    late_ = late;
    late_at_ = now;
}

void HealthLoop::remember(Watched& watched, const health::ProbeSample& sample)
{
    bool refused = sample.result == health::ProbeResult::connect_refused;
    watched.refused_in_a_row = refused ? watched.refused_in_a_row + 1 : 0;
    if (!sample.report) watched.failed_since_open = true;
    if (sample.report) {
        bool moved =
            !watched.last_report || watched.last_report->executed != sample.report->executed;
        if (moved) watched.committed_at = sample.started;
        watched.last_report = sample.report;
        watched.last_report_at = sample.started;
        if (sample.report->is_writable()) {
            watched.open_at = sample.started;
            watched.failed_since_open = false;
        }
    } else if (memory_.primary && memory_.primary->id == watched.server.id) {
        // What the replicas say of it is wanted now.
        for (auto& other : watched_) other.health.on_suspicion(sample.finished);
    }
}

failover::Evidence HealthLoop::evidence(net::TimePoint now) const
{
    failover::Evidence evidence;
    evidence.now = now;
    evidence.probe_interval = config_.probe.interval;
    // Looks that were due in that time have come back after two intervals.
    if (now - late_at_ < 2 * config_.probe.interval) evidence.late = late_;
    for (const auto& watched : watched_) {
        if (memory_.primary && memory_.primary->id == watched.server.id)
            evidence.primary = evidence.servers.size();
        evidence.servers.push_back({watched.server,
                                    watched.health.state(),
                                    watched.health.last_result(),
                                    watched.refused_in_a_row,
                                    watched.health.failing_since(),
                                    watched.last_report,
                                    watched.last_report_at,
                                    {},
                                    watched.open_at,
                                    watched.failed_since_open});
        evidence.servers.back().committed_at = watched.committed_at;
        evidence.servers.back().was_replaced = watched.health.was_replaced();
    }
    return evidence;
}

void HealthLoop::hold_writes(std::string why)
{
    held_ = std::move(why);
    rebuild(net::Clock::now());
}

void HealthLoop::release_writes()
{
    held_.reset();
    severed_.clear();
    rebuild(net::Clock::now());
}

void HealthLoop::sever(config::ServerId server)
{
    severed_.push_back(server);
    rebuild(net::Clock::now());
}

void HealthLoop::appoint(config::ServerId from, config::ServerId to)
{
    auto now = net::Clock::now();
    for (auto& watched : watched_) {
        if (watched.server.id != from && watched.server.id != to) continue;
        watched.void_before = now;
        watched.health.on_told(watched.server.id == to, now);
        if (watched.server.id == to) {
            watched.open_at = now;
            watched.failed_since_open = false;
        }
        if (watched.last_report) {
            bool read_only = watched.server.id != to;
            watched.last_report->read_only = watched.last_report->super_read_only = read_only;
        }
    }
    if (const auto* chosen = find(to); chosen && chosen->last_report) {
        const auto& report = *chosen->last_report;
        memory_.primary = health::KnownPrimary{to,
                                               chosen->server.name,
                                               chosen->server.address,
                                               report.facts.flavour,
                                               report.facts.uuid,
                                               report.executed};
        ++memory_.epoch;
    }
    rebuild(now);
    on_tick();
}

void HealthLoop::count(const Watched& watched, const health::ProbeSample& sample)
{
    std::lock_guard lock(totals_mutex_);
    auto at = std::ranges::find(totals_, watched.server.id, &ProbeTotals::server);
    if (at == totals_.end())
        at = totals_.insert(at, ProbeTotals{watched.server.id, {}, {}, {}, {}, {}});
    at->name = watched.server.name;
    ++at->results[static_cast<std::size_t>(sample.result)];
    at->last_duration = sample.finished - sample.started;
    at->total_duration += at->last_duration;
}

void HealthLoop::rebuild(net::TimePoint now)
{
    std::vector<health::Observation> observations;
    observations.reserve(watched_.size());
    for (const auto& watched : watched_)
        observations.push_back({watched.server, &watched.health, watched.flowing_at});

    auto built = health::build_topology(observations, config_.routing, memory_, now);
    auto revision = memory_.revision;
    memory_ = std::move(built.memory);
    if (held_) {
        built.topology.writes = health::WriteState::held;
        built.topology.why_not_open = *held_;
    }
    for (auto& server : built.topology.servers)
        server.severed = std::ranges::find(severed_, server.id) != severed_.end();
    for (auto id : built.look_again) find(id)->health.on_suspicion(now);

    bool news = !published_ || !same_substance(*published_, built.topology);
    if (news || now - published_at_ >= refresh_every) {
        publish(std::move(built.topology), now);
        return;
    }
    memory_.revision = revision;
    if (!same_positions(*published_, built.topology)) {
        built.topology.revision = revision;
        hand_out(std::move(built.topology));
    }
}

void HealthLoop::publish(health::Topology topology, net::TimePoint now)
{
    auto before = published_;
    published_at_ = now;
    hand_out(std::move(topology));
    {
        std::lock_guard lock(totals_mutex_);
        for (auto& totals : totals_)
            if (const auto* server = published_->find(totals.server)) totals.lag = server->lag;
    }
    if (!around_.on_event) return;
    for (const auto& event : health::events_between(before.get(), *published_))
        around_.on_event(event);
}

void HealthLoop::hand_out(health::Topology topology)
{
    published_ = std::make_shared<const health::Topology>(std::move(topology));
    around_.board.publish(published_);
}

HealthLoop::Watched* HealthLoop::find(config::ServerId id)
{
    auto at = std::ranges::find(watched_, id, [](const Watched& w) { return w.server.id; });
    return at == watched_.end() ? nullptr : &*at;
}

std::vector<ProbeTotals> HealthLoop::probe_totals() const
{
    std::lock_guard lock(totals_mutex_);
    return totals_;
}

}  // namespace pointsman::proxy
