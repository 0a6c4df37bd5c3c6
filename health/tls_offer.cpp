#include "health/tls_offer.hpp"

#include <algorithm>

namespace pointsman::health {

// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
// A packet header of 4 bytes, int<1> protocol version, string<NUL> server version, int<4> thread
// id, string[8] first part of the nonce, int<1> filler, int<2> lower capability flags.
TlsOffer tls_offer(std::span<const std::uint8_t> first_bytes)
{
    constexpr std::size_t version_at = 4;
    constexpr std::uint8_t handshake_v10 = 10;
    constexpr std::size_t between = 1 + 4 + 8 + 1;  // from the version's NUL to the flags
    constexpr std::uint16_t client_ssl = 0x0800;

    if (first_bytes.size() <= version_at || first_bytes[version_at] != handshake_v10)
        return TlsOffer::no_greeting;
    auto text = first_bytes.subspan(version_at + 1);
    auto end = static_cast<std::size_t>(std::ranges::find(text, 0) - text.begin());
    if (text.size() < end + between + 2) return TlsOffer::no_greeting;
    auto flags = text.subspan(end + between, 2);
    return (flags[0] | flags[1] << 8) & client_ssl ? TlsOffer::offered : TlsOffer::not_offered;
}

}  // namespace pointsman::health
