#include "protocol/auth/rsa.hpp"

#include "protocol/auth/digest.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <new>

namespace pointsman::protocol::auth {
namespace {

template <auto free_function>
struct FreeWith {
    template <class T>
    void operator()(T* object) const
    {
        free_function(object);
    }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

// Far above any RSA key that a server uses, far below what would keep a thread busy.
constexpr int max_key_bits = 16384;

// An error left in the thread's queue would be taken for its own by the next TLS operation.
boost::system::error_code failed(Errc code)
{
    ERR_clear_error();
    return make_error_code(code);
}

Bio reader_of(std::string_view text)
{
    return Bio{BIO_new_mem_buf(text.data(),
                               static_cast<int>(std::min<std::size_t>(text.size(), 1u << 20)))};
}

std::string text_in(BIO* bio)
{
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

std::string public_pem_of(EVP_PKEY* key)
{
    const Bio bio{BIO_new(BIO_s_mem())};
    if (!bio || PEM_write_bio_PUBKEY(bio.get(), key) != 1) throw std::bad_alloc{};
    return text_in(bio.get());
}

bool is_usable_rsa(EVP_PKEY* key)
{
    return key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
           EVP_PKEY_get_bits(key) <= max_key_bits;
}

// No passphrase is ever asked for on the terminal.
int no_passphrase(char*, int, int, void*)
{
    return -1;
}

// Its own inverse. MySQL runs over the nonce again and again.
void xor_with_nonce(MutableBytes text, const Nonce& nonce)
{
    for (std::size_t i = 0; i < text.size(); ++i) text[i] ^= nonce[i % nonce.size()];
}

using CipherStep = int (*)(EVP_PKEY_CTX*, Byte*, std::size_t*, const Byte*, std::size_t);

// One RSA block with the padding that MySQL uses: OAEP with SHA-1, OpenSSL's default digest for it.
Result<Buffer> run_oaep(EVP_PKEY* key, int (*begin)(EVP_PKEY_CTX*), CipherStep step, Bytes input)
{
    const KeyContext context{EVP_PKEY_CTX_new(key, nullptr)};
    if (!context || begin(context.get()) != 1) return failed(Errc::unsupported);
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1)
        return failed(Errc::unsupported);
    std::size_t size = 0;
    if (step(context.get(), nullptr, &size, input.data(), input.size()) != 1)
        return failed(Errc::bad_value);
    Buffer output(size);
    if (step(context.get(), output.data(), &size, input.data(), input.size()) != 1)
        return failed(Errc::bad_value);
    output.resize(size);
    return output;
}

}  // namespace

RsaKey RsaKey::generate()
{
    RsaKey result;
    result.key_ = std::shared_ptr<EVP_PKEY>(EVP_RSA_gen(2048), EVP_PKEY_free);
    if (!result.key_) throw std::bad_alloc{};
    result.public_pem_ = public_pem_of(static_cast<EVP_PKEY*>(result.key_.get()));
    return result;
}

Result<RsaKey> RsaKey::from_pem(std::string_view private_key)
{
    const Bio bio = reader_of(private_key);
    Key key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr};
    if (!key) return failed(Errc::bad_value);
    if (!is_usable_rsa(key.get())) return failed(Errc::unsupported);
    RsaKey result;
    result.public_pem_ = public_pem_of(key.get());
    result.key_ = std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free);
    return result;
}

std::string RsaKey::private_pem() const
{
    const Bio bio{BIO_new(BIO_s_mem())};
    auto* key = static_cast<EVP_PKEY*>(key_.get());
    if (!bio ||
        PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
        throw std::bad_alloc{};
    return text_in(bio.get());
}

Result<std::string> RsaKey::decrypt_password(Bytes encrypted, const Nonce& nonce) const
{
    auto* key = static_cast<EVP_PKEY*>(key_.get());
    auto plain = run_oaep(key, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, encrypted);
    if (!plain) return plain.error();
    xor_with_nonce(*plain, nonce);
    // The NUL that ends the password is part of the message; what follows it is not the password's.
    const auto end = std::find(plain->begin(), plain->end(), Byte{0});
    const bool terminated = end != plain->end();
    std::string password{plain->begin(), end};
    wipe_bytes(*plain);
    if (!terminated) {
        wipe_bytes({reinterpret_cast<Byte*>(password.data()), password.size()});
        return failed(Errc::bad_value);
    }
    return password;
}

Result<Buffer> encrypt_password(std::string_view password, const Nonce& nonce,
                                std::string_view public_pem)
{
    const Bio bio = reader_of(public_pem);
    const Key key{bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr};
    if (!key) return failed(Errc::bad_value);
    if (!is_usable_rsa(key.get())) return failed(Errc::unsupported);

    Buffer plain(password.size() + 1);  // its last byte stays NUL; sized at once, so nothing moves
    std::copy(password.begin(), password.end(), plain.begin());
    xor_with_nonce(plain, nonce);
    auto encrypted = run_oaep(key.get(), EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, plain);
    wipe_bytes(plain);
    return encrypted;
}

}  // namespace pointsman::protocol::auth
