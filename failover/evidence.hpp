#pragma once
// All that a decision may rest on, as one value: what this process saw of each server, and when.
// Made by proxy/control from the probes and the surveys; nothing here judges.

#include "protocol/gtid_set.hpp"

#include "config/config.hpp"

#include "health/probe.hpp"

#include "failover/order.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::failover {

using health::TimePoint;
using std::chrono::milliseconds;

/// What keeps commits from ending. The last one explains those before it, when several show.
enum class Stall : std::uint8_t {
    none,
    commit,     // nothing that shows: the disk, most likely
    lock,       // FLUSH TABLES WITH READ LOCK, or a SET read_only that waits
    disk_full,  // the server waits for somebody to free space
    semi_sync,  // too few replicas acknowledge
};

/// What changes rarely and only matters when the role moves: asked now and then over the admin
/// connection.
struct Survey {
    bool known = false;
    bool log_bin = true;
    bool log_replica_updates = true;
    bool filters = false;                // it leaves out part of what it receives
    bool semi_sync_plugin = false;       // it can be the source of semi-synchronous replicas
    bool semi_sync_source = false;       // it waits for them now
    bool semi_sync_replica = false;      // it acknowledges to its source now
    bool semi_sync_lossless = false;     // it waits however long it takes
    std::uint32_t acks_wanted = 1;       // rpl_semi_sync_source_wait_for_replica_count
    bool read_only_since_start = false;  // if it is read-only: not set since it started
    std::optional<std::chrono::seconds> uptime = {};  // whole ones
    Stall stall = Stall::none;                        // writes waited for this when it was asked
    friend bool operator==(const Survey&, const Survey&) = default;
};

/// What an order that was carried out, or may have been, changes in it.
void note_order(Survey& survey, Verb verb, const Outcome& outcome);

/// One server as it was seen last.
struct ServerSight {
    config::Server server;
    health::HealthState health = health::HealthState::starting;
    health::ProbeResult last_result = health::ProbeResult::ok;
    std::uint32_t refused_in_a_row = 0;      // connections refused by the kernel
    std::optional<TimePoint> failing_since;  // the first failed look in a row; nothing: it answers
    std::optional<health::ServerReport> report;  // the last one ever, however old
    TimePoint reported_at{};                     // when it was asked for
    Survey survey;
    std::optional<TimePoint> open_at = {};           // the last look that saw it take writes
    bool failed_since_open = false;                  // a look failed after that one
    Survey open_survey = {};                         // the last one while it took writes
    protocol::GtidSet harmless = {};                 // errant, saved, and it changed nothing
    std::optional<TimePoint> process_began_by = {};  // its process began no later than this
    bool was_replaced = false;                       // and was not read-only since
    TimePoint committed_at{};                        // the look that saw new transactions last

    bool answers() const { return report && !failing_since; }
};

struct Evidence {
    TimePoint now{};
    milliseconds late{0};  // how much too late this process looked: its own fault
    milliseconds probe_interval{100};
    std::vector<ServerSight> servers;
    std::optional<std::size_t> primary;   // the one that has the role, or had it last
    bool recalled = false;                // that, from the journal: none serves as primary now
    protocol::GtidSet acknowledged = {};  // the newest of each source that a client was told of

    const ServerSight* primary_sight() const { return primary ? &servers[*primary] : nullptr; }
    const ServerSight* find(config::ServerId id) const
    {
        for (const auto& sight : servers)
            if (sight.server.id == id) return &sight;
        return nullptr;
    }
};

/// `replica` replicates from `source`, directly, by its last report.
bool follows(const ServerSight& replica, const ServerSight& source);

/// Its channel from `source`; nullptr when it has none.
const health::ReplicationChannel* channel_from(const ServerSight& replica,
                                               const ServerSight& source);

}  // namespace pointsman::failover
