#include "health/tls_offer.hpp"

#include <catch2/catch.hpp>

#include <string_view>
#include <vector>

using namespace pointsman::health;

namespace {

std::vector<std::uint8_t> greeting(std::uint16_t capabilities)
{
    std::vector<std::uint8_t> bytes{74, 0, 0, 0, 10};
    for (char c : std::string_view("9.7.4")) bytes.push_back(static_cast<std::uint8_t>(c));
    bytes.push_back(0);
    for (int i = 0; i < 12; ++i) bytes.push_back(0xff);  // thread id, nonce
    bytes.push_back(0);
    bytes.push_back(static_cast<std::uint8_t>(capabilities));
    bytes.push_back(static_cast<std::uint8_t>(capabilities >> 8));
    bytes.insert(bytes.end(), 30, 0xff);
    return bytes;
}

}  // namespace

TEST_CASE("a greeting offers TLS by one flag")
{
    CHECK(tls_offer(greeting(0xffff)) == TlsOffer::offered);
    CHECK(tls_offer(greeting(0x0800)) == TlsOffer::offered);
    CHECK(tls_offer(greeting(0xf7ff)) == TlsOffer::not_offered);
    CHECK(tls_offer(greeting(0)) == TlsOffer::not_offered);
}

TEST_CASE("a greeting cut anywhere before the flags is none")
{
    auto whole = greeting(0x0800);
    constexpr std::size_t flags_end = 5 + 6 + 13 + 2;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        auto expected = size < flags_end ? TlsOffer::no_greeting : TlsOffer::offered;
        CHECK(tls_offer(std::span(whole).first(size)) == expected);
    }
}

TEST_CASE("what is no greeting is none")
{
    auto error = greeting(0x0800);
    error[4] = 0xff;
    CHECK(tls_offer(error) == TlsOffer::no_greeting);
    std::vector<std::uint8_t> endless(4096, 10);
    CHECK(tls_offer(endless) == TlsOffer::no_greeting);
}
