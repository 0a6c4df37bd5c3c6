#pragma once
// Which server is the primary: the one writable server with the cluster's history. Pure. The one
// that was the primary stays it as long as it can; the others that are writable get nothing.

#include "config/endpoint.hpp"

#include "health/probe.hpp"
#include "health/replication_graph.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::health {

/// What is remembered of the primary that was accepted last, whether or not it still serves.
struct KnownPrimary {
    config::ServerId id{};
    std::string name;
    config::Endpoint address;
    Flavour flavour = Flavour::mysql;
    std::string uuid;
    std::string executed;  // GTID set or position when it was seen last
    friend bool operator==(const KnownPrimary&, const KnownPrimary&) = default;
};

/// Who got the role last and whose it was before, by what an earlier process wrote down.
struct Appointed {
    std::string uuid;                   // empty: nobody knows
    std::vector<std::string> replaced;  // UUIDs of those that nobody is known to have fenced since
};

/// A writable server that is not the primary.
struct Refused {
    std::size_t member;
    std::string problem;  // what to tell of it
    /// The primary was seen writable after this one was; before that it may be a change of hands
    /// that is half seen, which is not worth an alarm.
    bool confirmed = true;
};

struct PrimaryChoice {
    std::optional<std::size_t> primary;  // index into the members
    std::vector<Refused> refused;
    std::string why_none;  // a sentence when there is no primary
};

/// `appointed.uuid` counts only while no primary is known.
PrimaryChoice choose_primary(const std::vector<Member>& members, const ReplicationGraph& graph,
                             const std::optional<KnownPrimary>& known,
                             const Appointed& appointed = {});

}  // namespace pointsman::health
