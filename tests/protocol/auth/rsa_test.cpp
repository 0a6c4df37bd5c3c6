#include "protocol/auth/rsa.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol::auth {
namespace {

constexpr Nonce nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

// Made once: a key takes tens of milliseconds, much more under the sanitizers.
const RsaKey& key()
{
    static const RsaKey made = RsaKey::generate();
    return made;
}

}  // namespace

TEST_CASE("a password survives the way through the public key")
{
    const std::string longest(213, 'p');  // with its NUL the most that 2048 bits of OAEP hold
    for (const std::string& password :
         {std::string{"x"}, std::string{"S3cret, with spaces"}, longest, std::string{}}) {
        const auto encrypted = encrypt_password(password, nonce, key().public_pem());
        REQUIRE(encrypted.has_value());
        CHECK(encrypted->size() == 256);
        const auto decrypted = key().decrypt_password(*encrypted, nonce);
        REQUIRE(decrypted.has_value());
        CHECK(*decrypted == password);
    }
}

TEST_CASE("a password too long for one block is an error")
{
    CHECK_FALSE(encrypt_password(std::string(214, 'p'), nonce, key().public_pem()).has_value());
}

TEST_CASE("what does not decrypt to a terminated password is an error")
{
    const auto encrypted = encrypt_password("secret", nonce, key().public_pem());
    REQUIRE(encrypted.has_value());

    Buffer damaged = *encrypted;
    damaged[100] ^= 1;
    CHECK_FALSE(key().decrypt_password(damaged, nonce).has_value());
    CHECK_FALSE(key().decrypt_password({}, nonce).has_value());
    CHECK_FALSE(key().decrypt_password(Bytes{*encrypted}.first(255), nonce).has_value());
    CHECK_FALSE(key().decrypt_password(Buffer(256, 0xff), nonce).has_value());
    CHECK_FALSE(key().decrypt_password(Buffer(4096, 1), nonce).has_value());

    const Nonce other{9, 9, 9};
    const auto garbled = key().decrypt_password(*encrypted, other);
    CHECK_FALSE((garbled.has_value() && *garbled == "secret"));
}

TEST_CASE("a key is the same one after a way through PEM")
{
    const auto loaded = RsaKey::from_pem(key().private_pem());
    REQUIRE(loaded.has_value());
    CHECK(loaded->public_pem() == key().public_pem());
    const auto encrypted = encrypt_password("secret", nonce, key().public_pem());
    REQUIRE(encrypted.has_value());
    CHECK(loaded->decrypt_password(*encrypted, nonce).value() == "secret");
}

TEST_CASE("text that is no RSA key is an error")
{
    // An elliptic-curve key, which could not encrypt a password.
    constexpr auto elliptic =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFz6vN+tSj33h/gYqYL0qWrcP5rMa\n"
        "PBf4177WI9lz0PoTi9ncfC/UVs4tiGBPvbIh7dBYK1tskp1UoBlZjqGITw==\n"
        "-----END PUBLIC KEY-----\n";
    CHECK_FALSE(RsaKey::from_pem("").has_value());
    CHECK_FALSE(
        RsaKey::from_pem("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
            .has_value());
    CHECK_FALSE(RsaKey::from_pem(key().public_pem()).has_value());
    CHECK_FALSE(encrypt_password("secret", nonce, "").has_value());
    CHECK_FALSE(encrypt_password("secret", nonce, elliptic).has_value());
    CHECK_FALSE(encrypt_password("secret", nonce, key().public_pem().substr(0, 300)).has_value());
}

}  // namespace pointsman::protocol::auth
