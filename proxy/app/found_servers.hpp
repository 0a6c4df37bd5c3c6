#pragma once
// The servers that were found and not listed. Belongs to the control thread.

#include "config/config.hpp"

#include "health/discovery.hpp"
#include "health/topology.hpp"

#include "proxy/net/clock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::proxy {

class FoundServers {
public:
    /// Adds them to the listed ones; drops those that are listed now.
    void add_to(config::Config& config);
    /// What to look for. `config` has the found ones in it.
    static health::DiscoveryTask task(const config::Config& config,
                                      const health::Topology& topology, std::size_t room);
    std::size_t room(const config::Config& config) const;
    /// Whether `add_to` now adds others than before. `fresh` gets the sentences that were not told
    /// yet.
    bool take(const health::Discovery& seen, const config::Config& config,
              const health::Topology& topology, net::TimePoint now,
              std::vector<std::string>& fresh);
    /// What is to be kept for the next start: the found ones, and whose they are. Empty: nothing.
    std::string text(const std::vector<config::Server>& listed) const;
    /// Takes what `text` said, and the time until it is forgotten begins anew. A sentence when it
    /// is damaged, or of another cluster: then nothing is taken.
    std::optional<std::string> recall(std::string_view text, const config::Config& config,
                                      net::TimePoint now);
    /// `before` stands again: the new ones could not be had.
    void restore(FoundServers before) { found_ = std::move(before.found_); }

private:
    struct Found {
        config::Server server;
        std::string uuid;
        net::TimePoint seen_at;
    };

    std::vector<Found> found_;
    std::vector<std::string> told_;
};

}  // namespace pointsman::proxy
