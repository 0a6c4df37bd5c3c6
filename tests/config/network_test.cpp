#include "config/network.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::config;

namespace {

bool is_in(const char* network, const char* host)
{
    const auto parsed = parse_network(network);
    REQUIRE(parsed);
    return parsed->contains(host);
}

}  // namespace

TEST_CASE("a network holds the addresses that share its prefix")
{
    CHECK(is_in("10.0.0.0/8", "10.255.3.4"));
    CHECK_FALSE(is_in("10.0.0.0/8", "11.0.0.0"));
    CHECK(is_in("192.0.2.128/25", "192.0.2.129"));
    CHECK_FALSE(is_in("192.0.2.128/25", "192.0.2.127"));
    CHECK(is_in("192.0.2.7", "192.0.2.7"));
    CHECK_FALSE(is_in("192.0.2.7", "192.0.2.8"));
    CHECK(is_in("0.0.0.0/0", "8.8.8.8"));
    CHECK_FALSE(is_in("0.0.0.0/0", "2001:db8::1"));
    CHECK(is_in("fd00::/8", "fdab::1"));
    CHECK_FALSE(is_in("fd00::/8", "fe80::1"));
    CHECK(is_in("2001:db8::/33", "2001:db8:7fff::9"));
    CHECK_FALSE(is_in("2001:db8::/33", "2001:db8:8000::9"));
    CHECK(is_in("::/0", "10.0.0.1"));
    CHECK(is_in("::1", "::1"));
}

TEST_CASE("an IPv4 address is the same in its mapped form")
{
    CHECK(is_in("10.0.0.0/8", "::ffff:10.1.2.3"));
    CHECK(is_in("::ffff:10.0.0.0/104", "10.1.2.3"));
}

TEST_CASE("what is no address is in no network")
{
    for (const char* host : {"", "localhost", "10.0.0", "10.0.0.256", "10.0.0.1.", "1::2::3", ":",
                             "1:2:3:4:5:6:7:8:9", "::1:", "12345::", "10.0.0.1 "})
        CHECK_FALSE(is_in("::/0", host));
}

TEST_CASE("the text of a network reads back to it")
{
    for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "fd00::/8", "::/0",
                             "2001:db8:1:2:3:4:5:6/128", "1:2:3:4:5:6:10.0.0.1"}) {
        const auto network = parse_network(text);
        REQUIRE(network);
        CHECK(parse_network(network->text()) == network);
    }
    CHECK(parse_network("10.0.0.0/8")->text() == "10.0.0.0/8");
}

TEST_CASE("what is no network is refused")
{
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8",
                             "fd00::1/8", "::/129", "ten/8", "10.0.0.0/8/8", "10.0.0.0/ 8"}) {
        INFO(text);
        CHECK_FALSE(parse_network(text));
    }
}
