#pragma once
// Every way a session ends: its metric label, how loudly it is logged, and whether it was a fault.

#include <array>
#include <cstdint>
#include <string_view>

namespace pointsman::proxy {

enum class CloseReason : std::uint8_t {
    client_quit,    // COM_QUIT
    client_closed,  // the client's end went away
    login_denied,   // an ERR of a server or of ours answered the login
    login_aborted,  // the client went away, or spoke nonsense, before it was logged in
    handshake_timeout,
    tls_failed,
    too_many_connections,
    too_many_user_connections,
    host_blocked,
    protocol_error,  // the client broke the protocol after its login
    idle_timeout,
    backend_lost,  // the server went away and the session could not go on without it
    backend_protocol_error,
    outcome_unknown,  // a write was under way when its server was lost
    state_lost,       // state that only one link had is gone
    killed,
    shutdown,           // the proxy ends, or its listener was removed
    replication_ended,  // a binlog stream ended
    internal_error,
};

constexpr std::size_t close_reason_count = 19;

struct CloseReasonTraits {
    std::string_view label;
    bool worth_logging;  // at warning level
};

/// In the order of the enumeration.
constexpr std::array<CloseReasonTraits, close_reason_count> close_reasons{{
    {"client_quit", false},
    {"client_closed", false},
    {"login_denied", true},
    {"login_aborted", true},
    {"handshake_timeout", true},
    {"tls_failed", true},
    {"too_many_connections", true},
    {"too_many_user_connections", true},
    {"host_blocked", true},
    {"protocol_error", true},
    {"idle_timeout", false},
    {"backend_lost", true},
    {"backend_protocol_error", true},
    {"outcome_unknown", true},
    {"state_lost", true},
    {"killed", false},
    {"shutdown", false},
    {"replication_ended", false},
    {"internal_error", true},
}};

constexpr const CloseReasonTraits& traits_of(CloseReason reason)
{
    return close_reasons[static_cast<std::size_t>(reason)];
}

}  // namespace pointsman::proxy
