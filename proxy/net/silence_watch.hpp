#pragma once
// Whether the machine at the other end of a connection is gone without a word.
//
// Why not TCP_USER_TIMEOUT: the kernel also counts the time in which the other end takes nothing
// although it answers. A server that waits for a lock in the middle of LOAD DATA does that, and one
// that expands a long compressed statement on a busy machine: the kernel cut them off.

#include "proxy/net/clock.hpp"

#include <optional>

namespace pointsman::proxy::net {

class SilenceWatch {
public:
    /// To be asked again and again: has the other end of this TCP connection acknowledged nothing
    /// for `limit`, although the kernel repeated what it wants acknowledged?
    bool is_lost(int fd, TimePoint now, Clock::duration limit);

private:
    std::optional<TimePoint> silent_since_;
};

}  // namespace pointsman::proxy::net
