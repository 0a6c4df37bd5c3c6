#include "protocol/messages/session_track.hpp"

#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;
using tests::unhex;

TEST_CASE("every tracker of the manual is understood")
{
    const Buffer bytes = unhex(
        "00 0f 0a6175746f636f6d6d6974 034f4646"  // autocommit = OFF
        "01 05 0473686f70"                       // schema shop
        "02 02 0131"                             // state changed
        "03 05 00 03613a31"                      // GTIDs a:1
        "04 02 0178"                             // characteristics x
        "05 09 08545f5f5f5f5f5f5f");             // transaction state
    const auto changes = decode_session_state(bytes);
    REQUIRE(changes.has_value());
    REQUIRE(changes->size() == 6);
    CHECK(std::get<TrackedVariable>(changes->at(0)).name == "autocommit");
    CHECK(std::get<TrackedVariable>(changes->at(0)).value == "OFF");
    CHECK(std::get<TrackedSchema>(changes->at(1)).name == "shop");
    CHECK(std::get<TrackedStateChange>(changes->at(2)).changed);
    CHECK(std::get<TrackedGtids>(changes->at(3)).gtids == "a:1");
    CHECK(std::get<TrackedCharacteristics>(changes->at(4)).statements == "x");
    CHECK(std::get<TrackedTransactionState>(changes->at(5)).state == "T_______");
    CHECK(hex(encode_session_state(*changes)) == hex(bytes));
}

TEST_CASE("MariaDB's several variables in one entry are told apart")
{
    const auto changes = decode_session_state(unhex("00 08 0161 0131 0162 0132"));
    REQUIRE(changes.has_value());
    REQUIRE(changes->size() == 2);
    CHECK(std::get<TrackedVariable>(changes->at(0)).name == "a");
    CHECK(std::get<TrackedVariable>(changes->at(1)).name == "b");
    CHECK(std::get<TrackedVariable>(changes->at(1)).value == "2");
}

TEST_CASE("an unknown tracker is kept as it came")
{
    const Buffer bytes = unhex("2a 03 010203 03 02 0102");
    const auto changes = decode_session_state(bytes);
    REQUIRE(changes.has_value());
    REQUIRE(changes->size() == 2);
    CHECK(std::get<TrackedUnknown>(changes->at(0)).type == 0x2a);
    CHECK(std::get<TrackedUnknown>(changes->at(1)).type == 3);  // GTIDs in an unknown encoding
    CHECK(hex(encode_session_state(*changes)) == hex(bytes));
}

TEST_CASE("session state that is cut or does not add up is an error")
{
    const Buffer bytes = unhex("01 05 0473686f70 02 02 0131");
    CHECK(tests::sizes_accepted(bytes, decode_session_state) == std::set<std::size_t>{0, 7});
    CHECK(decode_session_state(unhex("01 05 0373686f70")).error() == Errc::trailing_bytes);
    CHECK(decode_session_state(unhex("01 05 0673686f70")).error() == Errc::truncated);
    CHECK(decode_session_state(unhex("00 02 0161")).error() == Errc::truncated);
}

TEST_CASE("a packet full of empty trackers does not take memory without end")
{
    Buffer bytes;
    for (int i = 0; i < 100000; ++i) bytes.insert(bytes.end(), {0x2a, 0x00});
    CHECK(decode_session_state(bytes).error() == Errc::message_too_large);
}

}  // namespace pointsman::protocol
