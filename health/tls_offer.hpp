#pragma once
// Does the greeting of a server offer TLS? Read from the first bytes of a connection before the
// client library sees them: version 10.11 of it takes "TLS was asked for" for "TLS is on", and
// answers a server that offers none with the password in clear text.

#include <cstdint>
#include <span>

namespace pointsman::health {

enum class TlsOffer : std::uint8_t {
    offered,
    not_offered,
    no_greeting,  // an error packet, too few bytes or no MySQL at all: no login follows
};

TlsOffer tls_offer(std::span<const std::uint8_t> first_bytes);

}  // namespace pointsman::health
