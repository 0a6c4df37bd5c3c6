#include "proxy/net/tls_context.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace pointsman::proxy::net {

struct TlsContextFactory {
    static TlsContextPtr make(SSL_CTX* context, bool verifies_identity)
    {
        auto result = std::make_shared<TlsContext>();
        result->context_ = std::shared_ptr<SSL_CTX>(context, SSL_CTX_free);
        result->verifies_identity_ = verifies_identity;
        return result;
    }
};

namespace {

/// In the order of MySQL 9.7, and as there the first that the client has as well is taken.
/// Processors have instructions for SHA-256 and none for SHA-384, by which the other AES would make
/// the keys of TLS 1.3.
constexpr const char* preferred_ciphersuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
    "TLS_AES_128_CCM_SHA256";
constexpr const char* preferred_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-CCM:ECDHE-ECDSA-AES128-CCM:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:"
    "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-CCM:DHE-RSA-AES128-CCM:DHE-RSA-CHACHA20-POLY1305";

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;

std::string openssl_reason()
{
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    std::string text = reason ? reason : "unknown reason";
    ERR_clear_error();
    return text;
}

std::string bio_text(BIO* bio)
{
    char* data = nullptr;
    auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

struct PemPair {
    std::string certificate, key;
};

/// Ten years, an elliptic-curve key: its handshake costs a fraction of an RSA one.
PemPair make_self_signed()
{
    KeyPtr key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    CertificatePtr certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    std::uint64_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24 * 3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 10L * 365 * 24 * 3600);
    X509_set_pubkey(certificate.get(), key.get());
    auto* name = X509_get_subject_name(certificate.get());
    const char* text = "Pointsman self-signed";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());

    BioPtr certificate_pem(BIO_new(BIO_s_mem()), BIO_free), key_pem(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_X509(certificate_pem.get(), certificate.get());
    PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {bio_text(certificate_pem.get()), bio_text(key_pem.get())};
}

/// Empty when it worked, else a sentence.
std::string load_pair(SSL_CTX* context, const std::string& certificate, const std::string& key)
{
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
        return "certificate " + certificate + ": " + openssl_reason();
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
        return "key " + key + ": " + openssl_reason();
    if (SSL_CTX_check_private_key(context) != 1)
        return "key " + key + " does not belong to certificate " + certificate;
    return {};
}

std::string ensure_self_signed(const std::string& certificate, const std::string& key)
{
    std::error_code ignored;
    if (std::filesystem::exists(certificate, ignored) && std::filesystem::exists(key, ignored))
        return {};
    auto pair = make_self_signed();
    if (!write_private_file(key, pair.key)) return key + ": " + std::strerror(errno);
    if (!write_private_file(certificate, pair.certificate))
        return certificate + ": " + std::strerror(errno);
    return {};
}

}  // namespace

bool write_private_file(const std::string& path, const std::string& text)
{
    auto aside = path + ".new";
    int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    good = ::fsync(fd) == 0 && good;
    ::close(fd);
    return good && ::rename(aside.c_str(), path.c_str()) == 0;
}

TlsContextResult make_client_side_tls(const config::ClientTls& settings,
                                      const std::string& state_directory)
{
    auto* context = SSL_CTX_new(TLS_server_method());
    auto result = TlsContextFactory::make(context, false);
    SSL_CTX_set_min_proto_version(context,
                                  settings.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_ciphersuites(context, preferred_ciphersuites);
    SSL_CTX_set_cipher_list(context, preferred_ciphers);
    // One ticket is what a client resumes with; the chain is what the certificate's file holds.
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    const unsigned char session_id[] = "pointsman";
    SSL_CTX_set_session_id_context(context, session_id, sizeof session_id - 1);
    auto certificate = settings.certificate, key = settings.key;
    if (certificate.empty()) {
        certificate = state_directory + "/server-cert.pem";
        key = state_directory + "/server-key.pem";
        if (auto problem = ensure_self_signed(certificate, key); !problem.empty()) return problem;
    }
    if (auto problem = load_pair(context, certificate, key); !problem.empty()) return problem;
    return result;
}

TlsContextResult make_server_side_tls(const config::ServerTls& settings)
{
    auto* context = SSL_CTX_new(TLS_client_method());
    bool verifies_identity = settings.mode == config::ServerTlsMode::verify_identity;
    auto result = TlsContextFactory::make(context, verifies_identity);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (!settings.certificate.empty())
        if (auto problem = load_pair(context, settings.certificate, settings.key); !problem.empty())
            return problem;
    if (verifies_identity || settings.mode == config::ServerTlsMode::verify_ca) {
        if (SSL_CTX_load_verify_locations(context, settings.ca.c_str(), nullptr) != 1)
            return "ca " + settings.ca + ": " + openssl_reason();
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    return result;
}

}  // namespace pointsman::proxy::net
