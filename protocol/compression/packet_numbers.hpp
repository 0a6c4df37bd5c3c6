#pragma once
// Sequence ids under compression: those of the compressed packets, and those of the packets inside.
//
// Measured on MySQL 9.7 and MariaDB 10.11: compressed packets count from 0 with each command and go
// on through its answer, both directions together. The ids of the packets inside are not checked,
// and whoever flushes sets them to the count of the compressed ones: the second of several results
// begins with 2 again, whatever the first ended with. Plain connections count on. So what comes in
// is numbered anew here as on a plain connection; then it fits the other side of the proxy, however
// that is connected.

#include "protocol/bytes.hpp"
#include "protocol/packet.hpp"

#include <array>

namespace pointsman::protocol {

/// Who is at the other end.
enum class Peer : std::uint8_t { client, server };

/// Where one direction of a plain stream stands among its packets.
class PacketWalk {
public:
    /// At a packet's border, and the next packet does not continue a message.
    bool between_messages() const { return header_size_ == 0 && left_ == 0 && !continues_; }
    /// Of the last packet whose header went by.
    std::uint8_t sequence() const { return header_[packet_header_size - 1]; }
    /// Of the last packet's payload; 0 when it has none.
    Byte first_byte() const { return first_byte_; }

    /// Passes by what is at the front: to the end of a header or of a payload at most. How much.
    std::size_t step(Bytes bytes);
    void pass(Bytes bytes);
    /// The same; packets that begin in `bytes` get the ids from `next` on.
    void renumber(MutableBytes bytes, std::uint8_t& next);

private:
    std::size_t step_in_header(Bytes bytes);

    std::array<Byte, packet_header_size> header_{};
    std::size_t header_size_ = 0;  // of a header that has gone by in part
    std::uint32_t left_ = 0;       // of the payload
    bool at_first_byte_ = false;
    bool continues_ = false;
    Byte first_byte_ = 0;
};

class PacketNumbers {
public:
    explicit PacketNumbers(Peer peer) : peer_(peer) {}

    /// A compressed packet comes in with this id. False: it is out of order.
    bool accept(std::uint8_t sequence);
    /// Plain bytes of it. Their packets are numbered anew.
    void on_incoming(MutableBytes plain);

    /// How much of `plain` goes into one compressed packet. Each command has its own; one that is
    /// not here whole gets three at least, so that its answer begins with a number that no second
    /// packet of an answer before it has (a short statement may be sent ahead of a command).
    std::size_t part(Bytes plain, std::size_t limit) const;
    /// The id for a compressed packet with this content, which goes out now.
    std::uint8_t on_outgoing(Bytes plain);

    /// Nothing has come in of a message that is not complete.
    bool between_messages() const { return in_.between_messages(); }

private:
    enum class Side : std::uint8_t { none, in, out };

    bool accept_from_client(std::uint8_t sequence);
    bool accept_from_server(std::uint8_t sequence);
    bool begins_command(Bytes plain) const;

    Peer peer_;
    Side last_ = Side::none;  // who spoke last
    PacketWalk in_, out_;
    std::uint8_t next_ = 0;         // of the next compressed packet, whoever sends it
    std::uint8_t next_inside_ = 0;  // of the next packet that comes in
    std::uint8_t answer_ = 0;       // what the answer to our last words begins with
    std::uint8_t parts_ = 2;        // that the command going out has got; not counted beyond 2
};

}  // namespace pointsman::protocol
