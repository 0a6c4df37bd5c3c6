#pragma once
// The cluster as a tree of text, one line for each server. Pure.

#include "health/topology.hpp"

#include "failover/evidence.hpp"

#include <string>

namespace pointsman::proxy {

/// "db1:3306   [0 ms,ok,9.7.4,rw,ROW,>>,GTID]", its replicas below it with "+ " before them.
std::string topology_text(const health::Topology& topology, const failover::Evidence& evidence);

}  // namespace pointsman::proxy
