#pragma once
// Our own HTTP API: what an operator asks of a running proxy. Reads are GET, what acts is POST.
// Nothing blocks: a takeover is begun, and /api/takeover tells how it goes on.

#include "proxy/admin/http_server.hpp"
#include "proxy/control/failover_loop.hpp"
#include "proxy/control/topology_board.hpp"

namespace pointsman::proxy {

/// Adds the paths below /api/. All arguments outlive the server.
void add_api(HttpServer& server, FailoverLoop& failover, const TopologyBoard& board);

}  // namespace pointsman::proxy
