#pragma once
// The transactions that clients of one worker were told of last, each by its number: what else a
// lost primary's successor has, nobody was told of. Belongs to the worker's thread.

#include "protocol/gtid_set.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pointsman::proxy {

class RecentWrites {
public:
    static constexpr std::size_t most = 65'536;  // seconds of a very busy primary

    /// What an OK packet told of. Only one transaction at a time can be the session's own beyond
    /// doubt (session_track_gtids = ALL_GTIDS tells of everybody's): others are left out.
    void note(const protocol::Position& gtids);
    protocol::GtidSet set() const;

private:
    struct Write {
        protocol::Uuid uuid{};
        std::uint64_t number = 0;
        auto operator<=>(const Write&) const = default;
    };
    std::vector<Write> ring_;
    std::size_t oldest_ = 0;  // once the ring is full
};

}  // namespace pointsman::proxy
