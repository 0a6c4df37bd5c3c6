#pragma once
// Machine: performs one takeover at a time, step by step, undoes what it must, and begins a
// failover by itself when the evidence and the operator's rules say so. No clock, no I/O: what it
// wants done comes back as actions, and what came of them goes in.
//
// Invariants: nothing irreversible happens before the candidate has everything that was collected;
// writes are released exactly once for each hold; of an order that may have been executed nothing
// is assumed.

#include "failover/cooldown.hpp"
#include "failover/diagnosis.hpp"
#include "failover/journal.hpp"
#include "failover/takeover.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pointsman::failover {

struct HoldWrites {
    std::string why;
};
struct ReleaseWrites {};
/// Call on_drained when no transaction is open on the server, if that is before the deadline.
struct AwaitDrain {
    config::ServerId server{};
};
struct SeverLinks {
    config::ServerId server{};
};
struct RunOrder {
    std::uint64_t id = 0;
    Order order;
};
struct PublishPrimary {
    config::ServerId from{}, to{};
    protocol::GtidSet lost = {};   // what clients were told of and nobody has any more
    protocol::GtidSet found = {};  // failover: what frozen replicas had, all of them together
};
struct Record {
    JournalEntry entry;
};
using Action = std::variant<HoldWrites, ReleaseWrites, AwaitDrain, SeverLinks, RunOrder,
                            PublishPrimary, Record>;
using Actions = std::vector<Action>;

enum class Phase : std::uint8_t { idle, running, undoing, finishing };

/// How the last takeover ended.
enum class Ending : std::uint8_t { none, completed, undone, needs_operator };
std::string_view to_text(Ending ending);

class Controller {
public:
    explicit Controller(config::Failover settings) : settings_(std::move(settings)) {}

    void reconfigure(const config::Failover& settings, config::Hooks hooks = {})
    {
        settings_ = settings;
        hooks_ = std::move(hooks);
    }

    /// Begins what was planned. False: a takeover is under way.
    bool start(Takeover plan, Evidence evidence, Wish wish, TimePoint now, Actions& actions);
    /// Looks whether a failover is due. To be called with each new evidence.
    Actions on_evidence(const Evidence& evidence, TimePoint now);
    Actions on_order_done(std::uint64_t id, Outcome outcome, TimePoint now);
    Actions on_drained(TimePoint now);
    /// The newest GTIDs that clients were told of: what the choice of a successor is audited by.
    void note_acknowledged(protocol::GtidSet newest) { evidence_.acknowledged = std::move(newest); }
    Actions on_deadline(TimePoint now);

    /// When on_deadline wants to be called; nothing: not at all.
    std::optional<TimePoint> next_deadline() const;
    Phase phase() const { return phase_; }
    Ending ending() const { return ending_; }
    /// Of the last takeover that ended: what became of it, in a sentence.
    const std::string& summary() const { return summary_; }
    /// The one under way or, if none is, the last one.
    const Takeover& takeover() const { return takeover_; }
    const std::vector<Finding>& findings() const { return findings_; }
    /// From the fence to the new primary, of the last switchover.
    milliseconds last_pause() const { return last_pause_; }

    /// An order that is not answered so long after its deadline counts as lost.
    static constexpr milliseconds overdue_margin{500};

private:
    struct Running {
        Order order;
        TimePoint due{};
        bool background = false;
        std::optional<Outcome> outcome;
    };

    bool may_be_left() const;
    void leave(TimePoint now, Actions& actions);
    /// What the frozen replicas have, all of them together.
    protocol::GtidSet found() const;
    void release(Actions& actions);
    void begin_step(TimePoint now, Actions& actions);
    void begin_orders(const Step& step, TimePoint now, Actions& actions);
    bool within_pause(Order& order, TimePoint now) const;
    void give_order(Order order, bool background, TimePoint now, Actions& actions);
    void take_answer(const Running& done, TimePoint now, Actions& actions);
    void end_step(TimePoint now, Actions& actions);
    bool survives(const Running& done, TimePoint now, Actions& actions);
    void retry(Order order, TimePoint now, Actions& actions);
    void choose(TimePoint now, Actions& actions);
    void next_step(TimePoint now, Actions& actions);
    void abort(const std::string& reason, TimePoint now, Actions& actions);
    void undo_next(TimePoint now, Actions& actions);
    void end_undo_orders(TimePoint now, Actions& actions);
    void finish(Ending ending, const std::string& summary, TimePoint now, Actions& actions);
    void record(JournalKind kind, std::string text, TimePoint since, TimePoint now,
                Actions& actions) const;
    void add_particulars(JournalEntry& entry) const;
    JournalServer journal_server(config::ServerId id) const;
    bool waits() const;
    const Step& step() const { return takeover_.steps[at_]; }

    config::Failover settings_;
    config::Hooks hooks_;
    Phase phase_ = Phase::idle;
    Ending ending_ = Ending::none;
    std::string summary_;
    Takeover takeover_;
    Evidence evidence_;  // as it was when the takeover began
    Wish wish_;
    std::size_t at_ = 0;       // the step under way
    std::size_t undo_to_ = 0;  // steps below it are still to be undone
    std::size_t undo_order_ = 0;
    unsigned undo_attempts_ = 0;
    unsigned rounds_ = 0;  // of coming near
    std::map<std::uint64_t, Running> running_;
    std::uint64_t last_id_ = 0;
    protocol::GtidSet collected_, lost_;
    Positions frozen_;
    TimePoint began_{}, step_began_{};
    std::optional<TimePoint> drain_until_, pause_began_, promote_until_;
    std::vector<Order> retries_;
    std::optional<TimePoint> retry_at_;
    bool held_ = false;  // writes are, by an action of ours
    std::string abort_reason_;
    milliseconds last_pause_{0};
    Cooldown cooldown_;
    std::vector<Finding> findings_;
};

}  // namespace pointsman::failover
