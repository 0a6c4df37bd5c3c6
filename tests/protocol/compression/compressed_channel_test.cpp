#include "protocol/compression/compressed_channel.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::framed;
using tests::unhex;

namespace {

constexpr Compression algorithms[] = {{CompressionAlgorithm::zlib, 0},
                                      {CompressionAlgorithm::zstd, 3}};

struct Received {
    Buffer plain;
    boost::system::error_code error;
};

/// What comes out when `wire` comes in pieces of `chunk` bytes and there is room for `room`.
Received receive(CompressedChannel& channel, Bytes wire, std::size_t chunk, std::size_t room)
{
    Received received;
    Buffer unread, plain(room);
    for (bool last = false; !last;) {
        last = wire.empty();
        const Bytes piece = wire.first(std::min(chunk, wire.size()));
        unread.insert(unread.end(), piece.begin(), piece.end());
        wire = wire.subspan(piece.size());
        while (!unread.empty() || channel.has_output()) {
            const auto step = channel.decode(unread, plain);
            if (!step) return {received.plain, step.error()};
            received.plain.insert(received.plain.end(), plain.begin(),
                                  plain.begin() + static_cast<std::ptrdiff_t>(step->produced));
            unread.erase(unread.begin(),
                         unread.begin() + static_cast<std::ptrdiff_t>(step->consumed));
        }
    }
    return received;
}

Buffer encoded(CompressedChannel& channel, Bytes plain)
{
    Buffer wire;
    while (!plain.empty()) plain = plain.subspan(channel.encode(plain, wire));
    return wire;
}

Buffer long_command()
{
    std::mt19937 random(7);
    std::string text = "\x03INSERT INTO t VALUES ";
    while (text.size() < 200'000) text += "(" + std::to_string(random() % 10'000) + "),";
    return framed(bytes_of(text));
}

/// A compressed packet made by hand: `said` is its uncompressed length.
Buffer packet(int sequence, std::size_t said, Bytes payload)
{
    Buffer wire{0,
                0,
                0,
                static_cast<Byte>(sequence),
                static_cast<Byte>(said),
                static_cast<Byte>(said >> 8),
                static_cast<Byte>(said >> 16)};
    for (int i = 0; i < 3; ++i) wire[i] = static_cast<Byte>(payload.size() >> 8 * i);
    wire.insert(wire.end(), payload.begin(), payload.end());
    return wire;
}

Buffer compressed(Compression how, Bytes plain)
{
    Compressor compressor;
    Buffer out;
    REQUIRE(compressor.compress(how, plain, out));
    return out;
}

/// What a server says to these bytes of a client.
Received as_server(Compression how, const Buffer& wire)
{
    CodecPool codecs;
    CompressedChannel channel(how, Peer::client, codecs);
    return receive(channel, wire, wire.size() + 1, 1000);
}

}  // namespace

TEST_CASE("short packets travel as they are")
{
    CodecPool codecs;
    for (const auto how : algorithms) {
        CompressedChannel client(how, Peer::server, codecs);
        CHECK(encoded(client, framed(unhex("0e"))) == unhex("05 00 00 00 00 00 00 01 00 00 00 0e"));
        const auto just_short = framed(Buffer(min_compressed_payload - 5, 'a'));
        CHECK(encoded(client, just_short).size() == just_short.size() + compressed_header_size);
        const auto long_enough = framed(Buffer(min_compressed_payload - 4, 'a'));
        CHECK(encoded(client, long_enough).size() < long_enough.size());
    }
}

TEST_CASE("a real client's packet is understood")
{
    // MySQL's client 9.7: SELECT REPEAT("a", 50), from its manual's page on the protocol.
    const auto wire = unhex(
        "22 00 00 00 32 00 00 78 9c d3 63 60 60 60 2e 4e cd 49 4d 2e 51 50 32 30 34 32 36 31 35 33"
        "b7 b0 c4 cd 52 02 00 0c d1 0a 6c");
    const auto received = as_server({CompressionAlgorithm::zlib, 0}, wire);
    CHECK_FALSE(received.error);
    const std::string text(received.plain.begin(), received.plain.end());
    CHECK(text.substr(4, 8) == "\x03select ");
    CHECK(received.plain.size() == 50);
}

TEST_CASE("both sides of a connection understand each other, however the stream is cut")
{
    const auto command = long_command();
    for (const auto how : algorithms) {
        CodecPool codecs;
        CompressedChannel sender(how, Peer::server, codecs);
        const auto wire = encoded(sender, command);
        CHECK(wire.size() < command.size() / 2);
        for (const std::size_t chunk : {1u, 2u, 7u, 8u, 1000u, 1'000'000u}) {
            for (const std::size_t room : {64u, 16'384u}) {
                CompressedChannel receiver(how, Peer::client, codecs);
                const auto received = receive(receiver, wire, chunk, room);
                CHECK_FALSE(received.error);
                CHECK((received.plain == command));
                CHECK(receiver.is_idle());
            }
        }
    }
}

TEST_CASE("a stream that ends anywhere gives its front and waits for more")
{
    const auto command = framed(bytes_of("\x03SELECT '" + std::string(300, 'x') + "'"));
    for (const auto how : algorithms) {
        CodecPool codecs;
        CompressedChannel sender(how, Peer::server, codecs);
        const auto wire = encoded(sender, command);
        for (std::size_t size = 0; size < wire.size(); ++size) {
            CompressedChannel receiver(how, Peer::client, codecs);
            const Buffer cut(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size));
            const auto received = receive(receiver, cut, 3, 100);
            CHECK_FALSE(received.error);
            CHECK(std::equal(received.plain.begin(), received.plain.end(), command.begin()));
            CHECK(receiver.is_idle() == (size == 0));
        }
    }
}

TEST_CASE("a client's next command is left for the next call")
{
    CodecPool codecs;
    CompressedChannel sender(algorithms[0], Peer::server, codecs);
    const auto ping = framed(unhex("0e"));
    auto wire = encoded(sender, ping);
    const auto one = wire.size();
    wire.insert(wire.end(), wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(one));
    CompressedChannel receiver(algorithms[0], Peer::client, codecs);
    Buffer plain(100);
    const auto first = receiver.decode(wire, plain);
    REQUIRE(first.has_value());
    CHECK(first->consumed == one);
    CHECK(first->produced == ping.size());
    Buffer answer;
    receiver.encode(framed(bytes_of("ok"), 1), answer);
    CHECK(answer[3] == 1);
}

TEST_CASE("a packet that lies about its length is an error")
{
    const auto plain = framed(bytes_of("\x03" + std::string(200, 'x')));
    for (const auto how : algorithms) {
        const auto payload = compressed(how, plain);
        CHECK_FALSE(as_server(how, packet(0, plain.size(), payload)).error);
        CHECK(as_server(how, packet(0, plain.size() - 1, payload)).error == Errc::bad_value);
        CHECK(as_server(how, packet(0, plain.size() + 1, payload)).error);
        CHECK(as_server(how, packet(0, 1, payload)).error == Errc::bad_value);
        auto with_more = payload;
        with_more.push_back(0);
        CHECK(as_server(how, packet(0, plain.size(), with_more)).error == Errc::bad_value);
        auto with_less = payload;
        with_less.pop_back();
        CHECK(as_server(how, packet(0, plain.size(), with_less)).error == Errc::truncated);
        CHECK(as_server(how, packet(0, plain.size(), {})).error == Errc::truncated);
        CHECK(as_server(how, packet(0, plain.size(), bytes_of("no such thing"))).error);
        CHECK(as_server(how, packet(1, plain.size(), payload)).error == Errc::bad_sequence);
    }
}

TEST_CASE("a bomb goes off in no more room than it was given")
{
    for (const auto how : algorithms) {
        // 16 MiB - 1 of zeros in some kilobytes; another byte is one too many.
        const Buffer zeros(0xffffff);
        const auto payload = compressed(how, zeros);
        CHECK(payload.size() < 20'000);
        CHECK(as_server(how, packet(0, 0xffffff, payload)).plain.size() == zeros.size());
        const auto received = as_server(how, packet(0, 60, payload));
        CHECK(received.error == Errc::bad_value);
        CHECK(received.plain.size() <= 60);
    }
}

TEST_CASE("an empty compressed packet says nothing")
{
    auto wire = packet(0, 0, {});
    const auto ping = packet(1, 0, framed(unhex("0e")));
    wire.insert(wire.end(), ping.begin(), ping.end());
    const auto received = as_server(algorithms[0], wire);
    CHECK_FALSE(received.error);
    CHECK(received.plain == framed(unhex("0e")));
}

TEST_CASE("of both algorithms zlib is chosen")
{
    constexpr auto zlib = capability::compress, zstd = capability::zstd_compression;
    CHECK(chosen_compression(zlib | zstd, 5).algorithm == CompressionAlgorithm::zlib);
    CHECK(chosen_compression(zstd, 5) == Compression{CompressionAlgorithm::zstd, 5});
    CHECK_FALSE(chosen_compression(capability::protocol_41, 5));
}

}  // namespace pointsman::protocol
