#pragma once
// "250ms", "16MiB": numbers with their units, to and from text.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::config {

using Milliseconds = std::chrono::milliseconds;

/// A number of bytes.
struct ByteCount {
    std::uint64_t value = 0;
    friend auto operator<=>(const ByteCount&, const ByteCount&) = default;
};

/// A whole number followed by ms, s, min, h or d. "0" needs no unit. Nothing on anything else, on a
/// missing unit and on overflow.
std::optional<Milliseconds> parse_duration(std::string_view text);
/// A whole number followed by B, KiB, MiB or GiB.
std::optional<ByteCount> parse_bytes(std::string_view text);
std::string to_text(Milliseconds duration);
std::string to_text(ByteCount bytes);

}  // namespace pointsman::config
