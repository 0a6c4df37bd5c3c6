#include "protocol/packet.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;
using tests::unhex;

TEST_CASE("a header is three bytes of size and one of sequence")
{
    const auto header = peek_header(unhex("0a0000 05 ff"));
    REQUIRE(header.has_value());
    CHECK(header->payload_size == 10);
    CHECK(header->sequence == 5);
    CHECK(header->wire_size() == 14);
    CHECK_FALSE(peek_header(unhex("0a0000")).has_value());
}

TEST_CASE("a small message is one packet")
{
    Buffer wire{0xee};
    CHECK(append_message(wire, unhex("0e"), 255) == 0);
    CHECK(hex(wire) == "ee 01 00 00 ff 0e");
}

TEST_CASE("an empty message is a header alone")
{
    Buffer wire;
    CHECK(append_message(wire, {}, 4) == 5);
    CHECK(hex(wire) == "00 00 00 04");
}

TEST_CASE("a message of 16 MiB - 1 bytes needs an empty packet behind it")
{
    Buffer wire;
    const Buffer payload(max_packet_payload, 0x61);
    CHECK(append_message(wire, payload, 0) == 2);
    REQUIRE(wire.size() == payload.size() + 2 * packet_header_size);
    CHECK(peek_header(wire)->continues());
    CHECK(hex(Bytes(wire).last(4)) == "00 00 00 01");
}

}  // namespace pointsman::protocol
