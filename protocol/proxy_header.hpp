#pragma once
// The PROXY protocol's header, versions 1 and 2: what a load balancer puts in front of a client's
// bytes to tell where the client is.
// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt

#include "protocol/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pointsman::protocol {

struct ProxiedClient {
    std::string host;  // numeric address, or "localhost" for a unix socket
    std::uint16_t port = 0;
    friend bool operator==(const ProxiedClient&, const ProxiedClient&) = default;
};

/// Where one look at the first bytes of a connection leads.
struct ProxyHeader {
    enum class State : std::uint8_t {
        incomplete,  // it may be one: look again at `size` bytes
        absent,      // no header begins like that
        malformed,
        complete,  // it takes `size` bytes
    };
    State state = State::incomplete;
    std::size_t size = 0;
    /// Nothing: the connection is the balancer's own (LOCAL), or it does not know (UNKNOWN,
    /// UNSPEC).
    std::optional<ProxiedClient> client;
};

/// Longest header taken, with what version 2 may add to it (TLVs, which are skipped).
constexpr std::size_t max_proxy_header = 4096;

/// Never asks for a byte behind the header, since those may be the next protocol's already.
ProxyHeader read_proxy_header(Bytes bytes);

}  // namespace pointsman::protocol
