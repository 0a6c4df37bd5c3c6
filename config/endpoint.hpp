#pragma once
// Where something listens, and the names by which servers are known.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::config {

/// host and port, or the path of a unix socket (then `port` is 0 and `host` empty).
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string socket_path;

    bool is_unix() const { return !socket_path.empty(); }
    /// "host:port", "[v6]:port" or "/path", the form that parse_endpoint reads.
    std::string text() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Reads "host:port", "[v6]:port", "host" (with `default_port`) or "/path/to/socket".
std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

/// A configured server, for as long as the process lives: a reload that keeps a server's name and
/// endpoint keeps its id; ids are never used again for another one. They start at 0 and are dense.
enum class ServerId : std::uint32_t {};

constexpr std::uint32_t index_of(ServerId id)
{
    return static_cast<std::uint32_t>(id);
}

}  // namespace pointsman::config
