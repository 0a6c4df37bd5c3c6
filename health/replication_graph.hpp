#pragma once
// Who replicates from whom, and who shares whose history, among the configured servers. Pure; made
// anew from each set of reports.

#include "config/endpoint.hpp"

#include "health/probe.hpp"
#include "health/topology.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::health {

/// A configured server and what it said last.
struct Member {
    config::ServerId id{};
    std::string name;
    config::Endpoint address;
    HealthState health = HealthState::starting;
    const ServerReport* report = nullptr;     // null: it says nothing now
    TimePoint looked_at{};                    // when the probe behind `report` left
    std::optional<TimePoint> writable_since;  // nothing: not writable
    std::optional<TimePoint> up_since;        // nothing: down
    std::optional<TimePoint> flowing_at;      // when the receivers of a replica were seen on last
    std::string trouble;                      // "does not answer since 1.2 s"; empty: it answers
    bool refused_write = false;               // as read-only, after `report` came
    bool was_replaced = false;                // and has not said since that it is read-only
    bool was_closed = false;                  // it said so, since it is up or was told
};

class ReplicationGraph {
public:
    explicit ReplicationGraph(const std::vector<Member>& members);

    /// The member that this channel of `replica` replicates from; nothing when it is none of ours.
    std::optional<std::size_t> source_of(std::size_t replica,
                                         const ReplicationChannel& channel) const;
    /// `replica` replicates from `source`, through others or not; threads may stand still.
    bool follows(std::size_t replica, std::size_t source) const;
    /// Members that follow `source`.
    std::vector<std::size_t> followers(std::size_t source) const;
    /// The two have transactions in common, or one follows the other, or neither keeps GTIDs.
    bool share_history(std::size_t a, std::size_t b) const;
    /// `a` has every transaction of `b`; false when it cannot be told.
    bool covers(std::size_t a, std::size_t b) const;

private:
    bool reaches(std::size_t replica, std::size_t source, std::size_t hops) const;

    const std::vector<Member>& members_;
};

/// Two GTID sets (MariaDB: positions) come from a common origin. True when either is empty.
bool gtids_in_common(Flavour flavour, std::string_view a, std::string_view b);
/// `a` holds all of `b`; false when either is empty or can't be read.
bool gtids_cover(Flavour flavour, std::string_view a, std::string_view b);
/// `a` certainly lacks something that `b` has: a former primary that nobody fenced, say, and that
/// was left behind. False when either is empty or can't be read: then nobody can tell.
bool gtids_lack(Flavour flavour, std::string_view a, std::string_view b);

}  // namespace pointsman::health
