#include "protocol/messages/change_user.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;
using tests::unhex;

TEST_CASE("COM_CHANGE_USER survives being written and read")
{
    ChangeUser change;
    change.user = "joe";
    change.auth_response.assign(20, 0x55);
    change.schema = "shop";
    change.character_set = 255;
    change.plugin = "mysql_native_password";
    change.attributes = {{"_pid", "1"}};
    const Capabilities old = capability::protocol_41 | capability::secure_connection;
    for (const Capabilities capabilities : {tests::usual_capabilities, old}) {
        const auto again =
            decode_change_user(encode_change_user(change, capabilities), capabilities);
        REQUIRE(again.has_value());
        CHECK(again->user == "joe");
        CHECK(again->auth_response == change.auth_response);
        CHECK(again->schema == "shop");
        CHECK(again->character_set == 255);
        CHECK(again->plugin == (capabilities == old ? "" : "mysql_native_password"));
        CHECK(again->attributes.size() == (capabilities == old ? 0 : 1));
    }
}

TEST_CASE("COM_CHANGE_USER may end behind any field after the proof")
{
    const auto shortest = decode_change_user(unhex("11 6a6f6500 00"), tests::usual_capabilities);
    REQUIRE(shortest.has_value());
    CHECK(shortest->user == "joe");
    CHECK(shortest->schema.empty());
    CHECK(shortest->character_set == 0);
    const auto longer =
        decode_change_user(unhex("11 6a6f6500 00 7300 ff00 70"), tests::usual_capabilities);
    REQUIRE(longer.has_value());
    CHECK(longer->schema == "s");
    CHECK(longer->plugin == "p");
}

TEST_CASE("COM_CHANGE_USER cut before the end of its proof is an error")
{
    for (const char* wrong :
         {"", "11", "11 6a6f65", "11 6a6f6500", "11 6a6f6500 02 aa", "03 6a00 00"}) {
        INFO(wrong);
        CHECK(decode_change_user(unhex(wrong), tests::usual_capabilities).has_error());
    }
}

}  // namespace pointsman::protocol
