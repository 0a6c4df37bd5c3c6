#pragma once
// Which servers replicate from those that are known, and where do they stand?

#include "config/endpoint.hpp"

#include "health/mysql_client.hpp"

#include <string>
#include <vector>

namespace pointsman::health {

/// A replica in the words of its source.
struct NamedReplica {
    std::string uuid;
    std::vector<config::Endpoint> addresses;  // where it may stand, best first
    friend bool operator==(const NamedReplica&, const NamedReplica&) = default;
};

/// A server that needs not be found. No uuid: it did not tell it yet.
struct KnownServer {
    std::string uuid;
    config::Endpoint address;
};

struct DiscoveryTask {
    ConnectOptions access;  // its address is not used
    std::vector<config::Endpoint> sources;
    std::vector<KnownServer> known;
    std::size_t most = 0;  // new ones looked for
};

struct FoundReplica {
    std::string uuid;
    config::Endpoint address;
};

struct Discovery {
    bool asked = false;              // a source answered
    std::vector<std::string> named;  // uuids of all that replicate
    std::vector<FoundReplica> found;
    std::vector<std::string> problems;  // sentences
};

/// `replicas`: SHOW REPLICAS. `callers`: the hosts that binary logs are sent to. A replica that
/// does not say its host, or a wrong one, is one of the callers.
std::vector<NamedReplica> read_replicas(const ResultSet& replicas, const ResultSet& callers);

/// Asks the sources, and each new replica whether it is the one meant. Blocks, with deadlines.
Discovery discover(const DiscoveryTask& task);

}  // namespace pointsman::health
