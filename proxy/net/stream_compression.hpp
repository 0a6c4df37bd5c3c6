#pragma once
// What a compressed stream holds. Idle, it is these few bytes: buffers and codecs belong to the
// thread and are lent while a packet is on its way.

#include "proxy/net/stream.hpp"

namespace pointsman::proxy::net {

struct Stream::Compressed {
    Compressed(protocol::Compression how, protocol::Peer peer, protocol::CodecPool& pool,
               BufferPool& buffers)
        : codecs(pool), channel(how, peer, pool), input(buffers)
    {
    }
    bool holds_input() const { return !input.empty() || !channel.is_idle(); }
    /// Plain bytes can come, or an error, without the socket having anything to say.
    bool can_decode() const { return !input.empty() || channel.has_output(); }

    protocol::CodecPool& codecs;
    protocol::CompressedChannel channel;
    ReadBuffer input;              // came, and is not expanded yet
    protocol::Buffer unsent;       // one compressed packet's rest, which the socket had no room for
    std::size_t unsent_plain = 0;  // what that packet holds: taken once the rest is sent
    bool broken = false;
};

}  // namespace pointsman::proxy::net
