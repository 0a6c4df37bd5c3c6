#include "protocol/auth/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <new>

namespace pointsman::protocol::auth {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// The fetched algorithms live as long as the process: fetching by name at each use takes a lock.
const EVP_MD* sha1_algorithm()
{
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    return algorithm;
}

const EVP_MD* sha256_algorithm()
{
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return algorithm;
}

template <std::size_t size>
std::array<Byte, size> digest_of(const EVP_MD* algorithm, std::initializer_list<Bytes> parts)
{
    std::array<Byte, size> digest{};
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
    bool done = context && algorithm && EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1;
    for (const Bytes part : parts)
        done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    done = done && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    // A digest of memory fails for lack of memory only. An all-zero digest must never stand for a
    // password, so there is no going on.
    if (!done) throw std::bad_alloc{};
    return digest;
}

}  // namespace

Sha1Digest sha1_of(std::initializer_list<Bytes> parts)
{
    return digest_of<20>(sha1_algorithm(), parts);
}

Sha256Digest sha256_of(std::initializer_list<Bytes> parts)
{
    return digest_of<32>(sha256_algorithm(), parts);
}

void wipe_bytes(MutableBytes bytes) noexcept
{
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

bool equal_in_constant_time(Bytes a, Bytes b) noexcept
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace pointsman::protocol::auth
