#include "protocol/messages/ok.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;
using tests::unhex;

namespace {
constexpr Capabilities tracking = capability::protocol_41 | capability::session_track;
constexpr Capabilities plain = capability::protocol_41;
}  // namespace

TEST_CASE("the manual's OK packets are understood")
{
    const auto ok = decode_ok(unhex("00 00 00 0200 0000"), tracking);
    REQUIRE(ok.has_value());
    CHECK(ok->header == 0x00);
    CHECK(ok->status == server_status::autocommit);
    CHECK(ok->info.empty());

    const auto tracked =
        decode_ok(unhex("00 00 00 0240 0000 00 0a 0108 0774657374 5f646200"), tracking);
    CHECK(tracked.has_error());  // the length says 10, the packet has less
    const auto right =
        decode_ok(unhex("00 01 fc2c01 0240 0100 03616263 09 0107 0674657374 5f64"), tracking);
    REQUIRE(right.has_value());
    CHECK(right->affected_rows == 1);
    CHECK(right->last_insert_id == 300);
    CHECK(right->warnings == 1);
    CHECK(right->info == "abc");
    CHECK(hex(right->session_state) == "01 07 06 74 65 73 74 5f 64");
}

TEST_CASE("the text is found with and without its length in front")
{
    const Buffer with_length = unhex("00 00 00 0200 0000 03616263");
    const Buffer to_the_end = unhex("00 00 00 0200 0000 616263");
    CHECK(decode_ok(with_length, plain)->info == "abc");
    CHECK(decode_ok(to_the_end, plain)->info == "abc");
    CHECK(decode_ok(with_length, tracking)->info == "abc");
}

TEST_CASE("the OK that replaces EOF keeps its header")
{
    const auto end = decode_ok(unhex("fe 00 00 2200 0000"), tracking);
    REQUIRE(end.has_value());
    CHECK(end->header == 0xfe);
    CHECK(hex(encode_ok(*end, tracking)) == "fe 00 00 22 00 00 00");
}

TEST_CASE("an OK survives being written and read, under each set of capabilities")
{
    Ok ok = tests::ok(server_status::autocommit | server_status::session_state_changed);
    ok.affected_rows = 70000;
    ok.last_insert_id = 1ull << 40;
    ok.warnings = 3;
    ok.info = "Rows matched: 1";
    ok.session_state = unhex("01 05 04 73686f70");
    for (const Capabilities capabilities : {tracking, plain}) {
        const auto again = decode_ok(encode_ok(ok, capabilities), capabilities);
        REQUIRE(again.has_value());
        CHECK(again->affected_rows == ok.affected_rows);
        CHECK(again->last_insert_id == ok.last_insert_id);
        CHECK(again->status == ok.status);
        CHECK(again->warnings == ok.warnings);
        CHECK(again->info == ok.info);
        CHECK(again->session_state == (capabilities == tracking ? ok.session_state : Buffer()));
    }
}

TEST_CASE("session state is not written without its status flag")
{
    Ok ok = tests::ok();
    ok.session_state = unhex("01 02");
    CHECK(hex(encode_ok(ok, tracking)) == "00 00 00 02 00 00 00");
}

TEST_CASE("a cut OK is an error, except behind a whole field that may be the last")
{
    Ok ok = tests::ok(server_status::session_state_changed);
    ok.info = "abc";
    ok.session_state = unhex("01 02");
    const auto decode = [](Bytes bytes) { return decode_ok(bytes, tracking); };
    CHECK(tests::sizes_accepted(encode_ok(ok, tracking), decode) == std::set<std::size_t>{7, 11});
}

TEST_CASE("another first byte is no OK")
{
    CHECK(decode_ok(unhex("01 00 00 0200 0000"), plain).error() == Errc::unexpected_packet);
}

}  // namespace pointsman::protocol
