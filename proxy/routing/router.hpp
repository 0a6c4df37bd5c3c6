#pragma once
// (Statement, SessionFacts, Topology) → Route. Pure: no lock, no allocation, no clock.

#include "protocol/sql/statement.hpp"

#include "health/topology.hpp"

#include "proxy/routing/balancer.hpp"
#include "proxy/routing/route.hpp"
#include "proxy/routing/session_facts.hpp"

#include <span>

namespace pointsman::proxy {

struct RouterInput {
    const protocol::sql::Statement& statement;
    const SessionFacts& session;
    const health::Topology& topology;
    std::span<const std::uint32_t> outstanding;
    config::NoReplica no_replica = config::NoReplica::primary;
};

Route route(const RouterInput& input, Random& random);

}  // namespace pointsman::proxy
