#pragma once
// How reading or writing a stream ended.

#include <cstddef>
#include <cstdint>

namespace pointsman::proxy::net {

enum class IoStatus : std::uint8_t {
    ok,           // some bytes moved
    would_block,  // wait, then try again
    closed,       // the peer ended the stream
    failed,       // reset, broken pipe, TLS error
    timed_out,    // the handle's deadline passed (waiting calls only)
    cancelled,    // the handle was cancelled (waiting calls only)
};

struct IoResult {
    IoStatus status = IoStatus::ok;
    std::size_t bytes = 0;
};

}  // namespace pointsman::proxy::net
