#pragma once
// The four bytes in front of every packet: payload length (int<3>), sequence id (int<1>).
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html

#include "protocol/bytes.hpp"

#include <optional>

namespace pointsman::protocol {

constexpr std::size_t packet_header_size = 4;
/// A payload of exactly this size says that the message goes on in the next packet.
constexpr std::size_t max_packet_payload = 0xffffff;

struct PacketHeader {
    std::uint32_t payload_size = 0;
    std::uint8_t sequence = 0;

    std::size_t wire_size() const { return packet_header_size + payload_size; }
    bool continues() const { return payload_size == max_packet_payload; }
};

/// The header at the front of `bytes`; nothing when fewer than four bytes are there.
inline std::optional<PacketHeader> peek_header(Bytes bytes)
{
    if (bytes.size() < packet_header_size) return std::nullopt;
    return PacketHeader{static_cast<std::uint32_t>(bytes[0]) |
                            static_cast<std::uint32_t>(bytes[1]) << 8 |
                            static_cast<std::uint32_t>(bytes[2]) << 16,
                        bytes[3]};
}

/// Appends a header to `out`.
void append_header(Buffer& out, PacketHeader header);

/// Appends `payload` as one message: headers, the split every 16 MiB - 1 and the empty last packet
/// that a payload of an exact multiple needs. Returns the sequence id after the last packet.
std::uint8_t append_message(Buffer& out, Bytes payload, std::uint8_t sequence);

}  // namespace pointsman::protocol
