#pragma once
// A certificate authority for one test, in a directory of its own.

#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace pointsman::tests {

/// A directory that is gone with its object.
class Directory {
public:
    Directory()
    {
        std::string name = (std::filesystem::temp_directory_path() / "pointsman-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

class Authority {
public:
    Authority() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(make("CA", key_.get(), ""))
    {
        save_certificate("ca.pem", certificate_.get());
    }

    /// Writes NAME.pem and NAME-key.pem, for a server of this name ("DNS:db1", "IP:127.0.0.1").
    void issue(const std::string& name, const std::string& alternative_name)
    {
        const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const auto certificate = make(name, key.get(), alternative_name);
        save_certificate(name + ".pem", certificate.get());
        auto* file = std::fopen(path(name + "-key.pem").c_str(), "w");
        REQUIRE(file != nullptr);
        PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
    }
    std::string path(const std::string& name) const { return directory_ / name; }

private:
    using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
    using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

    static void extend(X509* certificate, int kind, const std::string& value)
    {
        auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        REQUIRE(extension != nullptr);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    static void set_name(X509_NAME* name, const std::string& text)
    {
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
    }

    /// Without an alternative name: an authority's own.
    Certificate make(const std::string& name, EVP_PKEY* key, const std::string& alternative_name)
    {
        Certificate made(X509_new(), X509_free);
        auto* certificate = made.get();
        X509_set_version(certificate, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
        X509_set_pubkey(certificate, key);
        set_name(X509_get_subject_name(certificate), name);
        set_name(X509_get_issuer_name(certificate), "CA");
        if (alternative_name.empty())
            extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
        else
            extend(certificate, NID_subject_alt_name, alternative_name);
        X509_sign(certificate, key_.get(), EVP_sha256());
        return made;
    }

    void save_certificate(const std::string& name, X509* certificate)
    {
        auto* file = std::fopen(path(name).c_str(), "w");
        REQUIRE(file != nullptr);
        PEM_write_X509(file, certificate);
        std::fclose(file);
    }

    Directory directory_;
    long serial_ = 0;
    Key key_;
    Certificate certificate_;
};

}  // namespace pointsman::tests
