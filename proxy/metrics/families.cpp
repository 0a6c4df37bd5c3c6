#include "proxy/metrics/families.hpp"

#include <array>

namespace pointsman::proxy {
namespace {

constexpr auto counter = prometheus::MetricType::Counter;
constexpr auto gauge = prometheus::MetricType::Gauge;
constexpr auto histogram = prometheus::MetricType::Histogram;
constexpr auto summary = prometheus::MetricType::Summary;

// clang-format off
constexpr std::array<FamilyText, family_count> table = {{
    {Family::build_info, gauge, "pointsman_build_info",
     "Always 1; the label tells the version."},
    {Family::cluster_servers, gauge, "pointsman_servers",
     "Servers in the current topology."},
    {Family::workers, gauge, "pointsman_workers",
     "Threads that serve clients."},

    {Family::sessions_open, gauge, "pointsman_sessions_open",
     "Client connections now."},
    {Family::sessions_opened, counter, "pointsman_sessions_opened_total",
     "Client connections accepted."},
    {Family::sessions_closed, counter, "pointsman_sessions_closed_total",
     "Client connections that ended, by reason."},
    {Family::sessions_pinned, gauge, "pointsman_sessions_pinned",
     "Sessions that keep a link to a server now, by reason; one may have several."},
    {Family::pins_taken, counter, "pointsman_pins_total",
     "Reasons that sessions got to keep a link to a server."},
    {Family::logins, counter, "pointsman_logins_total",
     "Client logins by result."},
    {Family::logins_learned, counter, "pointsman_logins_learned_total",
     "Credentials learned by logging in to the primary with them."},
    {Family::tls_handshakes, counter, "pointsman_tls_handshakes_total",
     "TLS handshakes completed with clients."},
    {Family::client_received, counter, "pointsman_client_received_bytes_total",
     "Bytes received from clients."},
    {Family::client_sent, counter, "pointsman_client_sent_bytes_total",
     "Bytes sent to clients."},
    {Family::protocol_errors, counter, "pointsman_protocol_errors_total",
     "Sessions that sent what is not the MySQL protocol."},
    {Family::own_errors, counter, "pointsman_errors_total",
     "ERR packets that the proxy itself sent to clients, by error code."},

    {Family::routes, counter, "pointsman_routes_total",
     "Routing decisions by reason."},
    {Family::read_freshness, counter, "pointsman_read_freshness_total",
     "Reads at replicas that had to see certain writes, by how that was made sure."},
    {Family::consistency_wait, histogram, "pointsman_consistency_wait_seconds",
     "How long reads waited at a replica for writes that they had to see."},
    {Family::reads_retried, counter, "pointsman_reads_retried_total",
     "Reads sent to another server because theirs was lost."},
    {Family::reads_redone, counter, "pointsman_reads_redone_total",
     "Reads that a replica refused as writes, done again on the primary."},
    {Family::statements_held, counter, "pointsman_statements_held_total",
     "Statements that waited for a primary."},
    {Family::hold_timeouts, counter, "pointsman_hold_timeouts_total",
     "Statements that waited for a primary in vain."},
    {Family::outcome_unknown, counter, "pointsman_outcome_unknown_total",
     "Writes whose server was lost before it answered (error 1180, SQLSTATE 08007)."},
    {Family::in_doubt, counter, "pointsman_in_doubt_total",
     "Writes that a lost primary did not answer, by what could be said of them."},
    {Family::statements_killed, counter, "pointsman_statements_killed_total",
     "Statements ended by KILL QUERY: over their time, or reads whose client is gone."},
    {Family::link_waits, counter, "pointsman_link_waits_total",
     "Times that a session waited for a connection to become free."},
    {Family::link_wait_timeouts, counter, "pointsman_link_wait_timeouts_total",
     "Times that it waited in vain (error 1040)."},

    {Family::statements, counter, "pointsman_statements_total",
     "Statements sent to a server, by kind."},
    {Family::latency, histogram, "pointsman_statement_duration_seconds",
     "From the first byte sent to a server to the last byte of its answer."},
    {Family::server_errors, counter, "pointsman_server_errors_total",
     "ERR packets received from a server, by error code."},
    {Family::server_sent, counter, "pointsman_server_sent_bytes_total",
     "Bytes sent to a server."},
    {Family::server_received, counter, "pointsman_server_received_bytes_total",
     "Bytes received from a server."},

    {Family::links_open, gauge, "pointsman_links_open",
     "Connections to a server now."},
    {Family::links_busy, gauge, "pointsman_links_busy",
     "Connections to a server with a command under way."},
    {Family::links_idle, gauge, "pointsman_links_idle",
     "Connections to a server that no session holds."},
    {Family::links_moved, counter, "pointsman_links_moved_total",
     "Times that a session took a connection which another one had used."},
    {Family::link_syncs, counter, "pointsman_link_syncs_total",
     "Times that a connection was brought to its session's state before use."},
    {Family::links_opened, counter, "pointsman_links_opened_total",
     "Connections to a server that were opened and logged in."},
    {Family::links_failed, counter, "pointsman_links_failed_total",
     "Connections to a server that could not be opened."},
    {Family::links_lost, counter, "pointsman_links_lost_total",
     "Connections to a server that it closed without being asked to."},

    {Family::probes, counter, "pointsman_probes_total",
     "Probes of a server by result."},
    {Family::probe_duration, summary, "pointsman_probe_duration_seconds",
     "How long probes of a server took."},

    {Family::server_info, gauge, "pointsman_server_info",
     "Always 1; the labels tell what is known of the server."},
    {Family::server_role, gauge, "pointsman_server_role",
     "1 for the role that the server has, 0 for the others."},
    {Family::server_health, gauge, "pointsman_server_health",
     "1 for the state of health that the server is in, 0 for the others."},
    {Family::server_takes_reads, gauge, "pointsman_server_takes_reads",
     "1 when reads are balanced to the server."},
    {Family::server_quarantined, gauge, "pointsman_server_quarantined",
     "1 when the server is writable but not the known primary: it gets nothing."},
    {Family::server_weight, gauge, "pointsman_server_weight",
     "Configured share of reads."},
    {Family::server_lag, gauge, "pointsman_server_lag_seconds",
     "How far the replica is behind its source; absent when not known."},

    {Family::topology_epoch, gauge, "pointsman_topology_epoch",
     "Grows whenever another server becomes primary."},
    {Family::topology_revision, gauge, "pointsman_topology_revision",
     "Grows with every change of the topology."},
    {Family::writes_state, gauge, "pointsman_writes_state",
     "1 for the state that writes are in (open, held, none), 0 for the others."},

    {Family::process_cpu, counter, "process_cpu_seconds_total",
     "User and system CPU time spent."},
    {Family::process_resident_memory, gauge, "process_resident_memory_bytes",
     "Resident memory."},
    {Family::process_virtual_memory, gauge, "process_virtual_memory_bytes",
     "Virtual memory."},
    {Family::process_open_fds, gauge, "process_open_fds",
     "Open file descriptors."},
    {Family::process_max_fds, gauge, "process_max_fds",
     "Most file descriptors that may be open."},
    {Family::process_start_time, gauge, "process_start_time_seconds",
     "Start of the process since the Unix epoch."},
    {Family::process_threads, gauge, "process_threads",
     "Threads of the process."},
}};
// clang-format on

}  // namespace

std::span<const FamilyText> families()
{
    return table;
}

}  // namespace pointsman::proxy
