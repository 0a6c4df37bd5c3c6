#pragma once
// Networks by prefix, as lists of trusted addresses name them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::config {

/// An IPv4 or IPv6 network. An IPv4 one stands as its mapped IPv6 form, so that a socket of either
/// kind is compared alike.
struct Network {
    std::array<std::uint8_t, 16> address{};
    std::uint8_t prefix_bits = 128;  // of 128; an IPv4 /8 is 104

    bool is_v4() const;
    /// "10.0.0.0/8" or "fd00::/8", the form that parse_network reads.
    std::string text() const;
    /// `host` is a numeric address; any other text is in no network.
    bool contains(std::string_view host) const;
    friend bool operator==(const Network&, const Network&) = default;
};

/// Reads "10.0.0.0/8", "192.0.2.7", "fd00::/8". Bits behind the prefix must be zero.
std::optional<Network> parse_network(std::string_view text);

bool any_contains(const std::vector<Network>& networks, std::string_view host);

}  // namespace pointsman::config
