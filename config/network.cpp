#include "config/network.hpp"

#include <algorithm>
#include <charconv>

namespace pointsman::config {
namespace {

using Bytes16 = std::array<std::uint8_t, 16>;
constexpr std::uint8_t v4_offset = 96;  // bits of ::ffff:0:0 before an IPv4 address

template <class Number>
std::optional<Number> whole_number(std::string_view text, int base, std::size_t max_digits)
{
    Number value{};
    const char* const last = text.data() + text.size();
    if (text.empty() || text.size() > max_digits || text.front() == '-') return std::nullopt;
    auto [end, error] = std::from_chars(text.data(), last, value, base);
    if (error != std::errc{} || end != last) return std::nullopt;
    return value;
}

/// The part before the first `separator`, which is taken off with it.
std::string_view take_part(std::string_view& text, char separator)
{
    const auto at = text.find(separator);
    const auto part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

bool read_v4(std::string_view text, std::uint8_t* out)
{
    if (std::count(text.begin(), text.end(), '.') != 3) return false;
    for (int i = 0; i < 4; ++i) {
        const auto byte = whole_number<std::uint8_t>(take_part(text, '.'), 10, 3);
        if (!byte) return false;
        out[i] = *byte;
    }
    return text.empty();
}

/// Groups of one side of "::", an IPv4 address at the end counting as two. Bytes written, or
/// nothing.
std::optional<std::size_t> read_groups(std::string_view text, std::uint8_t* out, std::size_t room)
{
    std::size_t used = 0;
    while (!text.empty()) {
        const bool is_last = text.find(':') == std::string_view::npos;
        const auto part = take_part(text, ':');
        if (text.empty() && !is_last) return std::nullopt;  // ends with a colon
        if (is_last && part.find('.') != std::string_view::npos) {
            if (used + 4 > room || !read_v4(part, out + used)) return std::nullopt;
            return used + 4;
        }
        const auto group = whole_number<std::uint16_t>(part, 16, 4);
        if (!group || used + 2 > room) return std::nullopt;
        out[used++] = static_cast<std::uint8_t>(*group >> 8);
        out[used++] = static_cast<std::uint8_t>(*group & 0xff);
    }
    return used;
}

std::optional<Bytes16> read_v6(std::string_view text)
{
    Bytes16 bytes{};
    const auto gap = text.find("::");
    const auto head = read_groups(text.substr(0, gap), bytes.data(), 16);
    if (!head) return std::nullopt;
    if (gap == std::string_view::npos) return *head == 16 ? std::optional{bytes} : std::nullopt;
    Bytes16 behind{};
    const auto tail = read_groups(text.substr(gap + 2), behind.data(), 14);
    if (!tail || *head + *tail > 14) return std::nullopt;
    std::copy_n(behind.begin(), *tail, bytes.end() - static_cast<std::ptrdiff_t>(*tail));
    return bytes;
}

std::optional<Bytes16> read_address(std::string_view text)
{
    if (text.find(':') != std::string_view::npos) return read_v6(text);
    Bytes16 bytes{};
    bytes[10] = bytes[11] = 0xff;
    if (!read_v4(text, bytes.data() + 12)) return std::nullopt;
    return bytes;
}

bool same_prefix(const Bytes16& one, const Bytes16& other, std::size_t bits)
{
    const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
    if (!std::equal(one.begin(), one.begin() + whole, other.begin())) return false;
    if (bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff00u >> (bits % 8));
    const auto at = static_cast<std::size_t>(whole);
    return ((one[at] ^ other[at]) & mask) == 0;
}

bool is_zero_behind(const Bytes16& address, std::size_t bits)
{
    for (std::size_t bit = bits; bit < 128; ++bit)
        if (address[bit / 8] & (0x80u >> (bit % 8))) return false;
    return true;
}

std::string hexadecimal(unsigned value)
{
    char text[8];
    auto* const end = std::to_chars(text, text + sizeof text, value, 16).ptr;
    return {text, end};
}

}  // namespace

bool Network::is_v4() const
{
    static constexpr std::uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return prefix_bits >= v4_offset &&
           std::equal(std::begin(mapped), std::end(mapped), address.begin());
}

std::string Network::text() const
{
    std::string text;
    if (is_v4()) {
        for (std::size_t i = 12; i < 16; ++i)
            text += (i > 12 ? "." : "") + std::to_string(address[i]);
        return text + "/" + std::to_string(prefix_bits - v4_offset);
    }
    for (std::size_t i = 0; i < 16; i += 2)
        text += (i > 0 ? ":" : "") + hexadecimal(address[i] * 256u + address[i + 1]);
    return text + "/" + std::to_string(prefix_bits);
}

bool Network::contains(std::string_view host) const
{
    const auto bytes = read_address(host);
    return bytes && same_prefix(*bytes, address, prefix_bits);
}

std::optional<Network> parse_network(std::string_view text)
{
    const bool has_prefix = text.find('/') != std::string_view::npos;
    const auto address_text = take_part(text, '/');
    const auto address = read_address(address_text);
    if (!address) return std::nullopt;
    Network network{*address, 128};
    if (!has_prefix) return network;
    const bool v4 = address_text.find(':') == std::string_view::npos;
    const unsigned offset = v4 ? v4_offset : 0;
    const auto bits = whole_number<std::uint8_t>(text, 10, 3);
    if (!bits || offset + *bits > 128) return std::nullopt;
    network.prefix_bits = static_cast<std::uint8_t>(offset + *bits);
    if (!is_zero_behind(*address, network.prefix_bits)) return std::nullopt;
    return network;
}

bool any_contains(const std::vector<Network>& networks, std::string_view host)
{
    return std::any_of(networks.begin(), networks.end(),
                       [host](const Network& network) { return network.contains(host); });
}

}  // namespace pointsman::config
