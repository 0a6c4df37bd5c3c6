#pragma once
// Login, with us as the client of a real server: what to say, step by step, without any I/O.
// Plugins spoken: caching_sha2_password (fast path, full exchange over TLS or RSA),
// mysql_native_password, sha256_password, mysql_clear_password (over TLS only).

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/auth/secret.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/err.hpp"
#include "protocol/messages/greeting.hpp"
#include "protocol/messages/ok.hpp"

namespace pointsman::protocol {

enum class BackendTls : std::uint8_t { off, preferred, required };

class ClientHandshake {
public:
    struct Settings {
        std::string user;
        auth::Secret secret;
        std::string schema;                // empty: none
        Capabilities wanted = 0;           // what the session's client negotiated; CLIENT_SSL is decided by `tls`
        std::uint8_t character_set = 255;
        std::uint32_t max_packet_size = 1u << 30;
        std::vector<std::pair<std::string, std::string>> attributes;
        BackendTls tls = BackendTls::preferred;
        bool secure_transport = false;     // a unix socket: a clear password is safe on it
    };

    struct Send { Buffer bytes; };   // write, then read the next packet
    struct StartTls { Buffer bytes; };  // write, run the TLS handshake as a client, then on_tls_ready
    struct Ready {};                 // logged in
    /// The server said no (its own ERR), or we can't go on (an Err of ours, code 2xxx never: see server_error.hpp).
    struct Failed { Err error; bool from_server = false; };
    using Action = std::variant<Send, StartTls, Ready, Failed>;

    explicit ClientHandshake(Settings settings);

    /// The first packet given is the greeting (or an ERR in its place).
    Action on_packet(Bytes payload, std::uint8_t sequence);
    Action on_tls_ready();

    const Greeting& greeting() const { return greeting_; }
    Capabilities negotiated() const { return negotiated_; }
    /// Status flags and session state of the final OK.
    const Ok& final_ok() const { return ok_; }

private:
    enum class Phase : std::uint8_t;
    Settings settings_;
    Phase phase_;
    Greeting greeting_;
    Ok ok_;
    Capabilities negotiated_ = 0;
    std::string plugin_;
    auth::Nonce nonce_{};
    bool tls_active_ = false;
    std::uint8_t sequence_ = 0;
};

}  // namespace pointsman::protocol
