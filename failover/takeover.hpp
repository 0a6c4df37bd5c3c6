#pragma once
// The plan that moves the primary role, as data: it can be printed, tested, dry-run and journalled
// before anything happens. Steps run one after the other, the orders of a step at once. Each step
// before the point of no return carries the orders that undo it.

#include "failover/candidate.hpp"
#include "failover/order.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pointsman::failover {

enum class StepKind : std::uint8_t {
    check,              // nothing on the old primary forbids it
    prepare_candidate,  // what can be done before anybody waits
    move_replica,       // a replica is put below the candidate
    hold_writes,        // new writes and transactions wait in the proxy; old ones may end
    fence,              // the old primary takes no writes any more: the pause begins
    read_position,      // what the candidate must have
    sever,              // links to the lost primary are cut
    confirm,            // replicas try to reach the primary anew
    freeze,             // replicas hear no more of the lost primary, and say what they have
    choose,             // the candidate, by what they said: the rest of the plan is made
    catch_up,           // the candidate has everything
    promote,            // the one step that cannot be undone
    publish,            // the proxy knows the new primary; what waits goes on
    finish,             // the rest, while clients work
};
std::string_view to_text(StepKind kind);
std::string_view to_text(Cause cause);

/// What a step does when an order of it fails.
enum class OnFailure : std::uint8_t { undo, go_on, try_again };

struct Step {
    StepKind kind{};
    std::string title;  // a sentence for people
    std::vector<Order> orders = {};
    std::vector<Order> undo = {};
    OnFailure on_failure = OnFailure::undo;
    /// If it took longer than this, the step before it and this one are done again. 0: never.
    milliseconds near{0};
    /// The next step does not wait for this one's orders; the end does.
    bool in_background = false;
};

struct Takeover {
    Cause cause = Cause::switchover;
    config::ServerId from{};
    std::optional<config::ServerId> to;  // a failover knows it after the freeze
    std::string from_name, to_name;
    std::vector<Step> steps;
    std::size_t point_of_no_return = 0;  // index of the step; past the end: not known yet
    std::vector<std::string> warnings;
};

/// What an operator asked for.
struct Wish {
    std::optional<config::ServerId> to;
    bool accept_loss = false;
};

/// Why it cannot be done, in a sentence.
struct Refusal {
    std::string reason;
    bool for_operator = false;  // nothing will happen until somebody looks at it
    protocol::GtidSet errant = {};  // what the primary lacks, of a server that is fenced already
};
using Planned = std::variant<Takeover, Refusal>;

Planned plan_switchover(const Evidence& evidence, const config::Failover& settings,
                        const Wish& wish);

/// Up to the choice; `must_confirm`: the replicas are first asked to reach the primary anew.
Planned plan_failover(const Evidence& evidence, const config::Failover& settings, const Wish& wish,
                      bool must_confirm);

/// Why what the primary acknowledged may not be on these replicas; empty: all of it is.
std::string doubt_about_loss(const Evidence& evidence, const Positions& frozen);

/// What frozen replicas said, and the best of them: the steps after `choose`.
struct Chosen {
    config::ServerId to{};
    std::string to_name;
    std::vector<Step> steps;
    std::vector<std::string> warnings;  // what may be lost
    protocol::GtidSet lost = {};        // what clients were told of and is lost for certain
};
std::variant<Chosen, Refusal> choose_successor(const Evidence& evidence,
                                               const config::Failover& settings, const Wish& wish,
                                               const Positions& frozen);

/// Ends the life of an old primary as a replica of the present one.
Planned plan_rejoin(const Evidence& evidence, config::ServerId returned,
                    config::Repair repair = config::Repair::leave);

/// The plan as an operator reads it, a line for each step.
std::string to_text(const Takeover& takeover, const Evidence& evidence);

}  // namespace pointsman::failover
