#pragma once
// KILL by the connection ids that clients of this proxy know.

#include "proxy/session/client_command.hpp"
#include "proxy/session/session_core.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::proxy {

struct Kill {
    std::uint64_t connection_id = 0;
    bool query_only = false;
};

/// KILL [CONNECTION | QUERY] number. Nothing for any other form, which servers judge themselves.
std::optional<Kill> parse_kill(std::string_view text);

/// KILL [CONNECTION | QUERY] @name: what the session has there. Nothing as above, and where the
/// value is known to its server only.
net::Task<std::optional<Kill>> kill_of_variable(SessionCore& core, std::string text);

/// Sends the KILL to the server on which that session is, with the id that it has there; the server
/// decides whether this account may. An id that is not a session's of this proxy goes to the
/// primary as it is: ids of ours begin above 2^30, out of the servers' way.
net::Task<std::optional<CloseReason>> handle_kill(SessionCore& core, ClientCommand command,
                                                  Kill kill);
/// COM_PROCESS_KILL.
net::Task<std::optional<CloseReason>> handle_process_kill(SessionCore& core, ClientCommand command);

}  // namespace pointsman::proxy
