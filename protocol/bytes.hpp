#pragma once
// Views of raw bytes, used by every layer that looks at packets.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::protocol {

using Byte = std::uint8_t;
/// Borrowed bytes. Whoever returns one says how long it lives.
using Bytes = std::span<const Byte>;
using MutableBytes = std::span<Byte>;
/// Owned bytes.
using Buffer = std::vector<Byte>;

/// The same bytes seen as text; no copy.
inline std::string_view as_text(Bytes bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The same text seen as bytes; no copy.
inline Bytes as_bytes(std::string_view text)
{
    return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

/// The text's own bytes, to be written over.
inline MutableBytes as_mutable_bytes(std::string& text)
{
    return {reinterpret_cast<Byte*>(text.data()), text.size()};
}

}  // namespace pointsman::protocol
