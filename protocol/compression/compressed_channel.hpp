#pragma once
// The compressed protocol of one connection, both directions, without I/O.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_compression_packet.html
//
// The plain stream is cut into compressed packets at any place: compressed length int<3>, sequence
// id int<1>, uncompressed length int<3> (0: the payload is as it is), payload.

#include "protocol/compression/codec.hpp"
#include "protocol/compression/packet_numbers.hpp"

#include <array>
#include <memory>

namespace pointsman::protocol {

constexpr std::size_t compressed_header_size = 7;
/// Shorter payloads are sent as they are (the server's MIN_COMPRESS_LENGTH).
constexpr std::size_t min_compressed_payload = 50;

class CompressedChannel {
public:
    /// `codecs` outlives the channel, and belongs to the same thread.
    CompressedChannel(Compression how, Peer peer, CodecPool& codecs)
        : how_(how), numbers_(peer), peer_(peer), codecs_(codecs)
    {
    }

    struct Decoded {
        std::size_t consumed = 0, produced = 0;
    };
    /// Fills `plain` from the front of `wire`: all of `wire` is consumed, or `plain` is full, or a
    /// client's packet ends (the next may be another command: it is for when this one is done).
    /// After an error the stream is of no use any more.
    Result<Decoded> decode(Bytes wire, MutableBytes plain);
    /// More plain bytes can come without further input.
    bool has_output() const { return has_output_; }
    /// Nothing has come of a packet, or message, that is not complete.
    bool is_idle() const
    {
        return header_size_ == 0 && numbers_.between_messages() && !has_output_;
    }

    /// Appends one compressed packet with the front of `plain` to `wire`; how much of it is in.
    std::size_t encode(Bytes plain, Buffer& wire);

private:
    boost::system::error_code begin_packet();
    std::size_t take_header(Bytes wire);
    boost::system::error_code take_payload(Bytes wire, MutableBytes plain, Decoded& done);
    Expander::Step expand(Bytes wire, MutableBytes plain);
    void end_packet();
    bool is_inside_payload() const { return header_size_ == compressed_header_size; }

    Compression how_;
    PacketNumbers numbers_;
    Peer peer_;
    CodecPool& codecs_;

    // Of the packet that comes in.
    std::array<Byte, compressed_header_size> header_{};
    std::size_t header_size_ = 0;
    std::uint32_t wire_left_ = 0, plain_left_ = 0;
    std::unique_ptr<Expander> expander_;  // none: it is not compressed
    bool has_output_ = false;
    boost::system::error_code broken_;
};

}  // namespace pointsman::protocol
