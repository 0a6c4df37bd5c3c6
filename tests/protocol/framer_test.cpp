#include "protocol/framer.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::framed;
using tests::hex;
using tests::unhex;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

struct Received {
    Buffer payload;
    Buffer wire;
    int sequence = 0;
    int next_sequence = 0;
};

/// All messages of a stream that comes in pieces of `chunk` bytes.
std::vector<Received> receive(Framer& framer, Bytes stream, std::size_t chunk)
{
    std::vector<Received> messages;
    Buffer unread;
    while (!stream.empty()) {
        const Bytes piece = stream.first(std::min(chunk, stream.size()));
        unread.insert(unread.end(), piece.begin(), piece.end());
        stream = stream.subspan(piece.size());
        while (!unread.empty()) {
            const auto framed = framer.on_bytes(unread);
            REQUIRE(framed.has_value());
            if (const auto& message = framed->message)
                messages.push_back({{message->payload.begin(), message->payload.end()},
                                    {message->wire.begin(), message->wire.end()},
                                    message->sequence,
                                    message->next_sequence});
            unread.erase(unread.begin(),
                         unread.begin() + static_cast<std::ptrdiff_t>(framed->consumed));
        }
    }
    return messages;
}

Buffer joined(std::initializer_list<Buffer> parts)
{
    Buffer all;
    for (const Buffer& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

boost::system::error_code error_of(Framer framer, const Buffer& stream)
{
    const auto framed = framer.on_bytes(stream);
    return framed.has_error() ? framed.error() : boost::system::error_code();
}

}  // namespace

TEST_CASE("a whole message is handed out in place, with its wire bytes")
{
    Framer framer(mebibyte);
    const Buffer stream = joined({framed(bytes_of("\x03select 1")), framed(bytes_of("\x0e"))});
    const auto first = framer.on_bytes(stream);
    REQUIRE(first.has_value());
    REQUIRE(first->message.has_value());
    CHECK(first->consumed == 13);
    CHECK(first->message->payload.data() == stream.data() + packet_header_size);
    CHECK(as_text(first->message->payload) == "\x03select 1");
    CHECK(first->message->wire.data() == stream.data());
    CHECK(first->message->wire.size() == 13);
    CHECK(framer.gathered_size() == 0);
}

TEST_CASE("any split of a stream gives the same messages")
{
    const Buffer stream = joined({framed(bytes_of("\x03select 1")), framed({}),
                                  framed(bytes_of("\x0e")), framed(Buffer(300, 0x61))});
    for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
        INFO("in pieces of " << chunk);
        Framer framer(mebibyte);
        const auto messages = receive(framer, stream, chunk);
        REQUIRE(messages.size() == 4);
        CHECK(messages[0].payload == bytes_of("\x03select 1"));
        CHECK(messages[0].wire == framed(bytes_of("\x03select 1")));
        CHECK(messages[1].payload.empty());
        CHECK(messages[1].wire == framed({}));
        CHECK(messages[3].payload == Buffer(300, 0x61));
        CHECK_FALSE(framer.is_inside_message());
    }
}

TEST_CASE("a message over 16 MiB is joined, and one of exactly that size ends with an empty packet")
{
    for (const std::size_t size :
         {max_packet_payload, max_packet_payload + 5, 2 * max_packet_payload}) {
        INFO(size);
        Buffer payload(size, 0x61);
        payload.back() = 0x7a;
        Framer framer(64 * mebibyte);
        const Buffer stream = joined({framed(payload), framed(bytes_of("\x0e"))});
        const auto messages = receive(framer, stream, mebibyte);
        REQUIRE(messages.size() == 2);
        CHECK((messages[0].payload == payload));
        CHECK(messages[0].wire.empty());
        CHECK(messages[0].next_sequence == static_cast<int>(size / max_packet_payload) + 1);
        CHECK(messages[1].payload == bytes_of("\x0e"));
    }
}

TEST_CASE("a message over the limit is refused by its header, before any of it is kept")
{
    CHECK(error_of(Framer(100), unhex("650000 00")) == Errc::message_too_large);
    CHECK(error_of(Framer(100), unhex("ffffff 00")) == Errc::message_too_large);
    Framer framer(100);
    CHECK(framer.on_bytes(framed(Buffer(100, 1)))->message.has_value());
}

TEST_CASE("the limit counts all packets of a message together")
{
    Framer framer(max_packet_payload + 10);
    const Buffer large = framed(Buffer(max_packet_payload + 11, 0x61));
    const auto result = framer.on_bytes(large);
    REQUIRE(result.has_error());
    CHECK(result.error() == Errc::message_too_large);
}

TEST_CASE("a command begins with sequence id 0; a login packet may have any")
{
    const Buffer second = framed(bytes_of("x"), 1);
    CHECK(error_of(Framer(100), second) == Errc::bad_sequence);
    Framer login(100, FirstSequence::any);
    const auto packet = login.on_bytes(second);
    REQUIRE(packet->message.has_value());
    CHECK(packet->message->sequence == 1);
    CHECK(packet->message->next_sequence == 2);
}

TEST_CASE("a continuation out of order is refused")
{
    Buffer wire = framed(Buffer(max_packet_payload + 1, 0x61));
    wire[packet_header_size + max_packet_payload + 3] = 7;
    CHECK(error_of(Framer(64 * mebibyte), wire) == Errc::bad_sequence);
}

TEST_CASE("after an error nothing more is read")
{
    Framer framer(100);
    REQUIRE(framer.on_bytes(framed(bytes_of("x"), 3)).has_error());
    CHECK(framer.on_bytes(framed(bytes_of("\x0e"))).has_error());
}

TEST_CASE("a sender in the middle of a message is told from an idle one")
{
    Framer framer(100);
    CHECK_FALSE(framer.is_inside_message());
    REQUIRE(framer.on_bytes(unhex("05")).has_value());
    CHECK(framer.is_inside_message());
    REQUIRE(framer.on_bytes(unhex("0000 00 61626364"))->consumed == 7);
    CHECK(framer.is_inside_message());
    CHECK(framer.on_bytes(unhex("65"))->message.has_value());
    CHECK_FALSE(framer.is_inside_message());
}

TEST_CASE("the limit can be raised after login")
{
    Framer framer(10, FirstSequence::any);
    framer.expect(1000, FirstSequence::zero);
    CHECK(framer.on_bytes(framed(Buffer(500, 1)))->message.has_value());
    CHECK(framer.on_bytes(framed(Buffer(5, 1), 1)).has_error());
}

}  // namespace pointsman::protocol
