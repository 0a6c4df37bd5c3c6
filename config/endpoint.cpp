#include "config/endpoint.hpp"

#include <algorithm>
#include <charconv>

namespace pointsman::config {
namespace {

constexpr std::size_t max_host = 253;         // RFC 1035
constexpr std::size_t max_socket_path = 107;  // sockaddr_un::sun_path without its final zero

bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host_name(std::string_view text)
{
    auto allowed = [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; };
    return !text.empty() && text.size() <= max_host &&
           std::all_of(text.begin(), text.end(), allowed);
}

/// Hexadecimal groups, an embedded v4 address and a zone ("fe80::1%eth0"). Whether the groups add
/// up is the resolver's business.
bool is_v6_literal(std::string_view text)
{
    auto allowed = [](char c) {
        return is_alphanumeric(c) || c == ':' || c == '.' || c == '%' || c == '-' || c == '_';
    };
    return text.size() >= 2 && text.size() <= max_host &&
           std::count(text.begin(), text.end(), ':') >= 2 &&
           std::all_of(text.begin(), text.end(), allowed);
}

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

std::optional<Endpoint> parse_socket_path(std::string_view text)
{
    auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (text.size() < 2 || text.size() > max_socket_path) return std::nullopt;
    if (std::any_of(text.begin(), text.end(), is_control)) return std::nullopt;
    return Endpoint{{}, 0, std::string{text}};
}

/// `rest` is what follows the host: nothing, or a colon and the port.
std::optional<Endpoint> with_port(std::string_view host, std::string_view rest,
                                  std::uint16_t default_port)
{
    if (rest.empty()) return Endpoint{std::string{host}, default_port, {}};
    if (rest.front() != ':') return std::nullopt;
    auto port = parse_port(rest.substr(1));
    if (!port) return std::nullopt;
    return Endpoint{std::string{host}, *port, {}};
}

}  // namespace

std::string Endpoint::text() const
{
    if (is_unix()) return socket_path;
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port)
{
    if (text.empty()) return std::nullopt;
    if (text.front() == '/') return parse_socket_path(text);
    if (text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        const auto host = text.substr(1, close - 1);
        if (!is_v6_literal(host)) return std::nullopt;
        return with_port(host, text.substr(close + 1), default_port);
    }
    const auto host = text.substr(0, text.find(':'));
    if (!is_host_name(host)) return std::nullopt;
    return with_port(host, text.substr(host.size()), default_port);
}

}  // namespace pointsman::config
