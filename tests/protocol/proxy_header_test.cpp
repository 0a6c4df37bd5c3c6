#include "protocol/proxy_header.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::protocol;
using State = ProxyHeader::State;

namespace {

const std::string signature{"\r\n\r\n\0\r\nQUIT\n", 12};

/// Version 2: command, family, and what follows behind the length.
std::string version_2(char command, char family, const std::string& body)
{
    return signature + command + family + char(body.size() >> 8) + char(body.size() & 0xff) + body;
}

std::string addresses_4()
{
    return {"\xc0\x00\x02\x07\x0a\x00\x00\x01\x9c\x40\x0c\xea", 12};
}

ProxyHeader read(const std::string& text)
{
    // In memory of exactly its size, so that a sanitizer sees a look past the end.
    const Buffer bytes(text.begin(), text.end());
    return read_proxy_header(bytes);
}

void check_client(const std::string& text, const std::string& host, int port)
{
    INFO(text);
    for (const auto* behind : {"", "next"}) {
        const auto header = read(text + behind);
        REQUIRE(header.state == State::complete);
        CHECK(header.size == text.size());
        REQUIRE(header.client);
        CHECK(header.client->host == host);
        CHECK(header.client->port == port);
    }
}

}  // namespace

TEST_CASE("version 1 names the client")
{
    check_client("PROXY TCP4 192.0.2.7 10.0.0.1 40000 3306\r\n", "192.0.2.7", 40000);
    check_client("PROXY TCP6 2001:db8::7 ::1 65535 3306\r\n", "2001:db8::7", 65535);
}

TEST_CASE("version 2 names the client, and what else it carries is skipped")
{
    check_client(version_2(0x21, 0x11, addresses_4()), "192.0.2.7", 40000);
    check_client(version_2(0x21, 0x11, addresses_4() + std::string("\x04\x00\x02xx", 5)),
                 "192.0.2.7", 40000);
    const std::string v6 = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + "\x07";
    const std::string ports{"\x00\x16\x0c\xea", 4};
    check_client(version_2(0x21, 0x21, v6 + v6 + ports), "2001:db8::7", 22);
    const std::string mapped =
        std::string(10, '\0') + "\xff\xff" + std::string("\x0a\x00\x00\x09", 4);
    check_client(version_2(0x21, 0x21, mapped + v6 + ports), "10.0.0.9", 22);
    check_client(version_2(0x21, 0x31, std::string(216, 'p')), "localhost", 0);
}

TEST_CASE("IPv6 addresses are written as people write them")
{
    const auto text_of = [](const std::string& address) {
        return read(version_2(0x21, 0x21, address + std::string(20, '\0'))).client->host;
    };
    CHECK(text_of(std::string(16, '\0')) == "::");
    CHECK(text_of(std::string(15, '\0') + '\x01') == "::1");
    CHECK(text_of('\x01' + std::string(15, '\0')) == "100::");
    CHECK(text_of(std::string(16, '\x11')) == "1111:1111:1111:1111:1111:1111:1111:1111");
    CHECK(text_of(std::string("\0\1\0\0\0\1\0\0\0\0\0\1\0\0\0\1", 16)) == "1:0:1::1:0:1");
}

TEST_CASE("a connection of the balancer's own, or of nobody known, has no client")
{
    for (const auto& text :
         {std::string("PROXY UNKNOWN\r\n"), std::string("PROXY UNKNOWN ffff::1 a b c\r\n"),
          version_2(0x20, 0x11, addresses_4()), version_2(0x20, 0x00, ""),
          version_2(0x21, 0x00, "tlv"), version_2(0x20, 0x7f, "anything")}) {
        const auto header = read(text);
        CHECK(header.state == State::complete);
        CHECK(header.size == text.size());
        CHECK_FALSE(header.client);
    }
}

TEST_CASE("a header that comes in pieces asks for more, and never for what stands behind it")
{
    for (const auto& text :
         {std::string("PROXY TCP4 192.0.2.7 10.0.0.1 40000 3306\r\n"),
          std::string("PROXY UNKNOWN\r\n"), version_2(0x21, 0x11, addresses_4() + "tlvs"),
          version_2(0x20, 0x00, "")}) {
        for (std::size_t size = 0; size < text.size(); ++size) {
            const auto header = read(text.substr(0, size));
            CHECK(header.state == State::incomplete);
            CHECK(header.size > size);
            CHECK(header.size <= text.size());
        }
    }
}

TEST_CASE("other first bytes are no header")
{
    for (const auto& text : {std::string("\x20\x00\x00\x01", 4), std::string("PROXX"),
                             std::string("\r\n\r\nGET"), std::string("GET / HTTP/1.1")})
        CHECK(read(text).state == State::absent);
}

TEST_CASE("a broken header is refused")
{
    for (const auto& text : {
             std::string("PROXY TCP4 192.0.2.7 10.0.0.1 40000\r\n"),
             std::string("PROXY TCP4 192.0.2.256 10.0.0.1 40000 3306\r\n"),
             std::string("PROXY TCP4 192.0.2.7 10.0.0.1 65536 3306\r\n"),
             std::string("PROXY TCP4 192.0.2.7 10.0.0.1 40000 -1\r\n"),
             std::string("PROXY TCP4 192.0.2.7 10.0.0.1  40000 3306\r\n"),
             std::string("PROXY TCP4 192.0.2.7 10.0.0.1 040 3306\r\n"),
             std::string("PROXY TCP4 a.b.c.d 10.0.0.1 40000 3306\r\n"),
             std::string("PROXY TCP4 2001:db8::7 ::1 40000 3306\r\n"),
             std::string("PROXY TCP6 2001:db8::g ::1 40000 3306\r\n"),
             std::string("PROXY UDP4 192.0.2.7 10.0.0.1 40000 3306\r\n"),
             std::string("PROXY \r\n         "),
             "PROXY TCP6 " + std::string(200, 'f'),
             version_2(0x31, 0x11, addresses_4()),
             version_2(0x22, 0x11, addresses_4()),
             version_2(0x21, 0x12, addresses_4()),
             version_2(0x21, 0x11, addresses_4().substr(1)),
             version_2(0x21, 0x31, std::string(215, 'p')),
             version_2(0x20, 0x00, std::string(max_proxy_header, 't')),
         }) {
        INFO(text);
        CHECK(read(text).state == State::malformed);
    }
}
