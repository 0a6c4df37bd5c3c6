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
        "02 01 31"                               // state changed
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

TEST_CASE("what MySQL 9.7 sends with all trackers on is understood and written the same")
{
    // Behind USE app; START TRANSACTION READ ONLY; CREATE TABLE.
    const Buffer use = unhex("00 10 0c73746174656d656e745f6964 023132 01 04 03617070 02 01 31");
    const auto used = decode_session_state(use);
    REQUIRE(used.has_value());
    REQUIRE(used->size() == 3);
    CHECK(std::get<TrackedVariable>(used->at(0)).name == "statement_id");
    CHECK(std::get<TrackedSchema>(used->at(1)).name == "app");
    CHECK(std::get<TrackedStateChange>(used->at(2)).changed);
    CHECK(hex(encode_session_state(*used)) == hex(use));

    const Buffer start = unhex(
        "05 09 08545f5f5f5f5f5f5f 04 1d "
        "1c5354415254205452414e53414354494f4e2052454144204f4e4c593b");
    const auto started = decode_session_state(start);
    REQUIRE(started.has_value());
    CHECK(std::get<TrackedTransactionState>(started->at(0)).state == "T_______");
    CHECK(std::get<TrackedCharacteristics>(started->at(1)).statements ==
          "START TRANSACTION READ ONLY;");
    CHECK(hex(encode_session_state(*started)) == hex(start));

    const Buffer create = unhex(
        "03 28 00 26 62343837356537332d653637372d313166312d613239322d3032666330303030303030313a31");
    const auto created = decode_session_state(create);
    REQUIRE(created.has_value());
    CHECK(std::get<TrackedGtids>(created->at(0)).gtids == "b4875e73-e677-11f1-a292-02fc00000001:1");
    CHECK(hex(encode_session_state(*created)) == hex(create));
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
    const Buffer bytes = unhex("01 05 0473686f70 02 01 31");
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
