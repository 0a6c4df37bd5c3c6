// What a client's TLS handshake with a listener agrees on: tls_context.hpp. No sockets: OpenSSL
// moves the bytes between two ends in memory.

#include "proxy/net/tls_context.hpp"

#include "tests/support/certificates.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <memory>

using namespace pointsman;
using namespace pointsman::proxy::net;
using namespace pointsman::tests;

namespace {

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;
using ContextPtr = std::unique_ptr<SSL_CTX, FreeSsl>;
using SessionPtr = std::unique_ptr<SSL_SESSION, FreeSsl>;

/// Both ends of one connection, after their handshake and one byte to the client.
struct Ends {
    Ends(SSL_CTX* listener, SSL_CTX* application, SSL_SESSION* earlier)
        : server(SSL_new(listener)), client(SSL_new(application))
    {
        BIO *near = nullptr, *far = nullptr;
        BIO_new_bio_pair(&near, 1 << 16, &far, 1 << 16);
        SSL_set_bio(server.get(), near, near);
        SSL_set_bio(client.get(), far, far);
        SSL_set_accept_state(server.get());
        SSL_set_connect_state(client.get());
        if (earlier) SSL_set_session(client.get(), earlier);
        int done = 0;
        for (int turn = 0; turn < 20 && done != 2; ++turn)
            done = (SSL_do_handshake(client.get()) == 1) + (SSL_do_handshake(server.get()) == 1);
        REQUIRE(done == 2);
        std::array<char, 1> byte{'x'};
        REQUIRE(SSL_write(server.get(), byte.data(), 1) == 1);
        REQUIRE(SSL_read(client.get(), byte.data(), 1) == 1);
    }
    /// As a client does that quits; its session can be resumed.
    SessionPtr quit()
    {
        SessionPtr session(SSL_get1_session(client.get()));
        SSL_shutdown(client.get());
        return session;
    }
    SslPtr server, client;
};

TlsContextPtr listener_context(const Directory& directory)
{
    return std::get<TlsContextPtr>(make_client_side_tls(config::ClientTls{}, directory.path()));
}

ContextPtr application_context(int version)
{
    ContextPtr context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    return context;
}

}  // namespace

TEST_CASE("a client resumes its TLS session with a listener")
{
    auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const Directory directory;
    auto listener = listener_context(directory);
    auto application = application_context(version);
    Ends first(listener->get(), application.get(), nullptr);
    CHECK(SSL_session_reused(first.client.get()) == 0);
    auto session = first.quit();
    Ends second(listener->get(), application.get(), session.get());
    CHECK(SSL_session_reused(second.client.get()) == 1);
}

TEST_CASE("a listener chooses the cipher that MySQL would")
{
    const Directory directory;
    auto listener = listener_context(directory);
    auto application = application_context(TLS1_3_VERSION);
    Ends ends(listener->get(), application.get(), nullptr);
    CHECK(std::string(SSL_get_cipher_name(ends.client.get())) == "TLS_AES_128_GCM_SHA256");

    auto strict = application_context(TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(strict.get(), "TLS_AES_256_GCM_SHA384");
    Ends other(listener->get(), strict.get(), nullptr);
    CHECK(std::string(SSL_get_cipher_name(other.client.get())) == "TLS_AES_256_GCM_SHA384");
}
