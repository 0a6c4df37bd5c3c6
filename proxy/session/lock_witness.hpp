#pragma once
// What GET_LOCK() took within a stored routine, no text shows and no tracker reports. The server
// tells it to those who may read performance_schema: the monitor's account.

#include "proxy/pool/connector.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace pointsman::proxy {

/// One per worker. Keeps a connection to each server that it was asked about.
class LockWitness {
public:
    /// Does the connection of this id certainly hold no user lock? False also when the server does
    /// not watch locks, or could not be asked.
    net::Task<bool> sees_none(ConnectorContext context, health::ServerView server,
                              LinkRequest monitor, std::uint32_t connection_id);
    /// Closes its connections to the servers that `keep` does not hold.
    void close_idle_except(const std::vector<config::ServerId>& keep);

private:
    std::map<config::ServerId, BackendLinkPtr> idle_;
};

}  // namespace pointsman::proxy
