#pragma once
// Certificates and rules for TLS, towards clients and towards servers. Immutable once made: a
// reload makes a new one, and streams that began with the old one keep it.

#include "config/config.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <variant>

namespace pointsman::proxy::net {

class TlsContext {
public:
    SSL_CTX* get() const { return context_.get(); }
    /// Must the server's name match its certificate?
    bool verifies_identity() const { return verifies_identity_; }

private:
    friend struct TlsContextFactory;
    std::shared_ptr<SSL_CTX> context_;
    bool verifies_identity_ = false;
};

using TlsContextPtr = std::shared_ptr<const TlsContext>;
/// The context, or a sentence that says what is wrong with which file.
using TlsContextResult = std::variant<TlsContextPtr, std::string>;

/// For clients. Without configured files a self-signed pair is made in `state_directory`
/// (server-cert.pem, server-key.pem, mode 0600) at first start and kept.
TlsContextResult make_client_side_tls(const config::ClientTls& settings,
                                      const std::string& state_directory);
/// For servers.
TlsContextResult make_server_side_tls(const config::ServerTls& settings);

/// Writes `text` to `path` with mode 0600, aside first and then renamed. False with errno set.
bool write_private_file(const std::string& path, const std::string& text);

}  // namespace pointsman::proxy::net
