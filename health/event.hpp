#pragma once
// What changed between two snapshots, as values for the log and metrics. Found by comparing them,
// so that no path to a change can forget to say it.

#include "health/topology.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::health {

enum class HealthEventKind : std::uint8_t {
    server_up,
    server_suspect,
    server_down,
    maintenance_began,
    maintenance_ended,
    server_added,
    server_removed,
    primary_found,    // the first one, or the same one again
    primary_changed,  // another one than before
    primary_lost,
    writable_refused,  // writable and not the primary: it gets nothing
    writable_settled,  // such a server is in order again
    reads_began,       // a replica takes reads (again)
    reads_ended,
};
constexpr std::size_t health_event_kind_count = 14;

enum class Severity : std::uint8_t { debug, info, warning, error };

struct HealthEvent {
    HealthEventKind kind{};
    std::optional<config::ServerId> server;
    std::string server_name;
    std::string sentence;  // for the operator; complete without the other fields
};

/// The word of an event in logs and metrics: "server_up".
std::string_view to_text(HealthEventKind kind);
Severity severity(HealthEventKind kind);

/// `before` is null for the first snapshot.
std::vector<HealthEvent> events_between(const Topology* before, const Topology& after);

}  // namespace pointsman::health
