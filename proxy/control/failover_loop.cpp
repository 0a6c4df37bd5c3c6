#include "proxy/control/failover_loop.hpp"

#include "failover/survey.hpp"

#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace pointsman::proxy {
namespace {

using failover::Outcome;
using failover::OutcomeKind;
using std::chrono::milliseconds;

constexpr milliseconds survey_every{2'000};
constexpr milliseconds survey_within{1'000};
constexpr milliseconds checkup_every{60'000};
constexpr milliseconds drain_step{1};
/// Statements that began before the hold, BEGIN among them, end within this or are long ones, which
/// nobody waits for.
constexpr milliseconds settle_time{20};
constexpr milliseconds idle_step{500};
constexpr milliseconds ready_within{3'000};

/// The same after a restart, another one for each proxy of a cluster.
std::string process_name(const config::Config& config)
{
    boost::system::error_code unknown;
    return boost::asio::ip::host_name(unknown) + ' ' + config.admin.listen.text();
}

}  // namespace

FailoverLoop::FailoverLoop(Surroundings surroundings, const config::Config& config)
    : around_(std::move(surroundings)),
      controller_(config.failover),
      timer_(around_.control),
      canary_(failover::canary_source(process_name(config))),
      self_(std::make_shared<FailoverLoop*>(this))
{
    remember_past();
    apply(config);
}

void FailoverLoop::remember_past()
{
    for (auto& line : around_.past) {
        resumer_.remember(line.entry);
        journal_.push_back(std::move(line));
        if (journal_.size() > journal_lines) journal_.pop_front();
    }
    around_.past.clear();
    around_.health.recall(resumer_.known());
}

FailoverLoop::~FailoverLoop()
{
    stop();
}

void FailoverLoop::start()
{
    running_ = true;
    started_ = net::Clock::now();
    around_.health.set_on_look([weak = std::weak_ptr(self_)] {
        if (auto loop = weak.lock()) (*loop)->on_look();
    });
    on_tick();
}

void FailoverLoop::stop()
{
    running_ = false;
    timer_.cancel();
}

void FailoverLoop::apply(const config::Config& config)
{
    bool same_access = failover::access_of(config) == failover::access_of(config_);
    config_ = config;
    canary_.set_interval(config.failover.canary);
    canary_server_.reset();  // it may have another address now
    controller_.reconfigure(config.failover, config.hooks);
    std::vector<Controlled> next;
    for (const auto& server : config.servers) {
        auto* old = find(server.id);
        bool stays = old && same_access && old->server.address == server.address;
        if (stays) {
            old->server = server;
            old->next_checkup = {};
            next.push_back(std::move(*old));
            continue;
        }
        auto control = std::make_shared<failover::MysqlServerControl>(server.address,
                                                                      failover::access_of(config));
        Controlled fresh;
        fresh.server = server;
        fresh.control = std::move(control);
        fresh.incarnation = ++last_incarnation_;
        next.push_back(std::move(fresh));
    }
    servers_ = std::move(next);
    if (running_) on_tick();
}

failover::Evidence FailoverLoop::evidence() const
{
    auto evidence = around_.health.evidence(net::Clock::now());
    evidence.acknowledged = around_.acknowledged();
    for (auto& sight : evidence.servers)
        for (const auto& server : servers_)
            if (server.server.id == sight.server.id) {
                sight.survey = server.survey;
                sight.open_survey = server.open_survey;
                sight.process_began_by = server.process_began_by;
                const auto& saved = server.returning.saved;
                if (!saved.file.empty() && saved.content.changed_nothing())
                    sight.harmless = server.returning.errant;
            }
    resumer_.recall(evidence);
    return evidence;
}

bool FailoverLoop::is_ready() const
{
    if (is_off() || net::Clock::now() - started_ >= ready_within) return true;
    return std::ranges::all_of(evidence().servers, [](const failover::ServerSight& sight) {
        bool looked_at = sight.health != health::HealthState::starting;
        return looked_at && (!sight.answers() || sight.survey.known);
    });
}

failover::Planned FailoverLoop::plan(failover::Cause cause, const failover::Wish& wish) const
{
    auto planned = cause == failover::Cause::switchover
                       ? failover::plan_switchover(evidence(), config_.failover, wish)
                       : failover::plan_failover(evidence(), config_.failover, wish, false);
    if (auto* takeover = std::get_if<failover::Takeover>(&planned))
        failover::add_hook_step(*takeover, config_.hooks);
    return planned;
}

std::optional<failover::Refusal> FailoverLoop::begin(failover::Cause cause,
                                                     const failover::Wish& wish)
{
    auto planned = plan(cause, wish);
    if (auto* refusal = std::get_if<failover::Refusal>(&planned)) return std::move(*refusal);
    failover::Actions actions;
    auto& takeover = std::get<failover::Takeover>(planned);
    if (!controller_.start(std::move(takeover), evidence(), wish, net::Clock::now(), actions))
        return failover::Refusal{"a takeover is under way"};
    ++begun_;
    perform(std::move(actions));
    return std::nullopt;
}

void FailoverLoop::on_look()
{
    if (!running_ || is_off()) return;
    auto now = net::Clock::now();
    auto seen = evidence();
    note_executed(seen, now);
    bool was_idle = controller_.phase() == failover::Phase::idle;
    auto actions = controller_.on_evidence(seen, now);
    if (was_idle && controller_.phase() != failover::Phase::idle) ++begun_;
    perform(std::move(actions));
    if (resumer_.unfinished()) {
        resume_due(seen, now);
    } else {
        note_primary(seen);
        reopen_due(seen, now);
        rejoin_due(seen, now);
        canary_due(seen, now);
    }
    end_doubts_about_living(seen, now);
}

/// Also one that was chosen at first sight or moved by hand: another process begins with it.
void FailoverLoop::note_primary(const failover::Evidence& evidence)
{
    if (controller_.phase() != failover::Phase::idle) return;
    if (auto entry = resumer_.news_of(evidence)) write_down(std::move(*entry));
}

/// What the process before this one left half done.
void FailoverLoop::resume_due(const failover::Evidence& evidence, net::TimePoint now)
{
    if (controller_.phase() != failover::Phase::idle) return;
    auto due = resumer_.due(evidence, config_.failover, now);
    if (due.entry) write_down(std::move(*due.entry));
    if (!due.takeover) return;
    failover::Actions actions;
    if (controller_.start(std::move(*due.takeover), evidence, {}, now, actions)) ++begun_;
    perform(std::move(actions));
}

void FailoverLoop::on_tick()
{
    if (!running_) return;
    auto now = net::Clock::now();
    if (!is_off()) survey_due(now);
    checkup_due(now);
    poll_drain(now);
    auto due = controller_.next_deadline();
    if (due && *due <= now) perform(controller_.on_deadline(now));
    schedule();
}

void FailoverLoop::schedule()
{
    if (!running_) return;
    auto wake = net::Clock::now() + (draining_ ? drain_step : idle_step);
    if (auto due = controller_.next_deadline()) wake = std::min(wake, *due);
    timer_.expires_at(wake);
    timer_.async_wait([weak = std::weak_ptr(self_)](const boost::system::error_code& cancelled) {
        auto loop = weak.lock();
        if (!cancelled && loop) (*loop)->on_tick();
    });
}

void FailoverLoop::survey_due(net::TimePoint now)
{
    if (controller_.phase() != failover::Phase::idle) return;
    for (auto& server : servers_) {
        if (server.busy || now < server.next_survey) continue;
        server.next_survey = now + survey_every;
        failover::Order order{
            .server = server.server.id, .verb = failover::Verb::survey, .within = survey_within};
        auto done = [this, id = server.server.id](const Outcome& outcome) {
            auto* surveyed = find(id);
            if (!surveyed) return;
            if (outcome.ok()) return take_survey(*surveyed, failover::parse_survey(outcome.answer));
            surveyed->survey.stall = failover::Stall::none;  // nobody knows
        };
        enqueue(server, {std::move(order), std::move(done)});
    }
}

/// Reads only, whatever the mode: who is about to switch it on wants to know before.
void FailoverLoop::checkup_due(net::TimePoint now)
{
    if (controller_.phase() != failover::Phase::idle) return;
    for (auto& server : servers_) {
        if (server.busy || now < server.next_checkup) continue;
        server.next_checkup = now + checkup_every;
        failover::Order order{
            .server = server.server.id, .verb = failover::Verb::settings, .within = survey_within};
        auto done = [this, id = server.server.id](const Outcome& outcome) {
            take_checkup(id, outcome);
        };
        enqueue(server, {std::move(order), std::move(done)});
    }
}

void FailoverLoop::take_checkup(config::ServerId id, const Outcome& outcome)
{
    auto* server = find(id);
    if (!server) return;
    auto& checkup = server->checkup;
    checkup.error = outcome.error;
    if (!outcome.ok()) return;
    auto advice = failover::advise(failover::parse_settings(outcome.answer), config_.failover);
    bool news = !checkup.known || advice != checkup.advice;
    checkup.known = true;
    checkup.advice = std::move(advice);
    if (!news || checkup.advice.empty()) return;
    if (!is_off())
        write_down({failover::JournalKind::warning,
                    failover::to_text(server->server.name, checkup.advice) +
                        ": `pointsman doctor` says why"});
    bool may = config_.failover.manage_settings && !is_off();
    if (may && controller_.phase() == failover::Phase::idle) mend_settings(*server);
}

/// One after the other; the next look tells what came of them.
void FailoverLoop::mend_settings(Controlled& server)
{
    auto give = [&](failover::Order order) {
        order.server = server.server.id;
        order.within = survey_within;
        auto what = order.setting.empty() ? std::string("its channel") : order.setting;
        auto done = [this, what, name = server.server.name](const Outcome& outcome) {
            auto text = outcome.ok() ? what + " of " + name + " is set as it should be"
                                     : what + " of " + name + " is not set: " + outcome.error;
            write_down({failover::JournalKind::warning, std::move(text)});
        };
        enqueue(server, {std::move(order), std::move(done)});
    };
    bool reconnects = false;
    for (const auto& advice : server.checkup.advice) {
        if (!advice.at_run_time) continue;
        bool of_channel = advice.name.starts_with("channel.");
        bool at_connect = advice.name == "rpl_semi_sync_replica_enabled";
        reconnects = reconnects || of_channel || at_connect;
        if (of_channel) continue;
        give({.verb = failover::Verb::set_variable, .setting = advice.name, .value = advice.value});
    }
    if (reconnects) give({.verb = failover::Verb::tune_receiver});
    server.next_checkup = {};
}

std::vector<FailoverLoop::Checkup> FailoverLoop::checkups() const
{
    std::vector<Checkup> all;
    for (const auto& server : servers_) {
        all.push_back(server.checkup);
        all.back().server = server.server.name;
    }
    return all;
}

void FailoverLoop::poll_drain(net::TimePoint now)
{
    if (!draining_) return;
    auto work = around_.open_work(*draining_, held_revision_);
    if (!work.current || work.transactions > 0) {
        quiet_since_.reset();
        return;
    }
    if (!quiet_since_) quiet_since_ = now;
    if (work.busy_links > 0 && now - *quiet_since_ < settle_time) return;
    draining_.reset();
    quiet_since_.reset();
    perform(controller_.on_drained(now));
}

void FailoverLoop::perform(failover::Actions actions)
{
    for (auto& action : actions) {
        std::visit(
            [this](auto& wanted) {
                using Wanted = std::decay_t<decltype(wanted)>;
                if constexpr (std::is_same_v<Wanted, failover::HoldWrites>) {
                    around_.health.hold_writes(wanted.why);
                    held_revision_ = around_.health.published_revision();
                } else if constexpr (std::is_same_v<Wanted, failover::ReleaseWrites>) {
                    draining_.reset();
                    around_.health.release_writes();
                } else if constexpr (std::is_same_v<Wanted, failover::AwaitDrain>) {
                    draining_ = wanted.server;
                    quiet_since_.reset();
                } else if constexpr (std::is_same_v<Wanted, failover::SeverLinks>) {
                    around_.health.sever(wanted.server);
                } else if constexpr (std::is_same_v<Wanted, failover::PublishPrimary>) {
                    publish(wanted);
                } else if constexpr (std::is_same_v<Wanted, failover::Record>) {
                    write_down(std::move(wanted.entry));
                } else {
                    perform(wanted);
                }
            },
            action);
    }
    if (!actions.empty()) schedule();
}

void FailoverLoop::perform(const failover::RunOrder& run)
{
    if (run.order.verb == failover::Verb::call_hook) return call_hook(run);
    auto done = [this, id = run.id, to = run.order.server, verb = run.order.verb](Outcome outcome) {
        if (auto* server = find(to)) {
            server->last_order = net::Clock::now();
            failover::note_order(server->survey, verb, outcome);
            if (!server->survey.known) server->next_survey = {};
        }
        controller_.note_acknowledged(around_.acknowledged());
        perform(controller_.on_order_done(id, std::move(outcome), net::Clock::now()));
    };
    auto* server = find(run.order.server);
    if (server) return enqueue(*server, {run.order, std::move(done)});
    boost::asio::post(around_.control, [weak = std::weak_ptr(self_), done] {
        if (weak.lock()) done({OutcomeKind::refused, {}, "the server was removed"});
    });
}

void FailoverLoop::call_hook(const failover::RunOrder& run)
{
    auto kind = failover::hook_named(run.order.setting);
    if (!kind || !around_.call_hook) return;  // the order's deadline ends it
    const auto& takeover = controller_.takeover();
    failover::JournalEntry entry{failover::JournalKind::began, run.order.setting};
    entry.cause = failover::to_text(takeover.cause);
    entry.from.name = takeover.from_name;
    entry.to.name = takeover.to_name;
    entry.takeover = resumer_.current();
    auto done = [this, weak = std::weak_ptr(self_), id = run.id](Outcome outcome) {
        auto loop = weak.lock();
        if (!loop || !running_) return;
        perform(controller_.on_order_done(id, std::move(outcome), net::Clock::now()));
    };
    around_.call_hook(*kind, entry, std::move(done));
}

void FailoverLoop::note(failover::JournalKind kind, std::string text)
{
    write_down({kind, std::move(text)});
}

void FailoverLoop::write_down(failover::JournalEntry entry)
{
    resumer_.number(entry);
    journal_.push_back({around_.wall_clock(), std::move(entry)});
    if (journal_.size() > journal_lines) journal_.pop_front();
    if (around_.on_line) around_.on_line(journal_.back());
}

void FailoverLoop::enqueue(Controlled& server, Waiting waiting)
{
    server.waiting.push_back(std::move(waiting));
    if (!server.busy) launch(server);
}

void FailoverLoop::launch(Controlled& server)
{
    server.busy = true;
    auto job = [&control = around_.control, weak = std::weak_ptr(self_), worker = server.control,
                order = server.waiting.front().order, id = server.server.id,
                incarnation = server.incarnation] {
        auto outcome = std::make_shared<Outcome>(worker->perform(order));
        boost::asio::post(control, [weak, id, incarnation, outcome] {
            if (auto loop = weak.lock()) (*loop)->on_outcome(id, incarnation, std::move(*outcome));
        });
    };
    if (around_.pool.post(std::move(job))) return;
    boost::asio::post(around_.control, [weak = std::weak_ptr(self_), id = server.server.id,
                                        incarnation = server.incarnation] {
        Outcome outcome{OutcomeKind::refused, {}, "too many jobs wait"};
        if (auto loop = weak.lock()) (*loop)->on_outcome(id, incarnation, std::move(outcome));
    });
}

void FailoverLoop::on_outcome(config::ServerId id, std::uint64_t incarnation, Outcome outcome)
{
    auto* server = find(id);
    if (!server || server->incarnation != incarnation || server->waiting.empty()) return;
    auto done = std::move(server->waiting.front().done);
    server->waiting.pop_front();
    server->busy = false;
    if (!server->waiting.empty()) launch(*server);
    if (running_) done(std::move(outcome));
}

FailoverLoop::Controlled* FailoverLoop::find(config::ServerId id)
{
    auto at = std::ranges::find(servers_, id, [](const Controlled& c) { return c.server.id; });
    return at == servers_.end() ? nullptr : &*at;
}

}  // namespace pointsman::proxy
