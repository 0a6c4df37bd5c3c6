#pragma once
// Finds the messages in a byte stream, however it is cut: a message that is whole in the given
// bytes is handed out in place, uncopied; one that is not, or that goes on over several packets
// (each full one holds 16 MiB - 1), is gathered in a buffer that grows only with the bytes that
// came.
//
// The caller presents bytes, removes those that were consumed, and presents the rest again with
// what came since. After an error the stream has lost its borders: close it.

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"
#include "protocol/packet.hpp"

#include <array>
#include <optional>

namespace pointsman::protocol {

/// One message: a command, or one packet of the connection phase.
struct Message {
    Bytes payload;  // whole and without headers
    Bytes wire;     // the same with its header, to be passed on; empty when several packets were
                    // joined (append_message makes the same packets again)
    std::uint8_t sequence = 0;       // of its first packet
    std::uint8_t next_sequence = 1;  // what the answer to it begins with
};

/// What is known of a message's first sequence id. Later packets of it must count up in any case.
enum class FirstSequence : std::uint8_t {
    zero,  // the command phase: every command begins anew
    any,   // the connection phase: the handshake machine checks it
};

class Framer {
public:
    struct Framed {
        std::size_t consumed = 0;  // bytes at the front that were dealt with
        /// Its views live until the given bytes go or the framer is called again, whatever is
        /// first. Nothing: more bytes are wanted (all given ones were consumed).
        std::optional<Message> message;
    };

    /// `max_message_size` limits the payload, all packets together (max_allowed_packet).
    explicit Framer(std::size_t max_message_size, FirstSequence first = FirstSequence::zero);

    /// Up to one message. message_too_large comes as soon as a header announces it, before any of
    /// that packet is kept.
    Result<Framed> on_bytes(Bytes bytes);

    /// After login: other limits hold from the next message on.
    void expect(std::size_t max_message_size, FirstSequence first);

    /// True when a message has begun and is not complete: here a slow sender can be told from an
    /// idle one.
    bool is_inside_message() const
    {
        return !delivered_ && (header_size_ > 0 || !gathered_.empty());
    }
    /// Memory held for the message under way.
    std::size_t gathered_size() const { return gathered_.size(); }

private:
    std::optional<Message> whole_message(Bytes bytes) const;
    boost::system::error_code check(PacketHeader header) const;
    std::size_t take_header(Bytes bytes);
    std::size_t take_payload(Bytes bytes);
    boost::system::error_code begin_packet();
    std::optional<Message> end_packet();
    void forget_delivered();

    std::size_t limit_;
    FirstSequence first_;
    Buffer gathered_;  // the first header, then the payload of all packets so far
    std::array<Byte, packet_header_size> header_{};  // of the packet under way
    std::size_t header_size_ = 0;                    // how much of it has come
    std::size_t payload_left_ = 0;                   // of the packet under way
    std::size_t payload_size_ = 0;  // announced so far by all packets of the message
    std::size_t packets_ = 0;       // begun so far in this message
    bool delivered_ = false;        // gathered_ was handed out by the last call
    boost::system::error_code broken_;
};

}  // namespace pointsman::protocol
