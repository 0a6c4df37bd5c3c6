#pragma once
// Logs a client in: plays the server's part of the handshake, and asks a real server whether the
// proof is right, since there is no users table.

#include "proxy/session/client_command.hpp"
#include "proxy/session/session_core.hpp"

#include <optional>

namespace pointsman::proxy {

/// Runs the whole connection phase, the final OK included. A reason when there will be no session
/// (the client has been told).
net::Task<std::optional<CloseReason>> log_in(SessionCore& core);

/// COM_CHANGE_USER: a real login of the new account within the session, which begins anew. As with
/// a server, a refused one ends the session.
net::Task<std::optional<CloseReason>> change_user(SessionCore& core, ClientCommand command);

/// What a client is offered, by what its servers can do.
protocol::Capabilities offered_capabilities(const health::ServerView* server);

/// The client's attributes with the proxy's own behind them.
std::vector<std::pair<std::string, std::string>> with_proxy_attributes(
    std::vector<std::pair<std::string, std::string>> attributes, const SessionCore& core);

}  // namespace pointsman::proxy
