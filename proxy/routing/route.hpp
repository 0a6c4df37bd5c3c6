#pragma once
// Where a command goes, and why.

#include "config/endpoint.hpp"

#include <cstdint>

namespace pointsman::proxy {

enum class RouteKind : std::uint8_t {
    server,        // send it to `server`
    wait_primary,  // there is no primary that takes statements now: wait, bounded, then ask again
    no_server,     // nothing can take it, and waiting is not asked for: error
};

enum class RouteReason : std::uint8_t {
    read,             // a read that a replica takes
    read_no_replica,  // a read, but no replica is fit: primary
    needs_primary,    // the statement's own reason (sql::PrimaryReason)
    in_transaction,   // stays where the transaction began
    pinned,           // session state lives on one link only
    hint,
    listener_mode,  // the listener sends everything there
    redo,           // a replica refused it as a write
    not_fresh,      // no replica is known to have what the read must see
};
constexpr std::size_t route_reason_count = 9;

/// How a read was made sure to see what it must (routing.consistency).
enum class ReadFreshness : std::uint8_t {
    known_fresh,  // the replica is known to have it
    waited,       // the replica was asked to wait in front of the read, and has it
    timed_out,    // it did not have it in time: the read is done again elsewhere
    not_tried,    // a replica timed out a moment ago: the read went elsewhere at once
    asked,        // the primary was asked for its position first
};
constexpr std::size_t read_freshness_count = 5;

struct Route {
    RouteKind kind = RouteKind::no_server;
    RouteReason reason = RouteReason::needs_primary;
    config::ServerId server{};
    bool on_replica = false;
};

}  // namespace pointsman::proxy
