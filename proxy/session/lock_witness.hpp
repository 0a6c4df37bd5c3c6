#pragma once
// What GET_LOCK() took within a stored routine, no text shows and no tracker reports; nor does one
// report the user variables that GET DIAGNOSTICS sets there (measured: MySQL 9.7). The server tells
// both to those who may read performance_schema: the monitor's account.

#include "proxy/pool/connector.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::proxy {

struct LeftByRoutines {
    bool user_locks = false;
    std::vector<std::string> user_variables;  // names of all it has, in lower case
    bool has_others = false;                  // with names that nobody asks for
};

/// One per worker. Keeps a connection to each server that it was asked about.
class LockWitness {
public:
    explicit LockWitness(net::Reactor& reactor)
        : reactor_(reactor), tend_(reactor, [this] { close_unused(); })
    {
    }

    /// Connections that nobody needs for so long are closed, as sessions' links are.
    void set_idle_timeout(std::chrono::milliseconds limit) { idle_timeout_ = limit; }
    /// What the connection of this id holds. Nothing when the server does not watch locks, or could
    /// not be asked.
    net::Task<std::optional<LeftByRoutines>> look(ConnectorContext context,
                                                  health::ServerView server, LinkRequest monitor,
                                                  std::uint32_t connection_id);
    /// Closes its connections, and from now on each one behind its question: they must not be there
    /// when the worker's thread ends.
    void begin_drain();
    /// Closes its connections to the servers that `keep` does not hold.
    void close_idle_except(const std::vector<config::ServerId>& keep);

private:
    void keep(config::ServerId server, BackendLinkPtr link);
    void close_unused();

    net::Reactor& reactor_;
    std::map<config::ServerId, BackendLinkPtr> idle_;
    std::chrono::milliseconds idle_timeout_{};
    bool draining_ = false;
    net::Timer tend_;  // set while there is a connection
};

}  // namespace pointsman::proxy
