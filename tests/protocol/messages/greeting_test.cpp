#include "protocol/messages/greeting.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::unhex;

namespace {

void check_same(const Greeting& a, const Greeting& b)
{
    CHECK(a.server_version == b.server_version);
    CHECK(a.connection_id == b.connection_id);
    CHECK(a.nonce == b.nonce);
    CHECK(a.capabilities == b.capabilities);
    CHECK(int{a.character_set} == int{b.character_set});
    CHECK(a.status == b.status);
    CHECK(a.plugin == b.plugin);
}

}  // namespace

TEST_CASE("MySQL's greeting is understood")
{
    const auto greeting = decode_greeting(unhex(
        "0a 392e372e3000 2a000000 0102030405060708 00 ffff ff 0200 ffdf 15 00000000000000000000"
        "090a0b0c0d0e0f1011121314 00 63616368696e675f736861325f70617373776f726400"));
    REQUIRE(greeting.has_value());
    CHECK(greeting->server_version == "9.7.0");
    CHECK(greeting->connection_id == 42);
    CHECK(greeting->nonce == tests::nonce());
    CHECK(greeting->capabilities == 0xdfffffff);
    CHECK(greeting->character_set == 255);
    CHECK(greeting->status == server_status::autocommit);
    CHECK(greeting->plugin == "caching_sha2_password");
}

TEST_CASE("MariaDB's greeting has its extended capabilities in the filler")
{
    const auto greeting = decode_greeting(unhex(
        "0a 352e352e352d31302e31312e362d4d61726961444200 09000000 0102030405060708 00 fef7 2d 0200"
        "ff81 15 000000000000 1d000000 090a0b0c0d0e0f1011121314 00"
        "6d7973716c5f6e61746976655f70617373776f726400"));
    REQUIRE(greeting.has_value());
    CHECK(greeting->server_version == "5.5.5-10.11.6-MariaDB");
    CHECK(greeting->capabilities >> 32 == 0x1d);
    CHECK((greeting->capabilities & capability::mysql) == 0);
    CHECK(greeting->plugin == "mysql_native_password");
}

TEST_CASE("the filler of a MySQL server is no capability")
{
    Greeting greeting = tests::greeting();
    greeting.capabilities |= capability::mariadb_progress;
    CHECK(decode_greeting(encode_greeting(greeting))->capabilities == tests::usual_capabilities);
}

TEST_CASE("a greeting survives being written and read")
{
    const Greeting mysql = tests::greeting();
    const Greeting without_plugin = [] {
        Greeting greeting = tests::greeting(tests::usual_capabilities & ~capability::plugin_auth);
        greeting.plugin.clear();
        return greeting;
    }();
    const Greeting mariadb = tests::greeting((tests::usual_capabilities & ~capability::mysql) |
                                             capability::mariadb_stmt_bulk_operations);
    for (const Greeting& greeting : {mysql, without_plugin, mariadb}) {
        const auto again = decode_greeting(encode_greeting(greeting));
        REQUIRE(again.has_value());
        check_same(*again, greeting);
    }
}

TEST_CASE("a greeting may end with the plugin's name, or without the nonce's NUL")
{
    Buffer no_nul = encode_greeting(tests::greeting());
    no_nul.pop_back();
    CHECK(decode_greeting(no_nul)->plugin == "caching_sha2_password");

    Buffer old = encode_greeting(tests::greeting(capability::protocol_41 | capability::mysql |
                                                 capability::secure_connection));
    old.pop_back();
    CHECK(decode_greeting(old)->nonce == tests::nonce());
}

TEST_CASE("a greeting cut before its plugin's name is an error")
{
    const Buffer wire = encode_greeting(tests::greeting());
    const std::size_t name_size = std::string_view("caching_sha2_password").size() + 1;
    for (const std::size_t size : tests::sizes_accepted(wire, decode_greeting))
        CHECK(size >= wire.size() - name_size);
}

TEST_CASE("servers before 4.1, and what is no greeting, are refused")
{
    CHECK(decode_greeting(unhex("09 332e3233 00")).error() == Errc::unsupported);
    CHECK(decode_greeting(unhex("ff 1004 546f6f")).error() == Errc::unsupported);
    CHECK(decode_greeting(encode_greeting(tests::greeting(capability::mysql))).error() ==
          Errc::unsupported);
    CHECK(decode_greeting({}).error() == Errc::truncated);
}

}  // namespace pointsman::protocol
