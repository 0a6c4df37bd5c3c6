#pragma once
// Which replica among those that take reads: power of two choices by outstanding work over weight.
// Pure: the outstanding counts and the random numbers come in.

#include "health/topology.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace pointsman::proxy {

/// A small, fast, seeded generator (xorshift64*). Not for secrets.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed ? seed : 0x9e3779b97f4a7c15ull) {}
    std::uint64_t next();
    /// 0 … bound-1; bound must not be 0.
    std::uint32_t below(std::uint32_t bound);

private:
    std::uint64_t state_;
};

/// `outstanding[index_of(id)]`: commands under way at that server from this worker (a shorter span
/// means 0). Two distinct candidates are drawn with probability by weight; the one with the smaller
/// (outstanding + 1) / weight wins. `avoid` is never taken.
std::optional<config::ServerId> choose_replica(const health::Topology& topology,
                                               std::span<const std::uint32_t> outstanding,
                                               std::optional<config::ServerId> avoid,
                                               Random& random);

}  // namespace pointsman::proxy
