#pragma once
// One look at one server, as a value. Nothing here judges: server_health.hpp and
// topology_builder.hpp do. Facts of a server that did not answer are absent, not empty.

#include "config/endpoint.hpp"

#include "health/topology.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::health {

/// A moment of the clock that the caller reads; this folder never asks for the time.
using TimePoint = std::chrono::steady_clock::time_point;

/// How a probe ended. The names say which layer failed.
enum class ProbeResult : std::uint8_t {
    ok,
    connect_refused,  // nobody listens there
    connect_timeout,  // no connection, greeting or login within connect_timeout
    connect_failed,   // unreachable, name not found, the greeting made no sense
    tls_failed,       // TLS is wanted and did not come about
    access_denied,    // the server refuses the monitor's account, or a right is missing
    saturated,        // too many connections: alive, and full
    query_timeout,    // connected, and no answer within the probe's timeout
    connection_lost,  // closed while answering
    query_failed,     // the server answered the probe with an error
};
constexpr std::size_t probe_result_count = 10;

/// Metric label and log word of a result.
std::string_view to_text(ProbeResult result);

/// The server answered, even if with a refusal: the process is alive.
constexpr bool server_answered(ProbeResult result)
{
    return result == ProbeResult::ok || result == ProbeResult::access_denied ||
           result == ProbeResult::saturated || result == ProbeResult::query_failed;
}

enum class ReceiverState : std::uint8_t { off, connecting, on };

/// One replication channel of a replica (MariaDB: one connection).
struct ReplicationChannel {
    std::string name;
    std::string source_uuid;                      // MySQL; empty until it connected once
    std::uint32_t source_server_id = 0;           // MariaDB
    config::Endpoint source;                      // as the replica was told
    ReceiverState receiver = ReceiverState::off;  // the I/O thread
    bool applier_on = false;                      // the SQL thread
    std::string error;                            // the last one, of either thread; empty: none
    std::string received;                         // GTID set or position, as text
    bool caught_up = false;                       // all that was received is executed
    /// Age of the oldest transaction that is known to wait, by the source's commit timestamp; 0
    /// when caught up; nothing when it cannot be told.
    std::optional<std::chrono::milliseconds> lag;
    /// How long ago, by the replica's own clock, something came from the source; nothing: not
    /// known.
    std::optional<std::chrono::milliseconds> heard;
    std::chrono::milliseconds heartbeat{0};  // what it asks the source for; 0: not known
    bool receiving = false;                  // a transaction is coming in
    bool auto_position = true;
    std::chrono::seconds delay{0};  // SOURCE_DELAY
};

/// What changes slowly: asked at each connect and every few probes.
struct ServerFacts {
    Flavour flavour = Flavour::mysql;
    std::string version;               // @@version
    std::uint32_t version_number = 0;  // 90704 for 9.7.4
    std::string uuid;                  // MySQL; empty for MariaDB
    std::uint32_t server_id = 0;
    bool gtids = true;  // gtid_mode is ON (MariaDB: always)
    IdleTimeouts idle_timeouts = {};
};

/// What a server that answered said.
struct ServerReport {
    ServerFacts facts;
    bool read_only = false;
    bool super_read_only = false;
    std::string owned;     // gtid_owned: being committed; MariaDB: not known
    std::string executed;  // gtid_executed; MariaDB: gtid_current_pos
    /// The same, read; null: it makes no sense, or nobody read it. Shared by reports in a row that
    /// say the same.
    std::shared_ptr<const protocol::Position> position;
    /// The same and what is owned: all that its readers may have been shown.
    std::shared_ptr<const protocol::Position> may_show;
    std::vector<ReplicationChannel> channels;  // empty: it follows nobody

    bool is_writable() const { return !read_only && !super_read_only; }
    bool is_replica() const { return !channels.empty(); }
};

struct ProbeSample {
    ProbeResult result = ProbeResult::connect_failed;
    TimePoint started{}, finished{};
    std::optional<ServerReport> report;  // exactly when result is ok
    std::uint32_t error_code = 0;        // of the server or the client library, else 0
    std::string error;                   // one sentence; empty: ok
};

}  // namespace pointsman::health
