#include "protocol/compression/packet_numbers.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::framed;

namespace {

constexpr std::size_t no_limit = 1u << 20;

Buffer packet(std::string_view payload, int sequence)
{
    return framed(bytes_of(payload), static_cast<std::uint8_t>(sequence));
}

Buffer joined(std::initializer_list<Buffer> parts)
{
    Buffer whole;
    for (const auto& part : parts) whole.insert(whole.end(), part.begin(), part.end());
    return whole;
}

/// A compressed packet with this id and content comes in; the content as it is passed on.
Buffer incoming(PacketNumbers& numbers, int sequence, Buffer plain)
{
    REQUIRE(numbers.accept(static_cast<std::uint8_t>(sequence)));
    numbers.on_incoming(plain);
    return plain;
}

/// The ids of the compressed packets that carry `plain`.
std::vector<int> outgoing(PacketNumbers& numbers, const Buffer& plain, std::size_t limit = no_limit)
{
    std::vector<int> ids;
    for (Bytes rest = plain; !rest.empty();) {
        const auto size = numbers.part(rest, limit);
        REQUIRE(size > 0);
        ids.push_back(numbers.on_outgoing(rest.first(size)));
        rest = rest.subspan(size);
    }
    return ids;
}

using Ids = std::vector<int>;

}  // namespace

TEST_CASE("to a client: answers count on from its command, and each command begins anew")
{
    PacketNumbers numbers(Peer::client);
    CHECK(incoming(numbers, 0, packet("\x03one", 0)) == packet("\x03one", 0));
    CHECK(outgoing(numbers, packet("row", 1)) == Ids{1});
    CHECK(outgoing(numbers, packet("row", 2)) == Ids{2});
    CHECK(incoming(numbers, 0, packet("\x03two", 0)) == packet("\x03two", 0));
    CHECK(outgoing(numbers, packet("ok", 1)) == Ids{1});
    CHECK_FALSE(numbers.accept(1));
    CHECK_FALSE(numbers.accept(255));
}

TEST_CASE("to a client: a command over several compressed packets")
{
    PacketNumbers numbers(Peer::client);
    const auto whole = packet("\x03 a command in pieces", 0);
    const Buffer front(whole.begin(), whole.begin() + 9), back(whole.begin() + 9, whole.end());
    incoming(numbers, 0, front);
    CHECK_FALSE(numbers.between_messages());
    CHECK_FALSE(PacketNumbers(numbers).accept(0));
    CHECK_FALSE(PacketNumbers(numbers).accept(2));
    incoming(numbers, 1, back);
    CHECK(numbers.between_messages());
    CHECK(outgoing(numbers, packet("ok", 1)) == Ids{2});
}

TEST_CASE("to a client: the packets of its file are numbered as on a plain connection")
{
    PacketNumbers numbers(Peer::client);
    incoming(numbers, 0, packet("\x03LOAD", 0));
    // Two results before the request: 12 packets for the plain protocol, in three compressed ones.
    CHECK(outgoing(numbers, packet("first", 7)) == Ids{1});
    CHECK(outgoing(numbers, packet("second", 11)) == Ids{2});
    CHECK(outgoing(numbers, packet("\xfb"
                                   "file",
                                   12)) == Ids{3});
    // The client counts on from the compressed packets.
    CHECK(incoming(numbers, 4, joined({packet("a", 4), packet("b", 5)})) ==
          joined({packet("a", 13), packet("b", 14)}));
    CHECK(incoming(numbers, 5, packet("", 6)) == packet("", 15));
    CHECK(outgoing(numbers, packet("ok", 16)) == Ids{6});
}

TEST_CASE("to a client: 0 goes on with a file when the count has come round, and else begins")
{
    PacketNumbers numbers(Peer::client);
    incoming(numbers, 0, packet("\x03LOAD", 0));
    for (int i = 1; i < 255; ++i) outgoing(numbers, packet("row", i));
    PacketNumbers done = numbers;

    CHECK(outgoing(numbers, packet("\xfb"
                                   "file",
                                   255)) == Ids{255});
    CHECK(incoming(numbers, 0, packet("a", 0)) == packet("a", 0));
    CHECK(incoming(numbers, 1, packet("", 9)) == packet("", 1));
    CHECK(outgoing(numbers, packet("ok", 2)) == Ids{2});

    CHECK(outgoing(done, packet("ok", 255)) == Ids{255});
    CHECK(incoming(done, 0, packet("\x0e", 0)) == packet("\x0e", 0));
    CHECK(outgoing(done, packet("ok", 1)) == Ids{1});
}

TEST_CASE("to a server: each command begins anew, in a compressed packet of its own")
{
    PacketNumbers numbers(Peer::server);
    CHECK(outgoing(numbers, packet("\x03one", 0)) == Ids{0});
    CHECK(incoming(numbers, 1, packet("ok", 1)) == packet("ok", 1));
    CHECK(outgoing(numbers, joined({packet("\x03SET", 0), packet("\x03SELECT", 0)})) == Ids{0, 0});
    CHECK(incoming(numbers, 1, packet("ok", 1)) == packet("ok", 1));
    CHECK(incoming(numbers, 1, packet("1", 1)) == packet("1", 1));
    CHECK(incoming(numbers, 2, packet("2", 2)) == packet("2", 2));
    CHECK_FALSE(numbers.accept(2));
}

TEST_CASE("to a server: packets inside are numbered as on a plain connection")
{
    PacketNumbers numbers(Peer::server);
    CHECK(outgoing(numbers, packet("\x03 three results", 0)) == Ids{0});
    CHECK(incoming(numbers, 1, joined({packet("1", 1), packet("2", 2), packet("3", 3)})) ==
          joined({packet("1", 1), packet("2", 2), packet("3", 3)}));
    // The server has flushed, and begins with its count of compressed packets.
    CHECK(incoming(numbers, 2, joined({packet("4", 2), packet("5", 3)})) ==
          joined({packet("4", 4), packet("5", 5)}));
    CHECK(incoming(numbers, 3, packet("6", 3)) == packet("6", 6));
}

TEST_CASE("to a server: headers are numbered wherever they are cut")
{
    const auto plain = joined({packet("abc", 9), packet("", 9), packet("de", 9)});
    for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
        PacketNumbers numbers(Peer::server);
        outgoing(numbers, packet("\x03", 0));
        const auto at = plain.begin() + static_cast<std::ptrdiff_t>(cut);
        auto got = incoming(numbers, 1, {plain.begin(), at});
        const auto rest = incoming(numbers, cut == 0 ? 1 : 2, {at, plain.end()});
        got.insert(got.end(), rest.begin(), rest.end());
        CHECK(got == joined({packet("abc", 1), packet("", 2), packet("de", 3)}));
    }
}

TEST_CASE("to a server: a long command, and what its answer begins with")
{
    PacketNumbers numbers(Peer::server);
    const auto command = packet("\x03" + std::string(1000, 'x'), 0);
    CHECK(outgoing(numbers, command, 600) == Ids{0, 1, 2, 3});  // 64, 64, 600, the rest
    // The server numbers the packet inside by the compressed ones.
    CHECK(incoming(numbers, 4, packet("ok", 4)) == packet("ok", 1));

    SECTION("a short statement ahead of it is answered first")
    {
        PacketNumbers both(Peer::server);
        outgoing(both, packet("\x03SET", 0));
        CHECK(outgoing(both, Buffer(command.begin(), command.begin() + 500)) == Ids{0, 1, 2});
        CHECK(outgoing(both, Buffer(command.begin() + 500, command.end())) == Ids{3});
        CHECK(incoming(both, 1, packet("ok", 1)) == packet("ok", 1));
        CHECK(incoming(both, 4, packet("ok", 4)) == packet("ok", 1));
    }
}

TEST_CASE("to a server: a file goes on within its command, though its count comes round to 0")
{
    PacketNumbers numbers(Peer::server);
    outgoing(numbers, packet("\x03LOAD", 0));
    incoming(numbers, 1,
             packet("\xfb"
                    "file",
                    1));
    for (int i = 2; i < 600; ++i) CHECK(outgoing(numbers, packet("line", i % 256)) == Ids{i % 256});
    CHECK(outgoing(numbers, packet("", 600 % 256)) == Ids{600 % 256});
    CHECK(incoming(numbers, 601 % 256, packet("ok", 7)) == packet("ok", 601 % 256));
    CHECK(outgoing(numbers, packet("\x0e", 0)) == Ids{0});
}

TEST_CASE("to a server: a request for a file that ends a round of the count")
{
    PacketNumbers numbers(Peer::server);
    outgoing(numbers, packet("\x03 many results; LOAD", 0));
    Buffer rows;
    for (int i = 1; i < 255; ++i) rows = joined({rows, packet("row", i)});
    incoming(numbers, 1, rows);
    PacketNumbers done = numbers;

    incoming(numbers, 2,
             packet("\xfb"
                    "file",
                    2));
    CHECK(outgoing(numbers, packet("line", 0)) == Ids{3});
    incoming(done, 2, packet("ok", 2));
    CHECK(outgoing(done, packet("\x0e", 0)) == Ids{0});
}

}  // namespace pointsman::protocol
