#pragma once
// Login, with us as the client of a real server: what to say, step by step, without any I/O.
// Plugins spoken: caching_sha2_password (fast path, full exchange over TLS or RSA),
// mysql_native_password, sha256_password, mysql_clear_password (over TLS only).

#include "protocol/auth/secret.hpp"
#include "protocol/capability.hpp"
#include "protocol/compression/algorithm.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/auth.hpp"
#include "protocol/messages/err.hpp"
#include "protocol/messages/greeting.hpp"
#include "protocol/messages/ok.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pointsman::protocol {

/// `preferred` does without where the server offers none, and on a transport that is safe already.
enum class BackendTls : std::uint8_t { off, preferred, required };

class ClientHandshake {
public:
    struct Settings {
        std::string user;
        auth::Secret secret;
        std::string schema;  // empty: none
        Capabilities wanted =
            0;  // what the session's client negotiated; CLIENT_SSL is decided by `tls`
        std::uint8_t character_set = 255;
        std::uint32_t max_packet_size = 1u << 30;
        std::uint8_t zstd_level = 3;
        std::vector<std::pair<std::string, std::string>> attributes;
        BackendTls tls = BackendTls::preferred;
        bool secure_transport = false;  // a unix socket: a clear password is safe on it
    };

    struct Send {
        Buffer bytes;
    };  // write (there may be nothing to), then read the next packet
    struct StartTls {
        Buffer bytes;
    };                // write, run the TLS handshake as a client, then on_tls_ready
    struct Ready {};  // logged in
    /// The server said no (its own ERR), or we can't go on (an Err of ours, code 2xxx never: see
    /// server_error.hpp).
    struct Failed {
        Err error;
        bool from_server = false;
        /// The server wants the password itself, and the secret holds hashes only.
        bool password_needed = false;
    };
    using Action = std::variant<Send, StartTls, Ready, Failed>;

    explicit ClientHandshake(Settings settings);

    /// The first packet given is the greeting (or an ERR in its place).
    Action on_packet(Bytes payload, std::uint8_t sequence);
    Action on_tls_ready();

    const Greeting& greeting() const { return greeting_; }
    /// In force on the link; CLIENT_SSL is not among them.
    Capabilities negotiated() const { return negotiated_; }
    /// What both agreed on for after the login.
    Compression compression() const
    {
        return chosen_compression(negotiated_, settings_.zstd_level);
    }
    /// The login plugin in use, at the end the one that the account has.
    const std::string& plugin() const { return plugin_; }
    bool tls_active() const { return tls_active_; }
    /// Status flags and session state of the final OK.
    const Ok& final_ok() const { return ok_; }

private:
    enum class Phase : std::uint8_t {
        greeting,    // awaited
        tls,         // on_tls_ready is awaited
        login,       // the server's next word is awaited
        public_key,  // its RSA key is awaited
        over,
    };

    Action on_greeting(Bytes payload);
    Action on_login_packet(Bytes payload);
    Action on_auth_switch(const AuthSwitchRequest& request);
    Action on_auth_more_data(Bytes data);
    Action on_public_key(Bytes pem);
    bool wants_tls() const;
    Action start_tls();
    Action send_response();
    Action send_password();
    Action send_plugin_data(Bytes data);
    Action failed(Err error);
    Action failed_handshake(std::string_view why);
    Action failed_for_want_of_password(std::string_view what_for);

    std::optional<Buffer> first_answer();
    std::optional<Buffer> answer_for(std::string_view plugin) const;
    Buffer frame(Bytes payload);
    bool is_secure() const { return tls_active_ || settings_.secure_transport; }

    Settings settings_;
    Phase phase_ = Phase::greeting;
    Greeting greeting_;
    Ok ok_;
    Capabilities negotiated_ = 0;
    std::string plugin_;
    auth::Nonce nonce_{};
    bool tls_active_ = false;
    std::uint8_t rounds_ = 0;    // packets of the server since the greeting
    std::uint8_t sequence_ = 0;  // of the next packet, whoever sends it
};

}  // namespace pointsman::protocol
