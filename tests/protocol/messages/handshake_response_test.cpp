#include "protocol/messages/handshake_response.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;
using tests::unhex;

namespace {

HandshakeResponse response_of(const Buffer& wire)
{
    const auto answer = decode_client_answer(wire);
    REQUIRE(answer.has_value());
    REQUIRE(std::holds_alternative<HandshakeResponse>(*answer));
    return std::get<HandshakeResponse>(*answer);
}

void check_same(const HandshakeResponse& a, const HandshakeResponse& b)
{
    CHECK(a.capabilities == b.capabilities);
    CHECK(a.max_packet_size == b.max_packet_size);
    CHECK(int{a.character_set} == int{b.character_set});
    CHECK(a.user == b.user);
    CHECK(hex(a.auth_response) == hex(b.auth_response));
    CHECK(a.schema == b.schema);
    CHECK(a.plugin == b.plugin);
    CHECK(a.attributes == b.attributes);
    CHECK(int{a.zstd_level} == int{b.zstd_level});
}

}  // namespace

TEST_CASE("a client's answer survives being written and read, in every dialect")
{
    using namespace capability;
    HandshakeResponse full =
        tests::login("joe", tests::usual_capabilities | connect_with_db | zstd_compression);
    full.schema = "shop";
    full.zstd_level = 3;
    full.attributes = {{"_pid", "1"}, {"empty", ""}, {"_pid", "2"}};

    HandshakeResponse old = tests::login("joe", protocol_41 | secure_connection | mysql);
    old.auth_response.assign(20, 0x55);
    old.plugin.clear();
    old.attributes.clear();

    HandshakeResponse ancient = old;
    ancient.capabilities = protocol_41 | mysql;

    HandshakeResponse mariadb =
        tests::login("joe", (tests::usual_capabilities & ~mysql) | mariadb_stmt_bulk_operations);

    HandshakeResponse long_proof = tests::login();
    long_proof.auth_response.assign(1000, 0x33);

    for (const HandshakeResponse& response : {full, old, ancient, mariadb, long_proof})
        check_same(response_of(encode_handshake_response(response)), response);
}

TEST_CASE("an SSLRequest is told from an answer by its size and flag")
{
    const SslRequest request{tests::usual_capabilities | capability::ssl, 1 << 24, 45};
    const Buffer wire = encode_ssl_request(request);
    CHECK(wire.size() == 32);
    const auto answer = decode_client_answer(wire);
    REQUIRE(answer.has_value());
    REQUIRE(std::holds_alternative<SslRequest>(*answer));
    CHECK(std::get<SslRequest>(*answer).capabilities == request.capabilities);
    CHECK(std::get<SslRequest>(*answer).character_set == 45);

    const Buffer no_flag = encode_ssl_request({tests::usual_capabilities, 1 << 24, 45});
    CHECK(decode_client_answer(no_flag).error() == Errc::truncated);

    // After TLS came up the flag is still set, and the whole answer follows.
    const Buffer after = encode_handshake_response(tests::login("joe", request.capabilities));
    CHECK(response_of(after).user == "joe");
}

TEST_CASE("a client that leaves out the last NUL, or fields that it announced, is understood")
{
    // PROTOCOL_41 | SECURE_CONNECTION | CONNECT_WITH_DB | PLUGIN_AUTH | CONNECT_ATTRS
    const std::string flags = "08821800";
    const std::string start = flags + " 00000001 ff" + std::string(46, '0') + " 6a6f6500 02 aabb";
    struct Row {
        std::string rest;
        std::string_view schema, plugin;
        std::size_t attributes;
    };
    for (const Row& row :
         {Row{"", "", "", 0}, Row{"73686f70", "shop", "", 0}, Row{"73686f7000", "shop", "", 0},
          Row{"00 6d7973716c", "", "mysql", 0}, Row{"00 6d7973716c00", "", "mysql", 0},
          Row{"00 6d7973716c00 04 0161 0162", "", "mysql", 1},
          Row{"00 6d7973716c00 00 ffff", "", "mysql", 0}}) {
        INFO(row.rest);
        const HandshakeResponse response = response_of(unhex(start + row.rest));
        CHECK(response.user == "joe");
        CHECK(hex(response.auth_response) == "aa bb");
        CHECK(response.schema == row.schema);
        CHECK(response.plugin == row.plugin);
        CHECK(response.attributes.size() == row.attributes);
    }
}

TEST_CASE("an answer cut before the end of its proof is an error")
{
    const Buffer wire = encode_handshake_response(tests::login());
    const std::size_t end_of_proof = 32 + 4 + 1 + 32;
    for (const std::size_t size : tests::sizes_accepted(wire, decode_client_answer))
        CHECK(size >= end_of_proof);
}

TEST_CASE("connection attributes that do not add up are an error")
{
    HandshakeResponse response = tests::login();
    response.attributes = {{"key", "value"}};
    Buffer wire = encode_handshake_response(response);
    wire[wire.size() - 6] = 0x20;  // the value's length
    CHECK(decode_client_answer(wire).error() == Errc::truncated);
}

TEST_CASE("more than 64 KiB of attributes are refused, and never written")
{
    HandshakeResponse response = tests::login();
    response.attributes = {{"a", std::string(40000, 'x')}, {"b", std::string(40000, 'x')}};
    CHECK(response_of(encode_handshake_response(response)).attributes.size() == 1);

    response.attributes.clear();
    Buffer wire = encode_handshake_response(response);
    wire.pop_back();
    wire.insert(wire.end(), {0xfd, 0x00, 0x00, 0x01});
    wire.insert(wire.end(), 65536, 0x00);
    CHECK(decode_client_answer(wire).error() == Errc::message_too_large);
}

TEST_CASE("a client older than 4.1 is refused clearly")
{
    CHECK(decode_client_answer(unhex("0500 000001 6a6f6500")).error() == Errc::unsupported);
    CHECK(decode_client_answer(unhex("05")).error() == Errc::truncated);
}

}  // namespace pointsman::protocol
