#pragma once
// How long SET TRANSACTION … for the next transaction counts.

#include "proxy/session/session_state.hpp"

namespace pointsman::proxy {

/// Did the command begin, or end, the transaction that it counts for? When in doubt: no.
bool used_next_transaction(const Settled& settled);

}  // namespace pointsman::proxy
