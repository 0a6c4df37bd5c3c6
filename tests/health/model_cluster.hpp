#pragma once
// Servers that say what a test wants, looked at by the real machine and judged by the real builder.

#include "config/config.hpp"

#include "health/replica_fitness.hpp"
#include "health/server_health.hpp"
#include "health/topology_builder.hpp"

#include <string>
#include <vector>

namespace pointsman::tests {

using namespace std::chrono_literals;

inline std::string uuid_of(std::size_t i)
{
    return "00000000-0000-0000-0000-00000000000" + std::to_string(i + 1);
}

/// "uuid of the first server: 1-`last`".
inline std::string gtids(std::uint64_t last, std::size_t origin = 0)
{
    return uuid_of(origin) + ":1-" + std::to_string(last);
}

/// db1, db2 … on 10.0.0.1:3306, 10.0.0.2:3306 …; db1 is writable and the others replicate from it.
class ModelCluster {
public:
    explicit ModelCluster(std::size_t servers)
    {
        for (std::size_t i = 0; i < servers; ++i) add();
    }

    void add()
    {
        auto i = servers_.size();
        config::Server server;
        server.id = config::ServerId(static_cast<std::uint32_t>(i));
        server.name = "db" + std::to_string(i + 1);
        server.address = {"10.0.0." + std::to_string(i + 1), 3306, {}};
        servers_.push_back({server, health::ServerHealth{rules, false, now_}, {}, {}});
        auto& report = servers_[i].truth;
        report.facts = {health::Flavour::mysql,
                        "9.7.4",
                        90704,
                        uuid_of(i),
                        static_cast<std::uint32_t>(i + 1),
                        true};
        report.executed = gtids(100);
        if (i > 0) make_replica(i, 0);
    }

    health::ServerReport& truth(std::size_t i) { return servers_[i].truth; }
    health::ReplicationChannel& channel(std::size_t i) { return truth(i).channels.at(0); }
    config::Server& server(std::size_t i) { return servers_[i].server; }
    health::ServerHealth& machine(std::size_t i) { return servers_[i].health; }
    health::TimePoint now() const { return now_; }

    void make_replica(std::size_t i, std::size_t source)
    {
        make_read_only(i);
        health::ReplicationChannel channel;
        channel.source_uuid = truth(source).facts.uuid;
        channel.source = servers_[source].server.address;
        channel.receiver = health::ReceiverState::on;
        channel.applier_on = channel.caught_up = true;
        channel.lag = 0ms;
        truth(i).channels = {channel};
    }
    void make_read_only(std::size_t i) { truth(i).read_only = truth(i).super_read_only = true; }
    void make_writable(std::size_t i) { truth(i).read_only = truth(i).super_read_only = false; }

    /// A probe that succeeds. Each takes a millisecond.
    void look(std::size_t i)
    {
        health::ProbeSample sample;
        sample.result = health::ProbeResult::ok;
        sample.report = truth(i);
        feed(i, std::move(sample));
    }
    void look_at_all()
    {
        for (std::size_t i = 0; i < servers_.size(); ++i) look(i);
    }
    void fail(std::size_t i, health::ProbeResult result = health::ProbeResult::connect_refused)
    {
        health::ProbeSample sample;
        sample.result = result;
        sample.error = "Can't connect";
        feed(i, std::move(sample));
    }
    void take_down(std::size_t i)
    {
        for (std::uint32_t n = 0; n < rules.fall; ++n) fail(i);
    }
    void set_maintenance(std::size_t i)
    {
        servers_[i].server.maintenance = true;
        servers_[i].health.reconfigure(rules, true);
    }
    void pass(std::chrono::milliseconds time) { now_ += time; }

    /// The next snapshot; `memory` goes on.
    health::Topology build()
    {
        std::vector<health::Observation> observations;
        for (const auto& s : servers_) observations.push_back({s.server, &s.health, s.flowing_at});
        auto built = health::build_topology(observations, routing, memory, now_);
        memory = built.memory;
        look_again = built.look_again;
        return built.topology;
    }

    /// Looks at all and builds.
    health::Topology settle()
    {
        look_at_all();
        return build();
    }

    /// The same, of all but one.
    health::Topology settle_but(std::size_t away)
    {
        for (std::size_t i = 0; i < servers_.size(); ++i)
            if (i != away) look(i);
        return build();
    }

    config::Probe rules;
    config::Routing routing;
    health::ClusterMemory memory;
    std::vector<config::ServerId> look_again;

private:
    struct ModelServer {
        config::Server server;
        health::ServerHealth health;
        health::ServerReport truth;
        std::optional<health::TimePoint> flowing_at;
    };

    void feed(std::size_t i, health::ProbeSample sample)
    {
        auto& server = servers_[i];
        server.health.on_probe_started(now_);
        sample.started = now_;
        now_ += 1ms;
        sample.finished = now_;
        if (sample.report && health::replication_flows(*sample.report))
            server.flowing_at = sample.started;
        server.health.on_sample(std::move(sample));
    }

    health::TimePoint now_ = health::TimePoint{} + 1h;
    std::vector<ModelServer> servers_;
};

inline std::string primary_name(const health::Topology& topology)
{
    const auto* primary = topology.primary_server();
    return primary ? primary->name : "none";
}

/// Names of the servers that take reads: "db2 db3".
inline std::string readers(const health::Topology& topology)
{
    std::string names;
    for (const auto& server : topology.servers)
        if (server.takes_reads) names += (names.empty() ? "" : " ") + server.name;
    return names;
}

inline std::string quarantined(const health::Topology& topology)
{
    std::string names;
    for (const auto& server : topology.servers)
        if (server.quarantined) names += (names.empty() ? "" : " ") + server.name;
    return names;
}

}  // namespace pointsman::tests
