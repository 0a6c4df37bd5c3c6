#include "protocol/packet.hpp"

#include "protocol/wire_writer.hpp"

#include <algorithm>

namespace pointsman::protocol {

void append_header(Buffer& out, PacketHeader header)
{
    WireWriter(out).int3(header.payload_size).int1(header.sequence);
}

std::uint8_t append_message(Buffer& out, Bytes payload, std::uint8_t sequence)
{
    for (;;) {
        const Bytes part = payload.first(std::min(payload.size(), max_packet_payload));
        append_header(out, {static_cast<std::uint32_t>(part.size()), sequence});
        out.insert(out.end(), part.begin(), part.end());
        ++sequence;
        if (part.size() < max_packet_payload) return sequence;
        payload = payload.subspan(part.size());
    }
}

}  // namespace pointsman::protocol
