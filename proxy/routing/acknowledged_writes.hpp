#pragma once
// The newest write of each source that was acknowledged to any client of this process: what reads
// under `consistency: global` must see. Shared by all workers without a lock.

#include "proxy/routing/causal_reads.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace pointsman::proxy {

class AcknowledgedWrites {
public:
    /// Sources (UUIDs and tags, or domains) that it tells apart. Each primary that ever was makes
    /// one more.
    static constexpr std::size_t most_sources = 64;

    /// Before the client hears of it. From any thread.
    void note(const protocol::Position& gtids, Moment now);
    /// Grows with each new write; one that is met once stays met.
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
    /// The newest of each source; nothing when there were more sources than fit.
    std::optional<protocol::Position> position() const;
    /// These are lost with the primary that they were on, and it was said.
    void forget(const protocol::GtidSet& lost);
    /// What a primary was asked for after it was acknowledged, and does not have, is lost.
    void forget_lost(const ServerMarks& marks, config::ServerId primary);

private:
    enum State : std::uint32_t { free, being_filled, ready };
    /// The key is written once, before `ready`.
    struct Slot {
        std::atomic<std::uint32_t> state{free};
        protocol::Uuid uuid{};
        std::string tag;
        std::uint32_t domain = 0, server_id = 0;
        bool mariadb = false;
        std::atomic<std::uint64_t> newest{0};
        std::atomic<Moment::rep> noted_at{0};

        bool is(const Slot& key) const
        {
            return mariadb == key.mariadb && domain == key.domain && uuid == key.uuid &&
                   tag == key.tag;
        }
        protocol::Position position(std::uint64_t number) const;
    };

    Slot* slot_of(const Slot& key);
    void raise(const Slot& key, std::uint64_t number, Moment now);

    std::array<Slot, most_sources> slots_;
    std::atomic<std::uint64_t> version_{0};
    std::atomic<bool> overflowed_{false};
};

}  // namespace pointsman::proxy
