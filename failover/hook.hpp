#pragma once
// Which of the operator's commands a line of the journal calls for, and what the command is told.
// The names of placeholders and of environment variables are orchestrator's. Pure.

#include "config/config.hpp"

#include "failover/journal.hpp"
#include "failover/takeover.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pointsman::failover {

enum class HookKind : std::uint8_t {
    before_switchover,   // the takeover waits for it, and is not done if it fails
    before_failover,     // the takeover waits for it, however it ends
    on_detection,        // a problem was found; nothing has been done yet
    after_switchover,    // the primary role was moved
    after_failover,      // a lost primary was replaced
    after_unsuccessful,  // either of them was undone or needs an operator
};
std::string_view to_text(HookKind kind);

/// Steps call for none.
std::optional<HookKind> hook_for(const JournalEntry& entry);

/// The operator's command lines for it, in the order in which they are run; empty: none.
const config::Hooks::Commands& commands_for(HookKind kind, const config::Hooks& hooks);

/// What is known at that moment besides the entry.
struct HookScene {
    std::string cluster;
    std::string analysis;  // orchestrator's name of the gravest problem; empty: none
    std::vector<config::Server> servers;
    std::optional<std::string> primary;       // name of the server that has, or had, the role
    bool automatic = false;                   // failover.mode
    std::string host = {};                    // where Pointsman runs
    std::vector<config::ServerId> lost = {};  // servers that do not answer
};

/// A takeover that the operator wants to be asked, or told, of begins with that.
void add_hook_step(Takeover& takeover, const config::Hooks& hooks);
/// The kind that an order calls for (Verb::call_hook).
std::optional<HookKind> hook_named(std::string_view name);

/// Placeholder names without braces, each with its value.
using HookValues = std::vector<std::pair<std::string, std::string>>;
HookValues hook_values(HookKind kind, const JournalEntry& entry, const HookScene& scene);

/// The command line with every {placeholder} replaced; unknown ones stay. A value that a shell
/// could take for more than a word is put into quotes, so that a server's name can't run anything.
std::string expand(std::string_view command, const HookValues& values);

/// NAME=value for each: ORC_FAILED_HOST and so on.
std::vector<std::string> hook_environment(const HookValues& values);

}  // namespace pointsman::failover
