#include "protocol/messages/auth.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::hex;
using tests::unhex;

TEST_CASE("a server's request for another plugin is read and written")
{
    const Buffer wire = encode_auth_switch_request({"mysql_native_password", unhex("010203 00")});
    CHECK(wire.front() == auth_switch_header);
    const auto packet = decode_auth_packet(wire);
    REQUIRE(packet.has_value());
    const auto& request = std::get<AuthSwitchRequest>(*packet);
    CHECK(request.plugin == "mysql_native_password");
    CHECK(hex(request.data) == "01 02 03 00");
}

TEST_CASE("a lone 0xfe asks for the password scheme of old")
{
    const auto packet = decode_auth_packet(unhex("fe"));
    REQUIRE(packet.has_value());
    CHECK(std::holds_alternative<OldAuthSwitchRequest>(*packet));
}

TEST_CASE("a plugin's own words are kept whole")
{
    const auto packet = decode_auth_packet(unhex("01 03"));
    REQUIRE(packet.has_value());
    CHECK(hex(std::get<AuthMoreData>(*packet).data) == "03");
    CHECK(hex(encode_auth_more_data(unhex("04"))) == "01 04");
    CHECK(std::get<AuthMoreData>(*decode_auth_packet(unhex("01"))).data.empty());
}

TEST_CASE("a request for a second factor is recognised, so that it can be refused")
{
    const Buffer wire = encode_auth_next_factor({"authentication_webauthn_client", bytes_of("x")});
    const auto packet = decode_auth_packet(wire);
    REQUIRE(packet.has_value());
    CHECK(std::get<AuthNextFactor>(*packet).plugin == "authentication_webauthn_client");
}

TEST_CASE("OK, ERR and unknown packets are not taken for a step of the login")
{
    for (const char* other : {"00 00 00", "ff 1504", "0a 39", "7f"})
        CHECK(decode_auth_packet(unhex(other)).error() == Errc::unexpected_packet);
    CHECK(decode_auth_packet({}).error() == Errc::truncated);
}

}  // namespace pointsman::protocol
