#pragma once
// What sessions noticed of servers while doing their work: counted by workers, read by the health
// loop. Lock-free; one slot per ServerId. The first one to note something after a look wakes the
// reader, so that nobody has to look again and again.

#include "config/endpoint.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace pointsman::health {

/// Most servers that one process can know in its life (ids are never used again).
constexpr std::size_t max_server_ids = 256;

class PassiveSignals {
public:
    /// A link to the server was refused, reset or closed without being asked to.
    void note_link_lost(config::ServerId id) noexcept { bump(lost_, id); }
    /// A write was refused with 1290 or 1836: it is read-only now.
    void note_read_only(config::ServerId id) noexcept { bump(read_only_, id); }

    struct Counts {
        std::uint32_t links_lost = 0, read_only = 0;
        friend bool operator==(const Counts&, const Counts&) = default;
    };
    /// Totals since start; the caller keeps the last ones to see what is new.
    Counts counts(config::ServerId id) const noexcept
    {
        auto i = config::index_of(id);
        if (i >= max_server_ids) return {};
        return {lost_[i].load(std::memory_order_relaxed),
                read_only_[i].load(std::memory_order_relaxed)};
    }

    /// `wake` is called, on a worker's thread, when there is news; not again before `take_news`. To
    /// be set once, before the workers run; it lives as long as this object.
    void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }
    /// To be called before the counts are read.
    void take_news() noexcept { news_.store(false); }

private:
    using Slots = std::array<std::atomic<std::uint32_t>, max_server_ids>;
    void bump(Slots& slots, config::ServerId id) noexcept
    {
        if (config::index_of(id) >= max_server_ids) return;
        slots[config::index_of(id)].fetch_add(1, std::memory_order_relaxed);
        if (!news_.exchange(true) && wake_) wake_();
    }

    Slots lost_{}, read_only_{};
    std::atomic<bool> news_{false};
    std::function<void()> wake_;
};

}  // namespace pointsman::health
