#pragma once
// What is known of an account's password, in the forms that MySQL's login plugins need. Forms come
// and go independently: a listed or fully learned account has the password; a fast-path login
// leaves hashes only. Memory is zeroed when a Secret is dropped. It has no stream operator, on
// purpose: secrets never reach a log.
//
// caching_sha2_password:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html

#include "protocol/bytes.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::protocol::auth {

using Sha1Digest = std::array<Byte, 20>;
using Sha256Digest = std::array<Byte, 32>;
/// The server's random bytes for one login: 20, none of them 0.
using Nonce = std::array<Byte, 20>;

class Secret {
public:
    Secret() = default;
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept;
    Secret& operator=(const Secret&);
    Secret& operator=(Secret&&) noexcept;
    ~Secret();

    /// All forms, from the password itself.
    static Secret from_password(std::string_view password);
    /// mysql.user's authentication_string of a mysql_native_password account: "*" and 40 hex digits
    /// of SHA1(SHA1(password)), or empty for an empty password. Anything else: nothing.
    static std::optional<Secret> from_native_hash(std::string_view authentication_string);

    /// SHA256(SHA256(password)) alone: proves fast-path logins, and learns SHA256(password) from
    /// them.
    static Secret from_sha256_stage2(const Sha256Digest& stage2);

    const std::optional<std::string>& password() const { return password_; }
    const std::optional<Sha1Digest>& sha1() const { return sha1_; }                // SHA1(pw)
    const std::optional<Sha1Digest>& sha1_stage2() const { return sha1_stage2_; }  // SHA1(SHA1(pw))
    const std::optional<Sha256Digest>& sha256() const { return sha256_; }          // SHA256(pw)
    const std::optional<Sha256Digest>& sha256_stage2() const { return sha256_stage2_; }

    /// Takes over every form that `other` has and this one has not. Both must be of one password.
    void learn(const Secret& other);
    /// Drops the password and keeps its hashes. An empty password stays known as empty.
    void forget_password() noexcept;
    /// Is the password known to be empty?
    bool is_empty_password() const { return empty_; }

    /// Does the client's answer to `nonce` prove this secret? A right answer also yields SHA1(pw)
    /// or SHA256(pw), which are kept. False where the needed form is not known. An empty answer
    /// proves an empty password only.
    bool verify_native(Bytes answer, const Nonce& nonce);
    bool verify_caching_sha2(Bytes answer, const Nonce& nonce);

    /// Our own answers as a client; nothing where the needed form is not known. An empty password
    /// gives an empty answer.
    std::optional<Buffer> answer_native(const Nonce& nonce) const;
    std::optional<Buffer> answer_caching_sha2(const Nonce& nonce) const;

private:
    void wipe() noexcept;
    std::optional<std::string> password_;
    std::optional<Sha1Digest> sha1_, sha1_stage2_;
    std::optional<Sha256Digest> sha256_, sha256_stage2_;
    bool empty_ = false;  // the password is known to be empty
};

}  // namespace pointsman::protocol::auth
