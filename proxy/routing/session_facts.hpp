#pragma once
// All that a route may know of a session.

#include "config/config.hpp"
#include "config/endpoint.hpp"

#include <optional>

namespace pointsman::proxy {

struct SessionFacts {
    config::ListenerMode mode = config::ListenerMode::split;
    bool in_transaction =
        false;  // open transaction, or autocommit off: everything stays on `current`
    bool pinned_to_primary =
        false;  // state that only the primary link has (temporary table, lock, …)
    std::optional<config::ServerId> current = std::nullopt;  // where the transaction runs
    std::optional<config::ServerId> avoid =
        std::nullopt;  // a retry: not the server that just failed
    std::optional<config::ServerId> last_replica =
        std::nullopt;  // where the last read went: a link is open there
};

}  // namespace pointsman::proxy
