#pragma once
// Model servers: what each has executed and received, whether it lives, hangs, takes writes, and
// who replicates from whom over a network that can be cut. No time passes in here: the world
// decides when things happen.

#include "protocol/gtid_set.hpp"

#include "failover/evidence.hpp"
#include "failover/order.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pointsman::sim {

using failover::TimePoint;
using std::chrono::milliseconds;

struct Server {
    std::string name, uuid_text;
    protocol::Uuid uuid{};
    bool alive = true, hung = false, writable = false, semi_sync = false;
    bool was_set = false;           // writable or not, since it started
    std::uint64_t last_number = 0;  // of its own transactions
    protocol::GtidSet executed, received;
    std::optional<std::size_t> source;
    bool receiver = false, applier = false;
    TimePoint heard{};
    TimePoint began{}, died{};  // its process

    bool works() const { return alive && !hung; }
    void set_writable(bool open)
    {
        writable = open;
        was_set = true;
    }
    void wake_up(TimePoint now)
    {
        alive = true;
        began = now;
        hung = writable = semi_sync = was_set = false;
        // An unapplied relay log is fetched again (relay_log_recovery).
        received = executed;
        receiver = applier = source.has_value();
    }
};

/// The proxy's end of a cut network link.
constexpr std::size_t proxy_end = 99;

class Cluster {
public:
    explicit Cluster(std::size_t count, bool waits) : semi_sync(waits)
    {
        for (std::size_t i = 0; i < count; ++i) {
            Server server;
            server.name = "db" + std::to_string(i + 1);
            server.uuid_text = "00000000-0000-0000-0000-00000000000" + std::to_string(i + 1);
            server.uuid = *protocol::parse_uuid(server.uuid_text);
            if (i > 0) {
                server.source = 0;
                server.receiver = server.applier = true;
            }
            servers.push_back(std::move(server));
        }
        servers[0].set_writable(true);
        servers[0].semi_sync = waits;
        commit(0);
        for (auto& server : servers) server.executed = server.received = servers[0].executed;
    }

    bool connected(std::size_t a, std::size_t b) const
    {
        return !cuts.contains({std::min(a, b), std::max(a, b)});
    }
    void cut(std::size_t a, std::size_t b) { cuts.insert({std::min(a, b), std::max(a, b)}); }

    /// A transaction of a client; its number.
    std::uint64_t commit(std::size_t at)
    {
        auto& server = servers[at];
        auto number = ++server.last_number;
        server.executed.add(server.uuid, {}, {number, number});
        return number;
    }

    bool receives(std::size_t replica) const
    {
        const auto& r = servers[replica];
        return r.source && r.receiver && r.works() && servers[*r.source].works() &&
               connected(replica, *r.source);
    }

    /// Everything that flows in a moment: replicas receive and apply, heartbeats come.
    void replicate(TimePoint now, bool applies)
    {
        for (std::size_t i = 0; i < servers.size(); ++i) {
            auto& replica = servers[i];
            if (receives(i)) {
                auto before = replica.received;
                replica.received.unite(servers[*replica.source].executed);
                replica.heard = now;
            }
            if (applies && replica.works() && replica.applier)
                replica.executed.unite(replica.received);
        }
    }

    /// How many replicas have it in their relay logs or beyond.
    std::size_t acknowledgements(std::size_t from, std::uint64_t number) const
    {
        std::size_t count = 0;
        const auto& uuid = servers[from].uuid;
        for (std::size_t i = 0; i < servers.size(); ++i)
            if (i != from && receives(i) && servers[i].source == from &&
                servers[i].received.contains(uuid, {}, number))
                ++count;
        return count;
    }

    health::ServerReport report(std::size_t i, TimePoint now) const
    {
        const auto& server = servers[i];
        health::ServerReport report;
        report.facts = {health::Flavour::mysql,
                        "9.7.4",
                        90704,
                        server.uuid_text,
                        static_cast<std::uint32_t>(i + 1),
                        true};
        report.read_only = report.super_read_only = !server.writable;
        report.executed = server.executed.to_string();
        if (!server.source) return report;
        health::ReplicationChannel channel;
        channel.source_uuid = servers[*server.source].uuid_text;
        channel.source = address(*server.source);
        using State = health::ReceiverState;
        bool refused = !servers[*server.source].alive;
        channel.receiver = !server.receiver ? State::off : refused ? State::connecting : State::on;
        channel.applier_on = server.applier;
        channel.received = server.received.to_string();
        channel.caught_up = server.executed.contains(server.received);
        channel.lag = milliseconds{0};
        channel.heard = std::chrono::duration_cast<milliseconds>(now - server.heard);
        channel.heartbeat = milliseconds{100};
        report.channels.push_back(std::move(channel));
        return report;
    }

    static config::Endpoint address(std::size_t i)
    {
        return {"10.0.0." + std::to_string(i + 1), 3306, {}};
    }

    /// The order is carried out now, at a server that works and is reached.
    std::string text() const
    {
        std::string text;
        for (const auto& server : servers)
            text += " " + server.name + (server.alive ? "" : " dead") +
                    (server.writable ? " rw" : " ro") +
                    (server.source ? " <" + servers[*server.source].name : "") +
                    (server.receiver ? "" : " stopped");
        return text;
    }

    /// Whoever has transactions that `good` lacks becomes a copy of it, and its replica.
    void clone_errant(std::size_t good, TimePoint now)
    {
        for (std::size_t i = 0; i < servers.size(); ++i) {
            auto& server = servers[i];
            if (i == good || servers[good].executed.contains(server.executed)) continue;
            server.executed = server.received = servers[good].executed;
            server.writable = server.semi_sync = false;
            server.source = good;
            server.receiver = server.applier = true;
            server.heard = now;
        }
    }

    failover::Outcome perform(std::size_t i, const failover::Order& order, TimePoint now)
    {
        using failover::Verb;
        auto& server = servers[i];
        std::string answer;
        auto all = server.executed;
        all.unite(server.received);
        switch (order.verb) {
            case Verb::executed:
                answer = server.executed.to_string();
                break;
            case Verb::positions:
                answer = all.to_string();
                break;
            case Verb::stop_receiver:
                server.receiver = false;
                answer = all.to_string();
                break;
            case Verb::start_receiver:
                server.receiver = server.source.has_value();
                server.heard = now;
                break;
            case Verb::restart_receiver:
                answer = server.source && receives(i) ? "ON" : "CONNECTING";
                break;
            case Verb::wait_executed:
                if (server.applier) server.executed.unite(server.received);
                if (!server.executed.contains(*protocol::GtidSet::parse(order.gtids)))
                    return {failover::OutcomeKind::refused, {}, "it does not catch up in time"};
                break;
            case Verb::follow:
                server.applier = false;
                [[fallthrough]];
            case Verb::repoint:
                follow(i, order.source, now);
                break;
            case Verb::make_read_only:
                server.set_writable(false);
                break;
            case Verb::make_writable:
                server.set_writable(true);
                break;
            case Verb::promote:
            case Verb::promote_semi_sync:
                server.applier = false;
                server.set_writable(true);
                server.semi_sync = order.verb == Verb::promote_semi_sync;
                break;
            case Verb::lacking: {
                auto lacking = *protocol::GtidSet::parse(order.gtids);
                answer = lacking.subtract(server.executed).to_string();
                break;
            }
            case Verb::stop_semi_sync:
                server.semi_sync = false;
                break;
            case Verb::forget_source:
                server.source.reset();
                server.receiver = server.applier = false;
                break;
            default:  // changes nothing that is simulated
                break;
        }
        return {failover::OutcomeKind::done, std::move(answer), {}};
    }

    bool semi_sync;  // the primary waits for its replicas
    std::vector<Server> servers;
    std::set<std::pair<std::size_t, std::size_t>> cuts;

private:
    // CHANGE REPLICATION SOURCE throws relay logs away unless the applier runs.
    void follow(std::size_t i, const config::Endpoint& source, TimePoint now)
    {
        auto& server = servers[i];
        for (std::size_t other = 0; other < servers.size(); ++other)
            if (address(other) == source) server.source = other;
        if (!server.applier) server.received = server.executed;
        server.receiver = server.applier = true;
        server.heard = now;
    }
};

}  // namespace pointsman::sim
