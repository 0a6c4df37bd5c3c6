#pragma once
// Bytes that people can read: for vectors in tests, and for what a failed check prints.

#include "protocol/bytes.hpp"

#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pointsman::tests {

/// "0a 35 2e" and so on; `limit` bytes at most, the rest as a count.
inline std::string hex(protocol::Bytes bytes, std::size_t limit = 256)
{
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size() && i < limit; ++i) {
        if (i > 0) text += ' ';
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    if (bytes.size() > limit) text += " … and " + std::to_string(bytes.size() - limit) + " more";
    return text;
}

/// The opposite; white space between the digits does not matter, anything else throws.
inline protocol::Buffer unhex(std::string_view text)
{
    const auto value = [](char c) -> int {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        throw std::invalid_argument(std::string("no hex digit: ") + c);
    };
    protocol::Buffer bytes;
    int high = -1;
    for (const char c : text) {
        if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
        if (high < 0) {
            high = value(c);
        } else {
            bytes.push_back(static_cast<protocol::Byte>(high << 4 | value(c)));
            high = -1;
        }
    }
    if (high >= 0) throw std::invalid_argument("an odd number of hex digits");
    return bytes;
}

/// Text as owned bytes.
inline protocol::Buffer bytes_of(std::string_view text)
{
    return {text.begin(), text.end()};
}

}  // namespace pointsman::tests
