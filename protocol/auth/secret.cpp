#include "protocol/auth/secret.hpp"

#include "protocol/auth/digest.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::protocol::auth {
namespace {

template <std::size_t size>
std::array<Byte, size> xored(const std::array<Byte, size>& a, const std::array<Byte, size>& b)
{
    std::array<Byte, size> result;
    std::transform(a.begin(), a.end(), b.begin(), result.begin(),
                   [](Byte x, Byte y) { return static_cast<Byte>(x ^ y); });
    return result;
}

// mysql_native_password: answer = SHA1(pw) XOR SHA1(nonce + SHA1(SHA1(pw))).
Sha1Digest native_mask(const Sha1Digest& stage2, const Nonce& nonce)
{
    return sha1_of({nonce, stage2});
}

// caching_sha2_password: answer = SHA256(pw) XOR SHA256(SHA256(SHA256(pw)) + nonce). The order of
// nonce and hash is the reverse of the native plugin's.
Sha256Digest caching_sha2_mask(const Sha256Digest& stage2, const Nonce& nonce)
{
    return sha256_of({stage2, nonce});
}

std::optional<Byte> hex_digit(char c)
{
    if (c >= '0' && c <= '9') return static_cast<Byte>(c - '0');
    if (c >= 'A' && c <= 'F') return static_cast<Byte>(c - 'A' + 10);
    if (c >= 'a' && c <= 'f') return static_cast<Byte>(c - 'a' + 10);
    return std::nullopt;
}

template <class Digest>
std::optional<Digest> to_digest(Bytes bytes)
{
    Digest digest;
    if (bytes.size() != digest.size()) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

template <class Digest>
void wipe_digest(std::optional<Digest>& digest) noexcept
{
    if (digest) wipe_bytes(*digest);
    digest.reset();
}

template <class Form>
void take_if_missing(std::optional<Form>& mine, const std::optional<Form>& other)
{
    if (!mine && other) mine = other;
}

}  // namespace

Secret::Secret(Secret&& other) noexcept : Secret()
{
    *this = std::move(other);
}

Secret& Secret::operator=(const Secret& other)
{
    if (this == &other) return *this;
    wipe();
    password_ = other.password_;
    sha1_ = other.sha1_;
    sha1_stage2_ = other.sha1_stage2_;
    sha256_ = other.sha256_;
    sha256_stage2_ = other.sha256_stage2_;
    empty_ = other.empty_;
    return *this;
}

// Copies and wipes: a moved std::string may leave short texts behind in the source's own storage.
Secret& Secret::operator=(Secret&& other) noexcept
{
    if (this == &other) return *this;
    *this = std::as_const(other);
    other.wipe();
    return *this;
}

Secret::~Secret()
{
    wipe();
}

Secret Secret::from_password(std::string_view password)
{
    Secret secret;
    secret.password_.emplace(password);
    secret.empty_ = password.empty();
    secret.sha1_ = sha1_of({as_bytes(password)});
    secret.sha1_stage2_ = sha1_of({*secret.sha1_});
    secret.sha256_ = sha256_of({as_bytes(password)});
    secret.sha256_stage2_ = sha256_of({*secret.sha256_});
    return secret;
}

std::optional<Secret> Secret::from_native_hash(std::string_view authentication_string)
{
    if (authentication_string.empty()) return from_password("");
    Sha1Digest stage2;
    if (authentication_string.size() != 1 + 2 * stage2.size() || authentication_string[0] != '*')
        return std::nullopt;
    for (std::size_t i = 0; i < stage2.size(); ++i) {
        const auto high = hex_digit(authentication_string[1 + 2 * i]);
        const auto low = hex_digit(authentication_string[2 + 2 * i]);
        if (!high || !low) return std::nullopt;
        stage2[i] = static_cast<Byte>(*high << 4 | *low);
    }
    Secret secret;
    secret.sha1_stage2_ = stage2;
    return secret;
}

Secret Secret::from_sha256_stage2(const Sha256Digest& stage2)
{
    Secret secret;
    secret.sha256_stage2_ = stage2;
    return secret;
}

void Secret::learn(const Secret& other)
{
    const bool nothing_known = !sha1_stage2_ && !sha256_stage2_ && !sha1_ && !sha256_;
    take_if_missing(password_, other.password_);
    take_if_missing(sha1_, other.sha1_);
    take_if_missing(sha1_stage2_, other.sha1_stage2_);
    take_if_missing(sha256_, other.sha256_);
    take_if_missing(sha256_stage2_, other.sha256_stage2_);
    empty_ = empty_ || (nothing_known && other.empty_);
}

void Secret::forget_password() noexcept
{
    if (password_) wipe_bytes({reinterpret_cast<Byte*>(password_->data()), password_->size()});
    password_.reset();
}

bool Secret::verify_native(Bytes answer, const Nonce& nonce)
{
    if (answer.empty()) return empty_;
    const auto given = to_digest<Sha1Digest>(answer);
    if (!given || !sha1_stage2_ || empty_) return false;
    const Sha1Digest sha1 = xored(*given, native_mask(*sha1_stage2_, nonce));
    if (!equal_in_constant_time(sha1_of({sha1}), *sha1_stage2_)) return false;
    if (!sha1_) sha1_ = sha1;
    return true;
}

bool Secret::verify_caching_sha2(Bytes answer, const Nonce& nonce)
{
    if (answer.empty()) return empty_;
    const auto given = to_digest<Sha256Digest>(answer);
    if (!given || !sha256_stage2_ || empty_) return false;
    const Sha256Digest sha256 = xored(*given, caching_sha2_mask(*sha256_stage2_, nonce));
    if (!equal_in_constant_time(sha256_of({sha256}), *sha256_stage2_)) return false;
    if (!sha256_) sha256_ = sha256;
    return true;
}

std::optional<Buffer> Secret::answer_native(const Nonce& nonce) const
{
    if (empty_) return Buffer{};
    if (!sha1_) return std::nullopt;
    const Sha1Digest answer = xored(*sha1_, native_mask(sha1_of({*sha1_}), nonce));
    return Buffer{answer.begin(), answer.end()};
}

std::optional<Buffer> Secret::answer_caching_sha2(const Nonce& nonce) const
{
    if (empty_) return Buffer{};
    if (!sha256_) return std::nullopt;
    const Sha256Digest answer = xored(*sha256_, caching_sha2_mask(sha256_of({*sha256_}), nonce));
    return Buffer{answer.begin(), answer.end()};
}

void Secret::wipe() noexcept
{
    forget_password();
    wipe_digest(sha1_);
    wipe_digest(sha1_stage2_);
    wipe_digest(sha256_);
    wipe_digest(sha256_stage2_);
    empty_ = false;
}

}  // namespace pointsman::protocol::auth
