#include "protocol/compression/codec.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace pointsman::protocol {

using tests::bytes_of;

namespace {

constexpr Compression all[] = {
    {CompressionAlgorithm::zlib, 0},
    {CompressionAlgorithm::zstd, 1},
    {CompressionAlgorithm::zstd, 3},
    {CompressionAlgorithm::zstd, 22},
};

Buffer noise(std::size_t size)
{
    std::mt19937 random(static_cast<unsigned>(size));
    Buffer bytes(size);
    for (auto& byte : bytes) byte = static_cast<Byte>(random());
    return bytes;
}

Buffer compressed(Compression how, Bytes plain)
{
    Compressor compressor;
    Buffer out;
    CHECK(compressor.compress(how, plain, out));
    return out;
}

/// All that comes of `wire`, taken in pieces of `room` bytes.
Buffer expanded(Compression how, Bytes wire, std::size_t room)
{
    Expander expander;
    expander.begin(how.algorithm);
    Buffer all_of_it, piece(room);
    for (;;) {
        const auto step = expander.expand(wire, piece);
        REQUIRE_FALSE(step.broken);
        wire = wire.subspan(step.consumed);
        all_of_it.insert(all_of_it.end(), piece.begin(),
                         piece.begin() + static_cast<std::ptrdiff_t>(step.produced));
        if (step.ended) break;
        REQUIRE(step.consumed + step.produced > 0);
    }
    CHECK(wire.empty());
    return all_of_it;
}

}  // namespace

TEST_CASE("what was compressed comes back, in pieces of any size")
{
    Buffer plain(300'000);
    for (std::size_t i = 0; i < plain.size(); ++i)
        plain[i] = static_cast<Byte>(i % 251 * (i / 999));
    for (const auto how : all) {
        const auto wire = compressed(how, plain);
        CHECK(wire.size() < plain.size());
        for (const std::size_t room : {1000u, 16'384u, 1'000'000u})
            CHECK(expanded(how, wire, room) == plain);
    }
}

TEST_CASE("a compressor goes from one payload and algorithm to the next")
{
    Compressor compressor;
    for (const auto how : all) {
        for (const char fill : {'a', 'b'}) {
            const Buffer plain(1000, static_cast<Byte>(fill));
            Buffer out = bytes_of("before");
            REQUIRE(compressor.compress(how, plain, out));
            CHECK(expanded(how, Bytes(out).subspan(6), 64) == plain);
        }
    }
}

TEST_CASE("what does not get shorter is left alone")
{
    Compressor compressor;
    for (const auto how : all) {
        for (const std::size_t size : {0u, 1u, 5u, 70'000u}) {
            Buffer out = bytes_of("before");
            CHECK_FALSE(compressor.compress(how, noise(size), out));
            CHECK(out == bytes_of("before"));
        }
    }
}

TEST_CASE("a frame that wants a window above any packet's size is refused")
{
    // zstd: magic, descriptor (no content size), window of 2^27 bytes.
    const auto frame = tests::unhex("28b52ffd 00 88 01 00 00");
    Expander expander;
    expander.begin(CompressionAlgorithm::zstd);
    Buffer room(100);
    CHECK(expander.expand(frame, room).broken);
}

TEST_CASE("a pool keeps what was given back, but not large windows")
{
    CodecPool pool;
    auto expander = pool.take();
    const auto* first = expander.get();
    expander->begin(CompressionAlgorithm::zlib);
    pool.give_back(std::move(expander));
    CHECK(pool.take().get() == first);

    // More than a window's worth before the end, or zstd would not take memory for it.
    const auto wire = compressed({CompressionAlgorithm::zstd, 3}, Buffer(8u << 20, 'x'));
    expander = pool.take();
    expander->begin(CompressionAlgorithm::zstd);
    Buffer room(100);
    CHECK_FALSE(expander->expand(wire, room).broken);
    CHECK(expander->is_large());
}

}  // namespace pointsman::protocol
