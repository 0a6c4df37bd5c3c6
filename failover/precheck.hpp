#pragma once
// What must still be true before a step: asked of the evidence before a plan is made, and of what
// servers answered before the step that relies on it. Pure.

#include "failover/evidence.hpp"
#include "failover/order.hpp"

#include <optional>
#include <string>

namespace pointsman::failover {

/// Why the role does not move away from this primary at all; nothing: it may.
std::optional<std::string> flavour_objection(const Evidence& evidence);

/// Why no switchover can begin now; nothing: it can.
std::optional<std::string> switchover_objection(const Evidence& evidence,
                                                const config::Failover& settings);

/// Why an order that succeeded forbids to go on; nothing: it does not.
std::optional<std::string> objection_in(const Order& order, const Outcome& outcome);

}  // namespace pointsman::failover
