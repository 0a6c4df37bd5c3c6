#pragma once
// What really happened, as nobody in the simulation knows it, and the checkers that look at it:
// `broken` says what was violated first.

#include "protocol/gtid_set.hpp"

#include "failover/order.hpp"
#include "failover/takeover.hpp"

#include "tests/sim/cluster.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pointsman::sim {

struct Truth {
    std::string broken;        // empty: nothing
    std::size_t promoted = 0;  // the server that was opened for clients last
    bool forgotten = false;    // that, with the process that opened it
    protocol::GtidSet acked;   // what clients were told of
    std::uint64_t acked_count = 0;
    bool operator_wanted = false;  // the journal says so
    std::uint64_t failovers = 0;   // completed
    std::uint64_t switchovers = 0;
    std::uint64_t reopened = 0;  // tried
    std::uint64_t deaths = 0;    // of Pointsman
    std::uint64_t resumed = 0;   // interrupted takeovers that were ended
    std::vector<std::string> log;

    void fail(std::string what)
    {
        if (broken.empty()) broken = std::move(what);
    }

    /// An order arrives. `kept_away`: no client of ours writes anywhere now.
    void on_order(const Cluster& cluster, std::size_t at, const failover::Order& order,
                  failover::Cause cause, bool kept_away)
    {
        using failover::Verb;
        // Nobody was let to another one yet, were it open as well.
        bool opens_again = cause == failover::Cause::reopen || cause == failover::Cause::resume;
        if (order.verb == Verb::make_writable && (kept_away || opens_again)) promoted = at;
        if (order.verb != Verb::promote && order.verb != Verb::promote_semi_sync) return;
        promoted = at;
        forgotten = false;
        const auto& server = cluster.servers[at];
        // In its own place there is nobody to be kept from it.
        if (!kept_away && !opens_again) fail("a server was promoted while writes were not held");
        if (cluster.semi_sync && !server.executed.contains(acked))
            fail("acknowledged transactions are not on the promoted " + server.name);
    }

    void on_acknowledged(const Cluster& cluster, std::size_t at, std::uint64_t number)
    {
        const auto& server = cluster.servers[at];
        // Who begins anew may take a server that lacks nothing, while nobody can write elsewhere.
        const auto& last = cluster.servers[promoted];
        bool may_succeed = forgotten && !(last.alive && last.writable);
        if (at != promoted && may_succeed && server.executed.contains(acked)) promoted = at;
        if (at != promoted)
            fail(server.name + " acknowledged a write after " + cluster.servers[promoted].name +
                 " was promoted");
        acked.add(server.uuid, {}, {number, number});
        ++acked_count;
    }

    void on_record(const std::string& text)
    {
        log.push_back(text);
        for (const auto* asks : {"could not be undone", "make it writable", "undone: opening of"})
            operator_wanted = operator_wanted || text.find(asks) != std::string::npos;
    }
};

}  // namespace pointsman::sim
