#pragma once
// The one table of what is exported: name, help text and type of each metric family. Names follow
// Prometheus' conventions: our prefix, base units (seconds, bytes), _total for counters.

#include <prometheus/metric_type.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace pointsman::proxy {

/// In the order of the table.
enum class Family : std::uint8_t {
    build_info,
    cluster_servers,
    workers,
    sessions_open,
    sessions_opened,
    sessions_closed,
    sessions_pinned,
    pins_taken,
    logins,
    logins_learned,
    tls_handshakes,
    client_received,
    client_sent,
    protocol_errors,
    own_errors,
    routes,
    read_freshness,
    consistency_wait,
    reads_retried,
    reads_redone,
    statements_held,
    hold_timeouts,
    outcome_unknown,
    in_doubt,
    statements_killed,
    link_waits,
    link_wait_timeouts,
    statements,
    latency,
    server_errors,
    server_sent,
    server_received,
    links_open,
    links_busy,
    links_idle,
    links_moved,
    link_syncs,
    links_opened,
    links_failed,
    links_lost,
    probes,
    probe_duration,
    server_info,
    server_role,
    server_health,
    server_takes_reads,
    server_quarantined,
    server_weight,
    server_lag,
    topology_epoch,
    topology_revision,
    writes_state,
    process_cpu,
    process_resident_memory,
    process_virtual_memory,
    process_open_fds,
    process_max_fds,
    process_start_time,
    process_threads,
};
constexpr std::size_t family_count = 59;

struct FamilyText {
    Family family;
    prometheus::MetricType type;
    std::string_view name;
    std::string_view help;
};

/// All families, at the index of their enumerator.
std::span<const FamilyText> families();

}  // namespace pointsman::proxy
