#pragma once
// Evidence as a test wants it: db1 the primary, the others its replicas, all well.

#include "failover/diagnosis.hpp"
#include "failover/takeover.hpp"

#include <string>
#include <vector>

namespace pointsman::tests {

using namespace std::chrono_literals;
using failover::Evidence;
using failover::ServerSight;

inline std::string uuid_number(std::size_t i)
{
    return "00000000-0000-0000-0000-00000000000" + std::to_string(i + 1);
}

/// "uuid of db<origin + 1>:1-last".
inline std::string made_by(std::size_t origin, std::uint64_t last)
{
    return uuid_number(origin) + ":1-" + std::to_string(last);
}

class Scene {
public:
    explicit Scene(std::size_t servers = 3)
    {
        evidence.now = failover::TimePoint{} + 1h;
        evidence.primary = 0;
        for (std::size_t i = 0; i < servers; ++i) add(i);
        settings.mode = config::FailoverMode::automatic;
        settings.replication_user = "repl";
    }

    ServerSight& sight(std::size_t i) { return evidence.servers.at(i); }
    health::ServerReport& report(std::size_t i) { return *sight(i).report; }
    health::ReplicationChannel& channel(std::size_t i) { return report(i).channels.at(0); }
    config::ServerId id(std::size_t i) { return sight(i).server.id; }

    /// Its looks fail since then with this.
    void lose(std::size_t i, health::ProbeResult result, std::chrono::milliseconds since = 400ms)
    {
        sight(i).failing_since = evidence.now - since;
        sight(i).last_result = result;
        sight(i).health = health::HealthState::down;
        if (result == health::ProbeResult::connect_refused) sight(i).refused_in_a_row = 2;
    }
    /// The replica has heard nothing of its source for so long.
    void silence(std::size_t i, std::chrono::milliseconds heard = 500ms)
    {
        channel(i).heard = heard;
    }
    /// Writes wait at the primary, and not one has ended for so long.
    void stall(failover::Stall cause, std::chrono::milliseconds since = 3s)
    {
        sight(0).survey.stall = cause;
        sight(0).committed_at = evidence.now - since;
    }
    /// The replica's receiver tries to connect.
    void disconnect(std::size_t i) { channel(i).receiver = health::ReceiverState::connecting; }

    Evidence evidence;
    config::Failover settings;

private:
    void add(std::size_t i)
    {
        ServerSight sight;
        sight.server.id = config::ServerId(static_cast<std::uint32_t>(i));
        sight.server.name = "db" + std::to_string(i + 1);
        sight.server.address = {"10.0.0." + std::to_string(i + 1), 3306, {}};
        sight.health = health::HealthState::up;
        sight.reported_at = evidence.now - (i == 0 ? 5ms : 10ms);
        health::ServerReport report;
        report.facts = {health::Flavour::mysql,
                        "9.7.4",
                        90704,
                        uuid_number(i),
                        static_cast<std::uint32_t>(i + 1),
                        true};
        report.executed = made_by(0, 100);
        report.read_only = report.super_read_only = i > 0;
        if (i > 0) {
            health::ReplicationChannel channel;
            channel.source_uuid = uuid_number(0);
            channel.source = {"10.0.0.1", 3306, {}};
            channel.receiver = health::ReceiverState::on;
            channel.applier_on = channel.caught_up = true;
            channel.received = made_by(0, 100);
            channel.lag = 0ms;
            channel.heard = 40ms;
            channel.heartbeat = 100ms;
            report.channels = {channel};
        }
        sight.report = report;
        sight.survey.known = true;
        evidence.servers.push_back(std::move(sight));
    }
};

/// Words of the findings, gravest first.
inline std::string findings_in(Scene& scene)
{
    std::string words;
    for (const auto& finding : failover::diagnose(scene.evidence, scene.settings))
        words += (words.empty() ? "" : " ") + std::string(finding.problem->word);
    return words;
}

}  // namespace pointsman::tests
