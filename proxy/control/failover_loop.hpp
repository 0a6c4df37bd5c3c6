#pragma once
// Performs what the failover controller wants: orders on the blocking pool, snapshots through the
// health loop. A shell: what happens when, and whether at all, is decided in failover/.
//
// All of it belongs to the control thread.

#include "config/config.hpp"

#include "failover/canary.hpp"
#include "failover/controller.hpp"
#include "failover/doubt.hpp"
#include "failover/errant.hpp"
#include "failover/hook.hpp"
#include "failover/mysql_server_control.hpp"
#include "failover/outlook.hpp"
#include "failover/reopen.hpp"
#include "failover/repair.hpp"
#include "failover/resumer.hpp"
#include "failover/settings.hpp"

#include "proxy/control/blocking_pool.hpp"
#include "proxy/control/health_loop.hpp"
#include "proxy/control/journal_line.hpp"
#include "proxy/net/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::proxy {

/// What clients have under way at one server, over all workers.
struct OpenWork {
    bool current = false;  // every worker acts on the snapshot that was asked for, or a newer one
    std::uint64_t transactions = 0;
    std::uint64_t busy_links = 0;
};

class FailoverLoop {
public:
    /// All of it outlives the loop, and `pool` dies before `control`.
    struct Surroundings {
        boost::asio::io_context& control;
        BlockingPool& pool;
        HealthLoop& health;
        std::function<OpenWork(config::ServerId, std::uint64_t revision)> open_work;
        /// Must return soon: what follows the line waits for it.
        std::function<void(const JournalLine&)> on_line;
        std::function<std::chrono::milliseconds()> wall_clock;  // since 1970
        std::vector<JournalLine> past;  // what processes before this one wrote
        /// The newest GTID of each source that any client was told of.
        std::function<protocol::GtidSet()> acknowledged;
        /// A takeover has lost these of them.
        std::function<void(const protocol::GtidSet&)> on_lost;
        /// The transactions that clients were told of last, each by its number. Answers later, or
        /// never.
        std::function<void(std::function<void(protocol::GtidSet)>)> gather_writes;
        /// Their numbers may be given out once more.
        std::function<void()> forget_writes;
        /// Runs the operator's command for this entry; answers on the control thread.
        std::function<void(failover::HookKind, const failover::JournalEntry&,
                           std::function<void(failover::Outcome)>)>
            call_hook = {};
        /// Saves what a server has and the primary lacks. Blocks; called on the pool's threads.
        std::function<failover::SavedErrant(const failover::SaveErrant&)> save_errant = {};
    };

    FailoverLoop(Surroundings surroundings, const config::Config& config);
    ~FailoverLoop();
    FailoverLoop(const FailoverLoop&) = delete;
    FailoverLoop& operator=(const FailoverLoop&) = delete;

    void start();
    /// Begins nothing any more; a takeover under way is not waited for.
    void stop();
    void apply(const config::Config& config);

    /// Every server that answers has told its settings, or has had three seconds since the start: a
    /// plan made before is poorer than it need be.
    bool is_ready() const;
    /// The plan as it would be performed now.
    failover::Planned plan(failover::Cause cause, const failover::Wish& wish) const;
    /// Begins it. A refusal, or nothing: `status` tells how it goes on.
    std::optional<failover::Refusal> begin(failover::Cause cause, const failover::Wish& wish);

    /// What `pointsman doctor` says of a server, as of the last look at its settings.
    struct Checkup {
        std::string server;
        bool known = false;  // it was looked at
        std::string error;   // why it could not be, the last time
        std::vector<failover::Advice> advice = {};
    };
    std::vector<Checkup> checkups() const;
    /// "db3 is being cloned from db2: FILE COPY, 108 of 379 MB"; empty: it is not.
    std::string cloning(config::ServerId server) const;

    /// Answers whether it is certain that the statement left nothing behind (failover/doubt.hpp),
    /// once another server has the role of its server; never after `in_doubt_timeout`.
    void resolve(const failover::Doubt& doubt, std::function<void(bool)> answer);

    failover::Evidence evidence() const;
    /// What a loss of the primary would mean now.
    failover::Outlook outlook() const;
    const failover::Controller& controller() const { return controller_; }
    /// The last lines of the journal, oldest first.
    const std::deque<JournalLine>& journal() const { return journal_; }
    /// A line of no takeover.
    void note(failover::JournalKind kind, std::string text);
    std::uint64_t takeovers_begun() const { return begun_; }

    static constexpr std::size_t journal_lines = 200;
    static constexpr std::size_t most_doubts = 100'000;
    static constexpr std::size_t most_marks = 64;

private:
    struct Waiting {
        failover::Order order;
        std::function<void(failover::Outcome)> done;
    };
    /// Of a server that has what the primary lacks.
    struct Returning {
        protocol::GtidSet errant = {};
        failover::SavedErrant saved = {};
        net::TimePoint next_save{};
    };
    /// Of a replica that broke, or a server that becomes a copy.
    struct Mending {
        unsigned attempts = 0;  // to mend it without a copy
        net::TimePoint next{};
        std::optional<net::TimePoint> well_since = {};
        bool cloning = false, asking = false;
        net::TimePoint not_cloning_at{};  // it said so
        unsigned clones = 0;              // begun
        std::optional<config::ServerId> donor = {};
        std::string donor_name = {}, earlier = {}, stage = {}, progress = {}, said = {};
        net::TimePoint next_clone{}, next_look{};
    };
    /// A server with its standing connections. One order at a time.
    struct Controlled {
        config::Server server;
        std::shared_ptr<failover::MysqlServerControl> control;
        bool busy = false;
        std::deque<Waiting> waiting;
        failover::Survey survey;
        net::TimePoint next_survey{}, next_rejoin{}, next_checkup{};
        net::TimePoint last_order{};  // of a takeover: when it was carried out
        Checkup checkup = {};
        std::uint64_t incarnation = 0;
        std::string last_refusal = {};  // why it does not rejoin, as it was said
        Returning returning = {};
        Mending mending = {};
        failover::Survey open_survey = {};  // the last one while it took writes
        std::optional<net::TimePoint> process_began_by = {};
    };

    struct OpenDoubt {
        failover::Doubt doubt;
        std::function<void(bool)> answer;
        net::TimePoint asked_at{}, until{};
    };

    bool is_off() const { return config_.failover.mode == config::FailoverMode::off; }
    void on_look();
    void on_tick();
    void survey_due(net::TimePoint now);
    void checkup_due(net::TimePoint now);
    void take_checkup(config::ServerId id, const failover::Outcome& outcome);
    void mend_settings(Controlled& server);
    // failover_returning.cpp
    void rejoin_due(const failover::Evidence& evidence, net::TimePoint now);
    void note_refusal(Controlled& server, const failover::Refusal& refusal);
    void save_errant(Controlled& server, const failover::ServerSight& sight,
                     const protocol::GtidSet& errant, net::TimePoint now);
    void repair(Controlled& server, const failover::Evidence& evidence,
                const failover::ServerSight& sight, const failover::Refusal& refusal);
    void run_saver(failover::SaveErrant wanted);
    // failover_repair.cpp
    void mend_due(Controlled& server, const failover::Evidence& evidence,
                  const failover::ServerSight& sight, net::TimePoint now);
    void replace_errant(Controlled& server, const failover::Evidence& evidence,
                        const protocol::GtidSet& errant);
    void say_once(Controlled& server, const std::string& text);
    void begin_clone(Controlled& server, const failover::Evidence& evidence, const std::string& why,
                     failover::Verb verb);
    bool may_be_cloning(Controlled& server, const failover::ServerSight& sight, net::TimePoint now);
    void order_clone(Controlled& server, const failover::Order& clone);
    void end_clone(Controlled& server, const std::string& error);
    void watch_clones(const failover::Evidence& evidence, net::TimePoint now);
    void note_clone(Controlled& server, const failover::CloneState& state);
    void note_saved(const failover::SaveErrant& wanted, failover::SavedErrant saved);

    void canary_due(const failover::Evidence& evidence, net::TimePoint now);
    void note_canary(const failover::Outcome& outcome);

    void reopen_due(const failover::Evidence& evidence, net::TimePoint now);
    void take_survey(Controlled& server, const failover::Survey& survey);
    void publish(const failover::PublishPrimary& wanted);
    void remember_past();
    void note_primary(const failover::Evidence& evidence);
    void resume_due(const failover::Evidence& evidence, net::TimePoint now);
    // failover_doubts.cpp
    void note_executed(const failover::Evidence& evidence, net::TimePoint now);
    void note_succession(const failover::PublishPrimary& published);
    void settle_doubts();
    void end_doubts_about_living(const failover::Evidence& evidence, net::TimePoint now);

    void schedule();
    void poll_drain(net::TimePoint now);
    void perform(failover::Actions actions);
    void perform(const failover::RunOrder& run);
    void call_hook(const failover::RunOrder& run);
    void write_down(failover::JournalEntry entry);
    void enqueue(Controlled& server, Waiting waiting);
    void launch(Controlled& server);
    void on_outcome(config::ServerId id, std::uint64_t incarnation, failover::Outcome outcome);
    Controlled* find(config::ServerId id);

    Surroundings around_;
    config::Config config_;
    failover::Controller controller_;
    boost::asio::steady_timer timer_;
    std::vector<Controlled> servers_;
    std::optional<config::ServerId> draining_;
    std::uint64_t held_revision_ = 0;
    std::optional<net::TimePoint> quiet_since_;  // no transaction is open since
    std::vector<OpenDoubt> doubts_;
    std::optional<config::ServerId> marked_;          // whose marks these are
    std::vector<failover::ExecutedMark> marks_;       // oldest first
    bool primary_was_away_ = false;                   // since the last mark
    net::TimePoint marked_report_{};                  // the look that the last mark is of
    std::optional<failover::Succession> succession_;  // the last one
    std::optional<protocol::GtidSet> acknowledged_;   // when it was, as far back as is known
    std::deque<JournalLine> journal_;
    std::uint64_t begun_ = 0, last_incarnation_ = 0;
    failover::Resumer resumer_;
    net::TimePoint started_{};
    net::TimePoint next_reopen_{};
    std::chrono::seconds until_next_reopen_{2};
    failover::Canary canary_;
    std::shared_ptr<failover::MysqlServerControl> canary_control_;  // its own connection
    std::optional<config::ServerId> canary_server_;                 // that it goes to
    std::string canary_said_;
    bool running_ = false;
    std::shared_ptr<FailoverLoop*> self_;  // handlers hold it weakly: they may outlive the loop
};

}  // namespace pointsman::proxy
