#pragma once
// A small blocking client, so that thousands of connections, or thousands per second, cost the
// machine little besides the proxy. It logs in by the same handshake machine that the proxy uses
// towards servers.

#include "protocol/handshake/client_handshake.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace pointsman::bench {

/// What the proxy or the server did wrong, or could not do.
struct ClientError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Target {
    std::uint16_t port = 0;  // on 127.0.0.1
    std::string user, password;
    bool tls = false;
    bool resumes = false;  // a later TLS handshake goes on with the session of an earlier one
};

/// The TLS side of one client program's thread: its context, and the session to resume.
class TlsClient {
public:
    TlsClient();
    SSL_CTX* context() const { return context_.get(); }
    SSL_SESSION* last_session() const { return last_.get(); }
    void remember(SSL* connection) { last_.reset(SSL_get1_session(connection)); }

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
    };
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL_SESSION, Free> last_;
};

/// One connection, logged in. Every call throws ClientError when it can't do its work.
class Connection {
public:
    Connection(const Target& target, TlsClient& tls);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// A statement whose answer is one result set with at least one row.
    void query(std::string_view text);
    /// A statement whose answer is an OK.
    void execute(std::string_view text);
    /// Says goodbye; the destructor alone just closes.
    void quit();
    /// Did the TLS handshake go on with an earlier session?
    bool was_resumed() const { return ssl_ && SSL_session_reused(ssl_) == 1; }

private:
    struct Packet {
        protocol::Buffer payload;
        std::uint8_t sequence = 0;
    };

    void dial(std::uint16_t port);
    void log_in(const Target& target);
    void start_tls(const Target& target);
    void write(protocol::Bytes bytes);
    std::size_t read_some(protocol::Byte* into, std::size_t room);
    Packet read_packet();
    void send_command(std::uint8_t command, std::string_view text);

    TlsClient& tls_;
    int fd_ = -1;
    SSL* ssl_ = nullptr;
    protocol::Buffer held_;  // received, not yet taken
};

}  // namespace pointsman::bench
