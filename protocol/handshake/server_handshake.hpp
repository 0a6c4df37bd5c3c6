#pragma once
// Login, with us as the server: what to say to a client, step by step, without any I/O.
//
// The owner performs each returned action and reports back with the matching on_… call. Passwords
// are checked by the owner (it asks a real server), because Pointsman has no users table.
// Packets are given whole and without header; sequence ids are kept here.

#include <string>
#include <variant>

#include "protocol/auth/rsa.hpp"
#include "protocol/auth/secret.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/err.hpp"
#include "protocol/messages/handshake_response.hpp"

namespace pointsman::protocol {

enum class ClientTls : std::uint8_t { off, optional, required };

class ServerHandshake {
public:
    struct Settings {
        std::string server_version;       // as the greeting says it
        std::uint32_t connection_id = 0;
        Capabilities offered = 0;         // without CLIENT_SSL: `tls` decides that
        std::uint8_t character_set = 255;  // utf8mb4_0900_ai_ci
        std::uint16_t status = 2;         // SERVER_STATUS_AUTOCOMMIT
        auth::Nonce nonce{};
        ClientTls tls = ClientTls::optional;
        std::string default_plugin = "caching_sha2_password";
        const auth::RsaKey* rsa_key = nullptr;  // none: no password exchange without TLS
        bool secure_transport = false;    // already safe without TLS (a unix socket)
        std::string client_host;          // for the text of error 1045
    };

    /// Write these bytes (complete packets) to the client, then read its next packet if `expect_answer`.
    struct Send { Buffer bytes; bool expect_answer = true; };
    /// Run the TLS handshake as a server, then read the client's next packet.
    struct StartTls {};
    /// What is known of this account? Answer with on_secret.
    struct LookUpSecret { std::string user; };
    /// Try this secret on a real server; answer with on_verdict. `learned`: the proof is new (not
    /// just matched against what on_secret gave), so it must be tried; else trying is optional.
    struct CheckWithServer { std::string user; auth::Secret secret; bool learned = false; };
    /// The client is who it says. `bytes` are what to send first (may be empty); the OK packet comes
    /// from accept().
    struct Accepted { Buffer bytes; };
    /// Write the bytes (an ERR packet), then close. `error` is for counting and logs.
    struct Refused { Buffer bytes; Err error; };

    using Action = std::variant<Send, StartTls, LookUpSecret, CheckWithServer, Accepted, Refused>;

    explicit ServerHandshake(Settings settings);

    /// The greeting.
    Action start();
    Action on_packet(Bytes payload, std::uint8_t sequence);
    Action on_tls_ready();
    /// nothing: the account is not known (yet).
    Action on_secret(std::optional<auth::Secret> secret);
    /// Accepted by a server, or its ERR.
    Action on_verdict(std::optional<Err> refused);

    /// The packet that ends a successful login: `ok_payload` framed with the right sequence id.
    Buffer frame_final(Bytes payload) const;

    /// The client's answer to the greeting; complete once LookUpSecret was returned.
    const HandshakeResponse& response() const { return response_; }
    /// The capabilities both sides have.
    Capabilities negotiated() const;
    bool tls_active() const { return tls_active_; }
    /// The login plugin that the client ended up with.
    const std::string& plugin() const { return plugin_; }

private:
    enum class Phase : std::uint8_t;
    Settings settings_;
    Phase phase_;
    HandshakeResponse response_;
    std::string plugin_;
    auth::Secret secret_;
    bool secret_known_ = false;
    bool tls_active_ = false;
    std::uint8_t sequence_ = 0;
};

}  // namespace pointsman::protocol
