#include "proxy/routing/balancer.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

using health::ServerView;

/// Weights are summed in 32 bits for Random::below; a larger one would not mean anything.
constexpr std::uint32_t largest_weight = 1u << 20;

std::uint32_t weight_of(const ServerView& server, std::optional<config::ServerId> avoid)
{
    if (!server.takes_reads || server.id == avoid) return 0;
    return std::min(server.weight, largest_weight);
}

/// Draws one candidate by weight; `without` is out of the draw.
const ServerView* draw(const health::Topology& topology, std::optional<config::ServerId> avoid,
                       const ServerView* without, Random& random)
{
    std::uint32_t total = 0;
    for (const auto& server : topology.servers)
        if (&server != without) total += weight_of(server, avoid);
    if (total == 0) return nullptr;
    std::uint32_t ticket = random.below(total);
    for (const auto& server : topology.servers) {
        if (&server == without) continue;
        const std::uint32_t weight = weight_of(server, avoid);
        if (ticket < weight) return &server;
        ticket -= weight;
    }
    return nullptr;
}

std::uint64_t outstanding_at(std::span<const std::uint32_t> outstanding, const ServerView& server)
{
    const std::uint32_t index = config::index_of(server.id);
    return index < outstanding.size() ? outstanding[index] : 0;
}

}  // namespace

std::uint64_t Random::next()
{
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1dull;
}

std::uint32_t Random::below(std::uint32_t bound)
{
    // The high bits are the good ones; scaling them has a bias below bound / 2^32.
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
}

std::optional<config::ServerId> choose_replica(const health::Topology& topology,
                                               std::span<const std::uint32_t> outstanding,
                                               std::optional<config::ServerId> avoid,
                                               Random& random)
{
    const ServerView* first = draw(topology, avoid, nullptr, random);
    if (!first) return std::nullopt;
    const ServerView* second = draw(topology, avoid, first, random);
    if (!second) return first->id;
    // (outstanding + 1) / weight, compared without dividing; a tie keeps the first draw, which is
    // by weight.
    const std::uint64_t first_load = (outstanding_at(outstanding, *first) + 1) * second->weight;
    const std::uint64_t second_load = (outstanding_at(outstanding, *second) + 1) * first->weight;
    return second_load < first_load ? second->id : first->id;
}

}  // namespace pointsman::proxy
