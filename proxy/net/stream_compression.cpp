// Stream: the protocol's compression, between the packets and the socket (or TLS).

#include "proxy/net/stream_compression.hpp"

namespace pointsman::proxy::net {

void Stream::start_compression(protocol::Compression how, protocol::Peer peer, BufferPool& buffers)
{
    auto& codecs = protocol::CodecPool::of_this_thread();
    compressed_ = std::make_unique<Compressed>(how, peer, codecs, buffers);
}

bool Stream::compression_is_broken() const
{
    return compressed_ && compressed_->broken;
}

IoResult Stream::read_compressed(protocol::MutableBytes into)
{
    auto& input = compressed_->input;
    auto& channel = compressed_->channel;
    for (;;) {
        if (compressed_->can_decode()) {
            auto step = channel.decode(input.data(), into);
            compressed_->broken = !step;
            if (!step) return {IoStatus::failed, 0};
            input.consume(step->consumed);
            input.release();
            // Who waits for the socket must not wait for what is here already.
            if (compressed_->can_decode()) handle_.note_readable();
            if (step->produced > 0) return {IoStatus::ok, step->produced};
        }
        auto got = read_below(input.prepare());
        input.commit(got.bytes);
        if (got.status == IoStatus::ok) continue;
        input.release();
        return got;
    }
}

IoResult Stream::write_compressed(protocol::Bytes bytes)
{
    auto& unsent = compressed_->unsent;
    auto& taken = compressed_->unsent_plain;
    if (bytes.empty()) return {IoStatus::ok, 0};
    auto& packet = taken > 0 ? unsent : compressed_->codecs.scratch();
    if (taken == 0) taken = compressed_->channel.encode(bytes, packet);
    protocol::Bytes rest = packet;
    while (!rest.empty()) {
        auto sent = write_below(rest);
        rest = rest.subspan(sent.bytes);
        if (sent.status == IoStatus::ok) continue;
        protocol::Buffer left(rest.begin(), rest.end());
        unsent.swap(left);
        return {sent.status, 0};
    }
    protocol::Buffer().swap(unsent);
    return {IoStatus::ok, std::exchange(taken, 0)};
}

}  // namespace pointsman::proxy::net
