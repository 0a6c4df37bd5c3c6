#include "protocol/auth/secret.hpp"

#include <catch2/catch.hpp>

#include <utility>

namespace pointsman::protocol::auth {
namespace {

constexpr Nonce nonce{'N', 'o', 'n', 'c', 'e', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 200};
constexpr Nonce other_nonce{'O', 't', 'h', 'e', 'r', 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1, 1, 1, 1};

std::string hex(Bytes bytes)
{
    std::string text;
    for (const Byte byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

}  // namespace

// Expected values were computed with Python's hashlib from the manual's formulas.
TEST_CASE("answers to a nonce are the manual's arithmetic")
{
    const Secret secret = Secret::from_password("S3cret!");
    CHECK(hex(*secret.answer_native(nonce)) == "b3f14d6a2a20dd5e18d9b9aafb6210704f5e1b5f");
    CHECK(hex(*secret.answer_caching_sha2(nonce)) ==
          "9a4aa7c192a706271830f6f1246afc86cbf9bec0053d2df1d01fbd1e2c86b375");
    CHECK(hex(*secret.sha1_stage2()) == "52a04ef78765e21adcf174cc2a6e22a12fb7401a");
    CHECK(hex(*secret.sha256_stage2()) ==
          "4da5158538c353f1fbb0bc2a56d5769a6479037145d6a9163aa96d8749524b55");
}

TEST_CASE("a native hash is read as mysql.user stores it")
{
    // What SELECT PASSWORD('password') gave on servers that had the function.
    const auto secret = Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    REQUIRE(secret);
    CHECK(secret->sha1_stage2() == Secret::from_password("password").sha1_stage2());
    CHECK_FALSE(secret->password());
    CHECK_FALSE(secret->sha1());
    CHECK_FALSE(secret->answer_native(nonce));
    CHECK_FALSE(secret->answer_caching_sha2(nonce));

    CHECK(Secret::from_native_hash("*2470c0c06dee42fd1618bb99005adca2ec9d1e19"));
    CHECK_FALSE(Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E1"));
    CHECK_FALSE(Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19A"));
    CHECK_FALSE(Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1EXY"));
    CHECK_FALSE(Secret::from_native_hash("2470C0C06DEE42FD1618BB99005ADCA2EC9D1E190"));
    CHECK(Secret::from_native_hash("")->is_empty_password());
}

TEST_CASE("a right native answer proves the hash and teaches SHA1 of the password")
{
    const Secret client = Secret::from_password("password");
    Secret known = *Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    CHECK(known.verify_native(*client.answer_native(nonce), nonce));
    CHECK(known.sha1() == client.sha1());
    CHECK(known.answer_native(other_nonce) == client.answer_native(other_nonce));
    CHECK_FALSE(known.verify_caching_sha2(*client.answer_caching_sha2(nonce), nonce));
}

TEST_CASE("a right fast-path answer proves the hash and teaches SHA256 of the password")
{
    const Secret client = Secret::from_password("pässword");
    Secret known = Secret::from_sha256_stage2(*client.sha256_stage2());
    CHECK(known.verify_caching_sha2(*client.answer_caching_sha2(nonce), nonce));
    CHECK(known.sha256() == client.sha256());
    CHECK(known.answer_caching_sha2(other_nonce) == client.answer_caching_sha2(other_nonce));
    CHECK_FALSE(known.verify_native(*client.answer_native(nonce), nonce));
}

TEST_CASE("a wrong answer proves nothing and teaches nothing")
{
    const Secret client = Secret::from_password("right");
    const Secret wrong = Secret::from_password("wrong");
    Secret known = Secret::from_sha256_stage2(*client.sha256_stage2());

    CHECK_FALSE(known.verify_caching_sha2(*wrong.answer_caching_sha2(nonce), nonce));
    CHECK_FALSE(known.verify_caching_sha2(*client.answer_caching_sha2(other_nonce), nonce));
    CHECK_FALSE(known.verify_caching_sha2({}, nonce));
    Buffer cut = *client.answer_caching_sha2(nonce);
    cut.pop_back();
    CHECK_FALSE(known.verify_caching_sha2(cut, nonce));
    CHECK_FALSE(known.sha256());

    Secret all = client;
    CHECK_FALSE(all.verify_native(*wrong.answer_native(nonce), nonce));
    CHECK_FALSE(all.verify_native({}, nonce));
}

TEST_CASE("an empty password is proven by an empty answer only")
{
    Secret empty = Secret::from_password("");
    CHECK(empty.verify_native({}, nonce));
    CHECK(empty.verify_caching_sha2({}, nonce));
    CHECK(empty.answer_native(nonce)->empty());
    CHECK(empty.answer_caching_sha2(nonce)->empty());
    CHECK_FALSE(empty.verify_native(*Secret::from_password("x").answer_native(nonce), nonce));

    Secret unknown;
    CHECK_FALSE(unknown.verify_native({}, nonce));
    CHECK_FALSE(unknown.verify_caching_sha2({}, nonce));
    CHECK_FALSE(unknown.answer_native(nonce));
}

TEST_CASE("a secret learns the forms that it lacks")
{
    const Secret full = Secret::from_password("password");
    Secret known = *Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    known.learn(full);
    CHECK(known.password() == full.password());
    CHECK(known.sha256_stage2() == full.sha256_stage2());

    known.forget_password();
    CHECK_FALSE(known.password());
    CHECK(known.answer_caching_sha2(nonce) == full.answer_caching_sha2(nonce));

    Secret learns_empty;
    learns_empty.learn(Secret::from_password(""));
    learns_empty.forget_password();
    CHECK(learns_empty.verify_native({}, nonce));
}

TEST_CASE("a moved secret leaves nothing behind")
{
    Secret from = Secret::from_password("short");
    Secret to = std::move(from);
    CHECK(to.password() == "short");
    CHECK_FALSE(from.password());  // NOLINT(bugprone-use-after-move): that is what is tested
    CHECK_FALSE(from.sha1());
    CHECK_FALSE(from.sha256_stage2());
    from = to;
    CHECK(from.password() == "short");
}

}  // namespace pointsman::protocol::auth
