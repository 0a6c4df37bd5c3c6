#pragma once
// What is done with a server that cannot follow the primary as it is: a replica whose replication
// broke is started again, then set up anew; what that does not mend, or what has transactions of
// its own, becomes a copy of another server. Pure; proxy/control/failover_repair keeps the counts.

#include "failover/takeover.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pointsman::failover {

/// What is wrong with its replication from the primary, a half sentence; nothing: it is not broken.
/// A replica that was stopped by hand is not.
std::optional<std::string> broken_replication(const Evidence& evidence, const ServerSight& server);

/// The next attempt to mend it without a copy; a refusal when they are used up.
Planned plan_mend(const Evidence& evidence, config::ServerId broken, unsigned attempts);
constexpr unsigned most_restarts = 3;               // of replication as it is
constexpr unsigned most_mends = most_restarts + 1;  // then it is set up anew, once

/// From whom a server becomes a copy.
struct Donor {
    config::ServerId id{};
    std::string name;
    config::Endpoint address;
};
/// A replica that is well, the one that lags least; else the primary. `last`: who gave the copy
/// that did not end: again that one, if it still can.
std::variant<Donor, Refusal> choose_donor(const Evidence& evidence, config::ServerId recipient,
                                          std::optional<config::ServerId> last);

/// A server that has nothing yet, as far as GTIDs tell: it may be made a copy. What it holds is
/// looked at once more by the order itself.
bool is_new(const Evidence& evidence, const ServerSight& server);

/// What the recipient's performance_schema says of its last clone.
struct CloneState {
    enum class Kind : std::uint8_t { none, under_way, completed, failed };
    Kind kind = Kind::none;
    std::string began, source, stage, error;
    std::uint64_t estimate = 0, copied = 0;  // bytes of the stage
};
/// The answer to Verb::clone_state.
CloneState parse_clone_state(std::string_view text);
/// "FILE COPY, 108 of 379 MB".
std::string progress_text(const CloneState& state);

}  // namespace pointsman::failover
