#pragma once
// COM_STMT_*: binary prepared statements under the session's own ids.

#include "proxy/session/client_command.hpp"
#include "proxy/session/session_core.hpp"

#include <optional>

namespace pointsman::proxy {

/// Handles any COM_STMT_* command. A reason when the session is over.
net::Task<std::optional<CloseReason>> handle_statement_command(SessionCore& core,
                                                               ClientCommand command);

}  // namespace pointsman::proxy
