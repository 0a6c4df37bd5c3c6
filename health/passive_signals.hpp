#pragma once
// What sessions noticed of servers while doing their work: counted by workers, read by the health
// loop. Lock-free; one slot per ServerId.

#include <array>
#include <atomic>
#include <cstdint>

#include "config/endpoint.hpp"

namespace pointsman::health {

/// Most servers that one process can know in its life (ids are never used again).
constexpr std::size_t max_server_ids = 256;

class PassiveSignals {
public:
    /// A link to the server was refused, reset or closed without being asked to.
    void note_link_lost(config::ServerId id) noexcept { bump(lost_, id); }
    /// A write was refused with 1290, 1792 or 1836: it is read-only now.
    void note_read_only(config::ServerId id) noexcept { bump(read_only_, id); }

    struct Counts { std::uint32_t links_lost = 0, read_only = 0; };
    /// Totals since start; the caller keeps the last ones to see what is new.
    Counts counts(config::ServerId id) const noexcept
    {
        auto i = config::index_of(id);
        if (i >= max_server_ids) return {};
        return {lost_[i].load(std::memory_order_relaxed), read_only_[i].load(std::memory_order_relaxed)};
    }

private:
    using Slots = std::array<std::atomic<std::uint32_t>, max_server_ids>;
    static void bump(Slots& slots, config::ServerId id) noexcept
    {
        if (config::index_of(id) < max_server_ids)
            slots[config::index_of(id)].fetch_add(1, std::memory_order_relaxed);
    }
    Slots lost_{}, read_only_{};
};

}  // namespace pointsman::health
