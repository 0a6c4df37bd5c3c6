#pragma once
// The RSA leg of caching_sha2_password without TLS: the password, XORed with the nonce, travels
// encrypted (OAEP) under the server's public key.

#include "protocol/auth/secret.hpp"
#include "protocol/errc.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::protocol::auth {

/// An RSA key pair of ours. Immutable; safe to share between threads.
class RsaKey {
public:
    /// A new 2048-bit key. Takes tens of milliseconds.
    static RsaKey generate();
    /// From PEM text (PKCS#8 or PKCS#1 private key).
    static Result<RsaKey> from_pem(std::string_view private_key);

    std::string private_pem() const;
    const std::string& public_pem() const { return public_pem_; }
    /// The password behind a client's encrypted answer. Fails on anything that does not decrypt.
    Result<std::string> decrypt_password(Bytes encrypted, const Nonce& nonce) const;

private:
    std::shared_ptr<void> key_;  // EVP_PKEY
    std::string public_pem_;
};

/// Encrypts `password` (a NUL is added, as the protocol wants) for the server whose key this is.
Result<Buffer> encrypt_password(std::string_view password, const Nonce& nonce,
                                std::string_view public_pem);

}  // namespace pointsman::protocol::auth
