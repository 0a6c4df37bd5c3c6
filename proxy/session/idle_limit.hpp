#pragma once
// Pure: how long a session may be silent, as a server counts it.

#include "config/units.hpp"

#include "proxy/pool/session_sync.hpp"

#include <chrono>

namespace pointsman::proxy {

/// A server ends a session after wait_timeout seconds without a command. The session may set the
/// variable; until then it is what the server begins sessions with.
class IdleLimit {
public:
    /// What a session that begins now gets from its server.
    void begin(std::chrono::seconds wait_timeout);
    /// The session's own wait_timeout. Cheap while `variables` is the same object.
    std::chrono::seconds wait_timeout(const VariablesPtr& variables);
    /// The same, with the operator's bound on it (0: none).
    config::Milliseconds of(const VariablesPtr& variables, config::Milliseconds most);

private:
    std::chrono::seconds initial_{28'800};
    std::chrono::seconds now_{28'800};
    VariablesPtr seen_;  // what now_ was read from
};

}  // namespace pointsman::proxy
