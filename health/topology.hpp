#pragma once
// An immutable snapshot of the cluster: the only thing that flows from the control plane to the
// data plane. Data only.

#include "protocol/gtid_set.hpp"

#include "config/endpoint.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::health {

enum class Role : std::uint8_t { unknown, primary, replica };
enum class HealthState : std::uint8_t { starting, up, suspect, down, maintenance };
enum class Flavour : std::uint8_t { mysql, mariadb };

/// May statements be sent to the primary now?
enum class WriteState : std::uint8_t {
    open,
    held,  // a takeover is under way: wait at the next command border
    none,  // there is no primary: wait, bounded by hold_timeout
};

/// After which silence a server ends a session, as a new session begins with it.
struct IdleTimeouts {
    std::chrono::seconds plain{28'800};        // @@GLOBAL.wait_timeout
    std::chrono::seconds interactive{28'800};  // @@GLOBAL.interactive_timeout
};

struct ServerView {
    config::ServerId id{};
    std::string name;
    config::Endpoint address;
    Role role = Role::unknown;
    HealthState health = HealthState::starting;
    std::uint32_t weight = 100;
    std::optional<std::chrono::milliseconds> lag;  // replicas; nothing: not known
    bool takes_reads = false;  // decided here once: up, a replica of the primary, fresh enough,
                               // weight > 0, not drained
    bool severed = false;      // lost in a failover: links to it are cut
    bool quarantined = false;  // writable, but not the known primary: gets nothing
    Flavour flavour = Flavour::mysql;
    std::string version;               // @@version, as in the greeting
    std::uint32_t version_number = 0;  // 90704 for 9.7.4
    std::string uuid;
    /// What it had executed at `executed_at`, the moment the probe left, or a little later. Shared
    /// by snapshots as long as it stays the same; null: not known.
    std::shared_ptr<const protocol::Position> executed;
    std::chrono::steady_clock::time_point executed_at{};
    /// All that its readers may have been shown until then: what is being committed, too.
    std::shared_ptr<const protocol::Position> may_show;
    IdleTimeouts idle_timeouts;
    std::string problem;  // one sentence when something is wrong; empty: fine
};

struct Topology {
    std::uint64_t epoch = 0;     // grows whenever the primary changes
    std::uint64_t revision = 0;  // grows with every snapshot
    std::vector<ServerView> servers;
    std::optional<std::size_t> primary;  // index into servers
    WriteState writes = WriteState::none;
    std::string why_not_open;  // a sentence, when writes is not open

    const ServerView* primary_server() const { return primary ? &servers[*primary] : nullptr; }
    const ServerView* find(config::ServerId id) const
    {
        for (const auto& server : servers)
            if (server.id == id) return &server;
        return nullptr;
    }
};

using TopologyPtr = std::shared_ptr<const Topology>;

}  // namespace pointsman::health
