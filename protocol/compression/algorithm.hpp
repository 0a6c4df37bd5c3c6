#pragma once
// How the packets of a connection are compressed once it is logged in.

#include "protocol/capability.hpp"

#include <cstdint>

namespace pointsman::protocol {

enum class CompressionAlgorithm : std::uint8_t { none, zlib, zstd };

/// An algorithm with its effort; `level` counts for zstd only.
struct Compression {
    CompressionAlgorithm algorithm = CompressionAlgorithm::none;
    std::uint8_t level = 3;
    explicit operator bool() const { return algorithm != CompressionAlgorithm::none; }
    friend bool operator==(const Compression&, const Compression&) = default;
};

constexpr std::uint8_t min_zstd_level = 1, max_zstd_level = 22;

/// What is in force between two sides that have these capabilities in common. Of both algorithms it
/// is zlib (measured: MySQL 9.7 goes by protocol_compression_algorithms, whose default begins with
/// it; libmysqlclient too looks at zlib first).
inline Compression chosen_compression(Capabilities common, std::uint8_t zstd_level)
{
    if ((common & capability::compress) != 0) return {CompressionAlgorithm::zlib, 0};
    if ((common & capability::zstd_compression) != 0)
        return {CompressionAlgorithm::zstd, zstd_level};
    return {CompressionAlgorithm::none, 0};
}

}  // namespace pointsman::protocol
