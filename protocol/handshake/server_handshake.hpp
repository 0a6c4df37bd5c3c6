#pragma once
// Login, with us as the server: what to say to a client, step by step, without any I/O.
//
// The owner performs each returned action and reports back with the matching on_… call. Passwords
// are checked by the owner (it asks a real server), because Pointsman has no users table.
// Packets are given whole and without header; sequence ids are kept here.

#include "protocol/auth/rsa.hpp"
#include "protocol/auth/secret.hpp"
#include "protocol/capability.hpp"
#include "protocol/compression/algorithm.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/err.hpp"
#include "protocol/messages/handshake_response.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pointsman::protocol {

enum class ClientTls : std::uint8_t { off, optional, required };

class ServerHandshake {
public:
    struct Settings {
        std::string server_version;  // as the greeting says it
        std::uint32_t connection_id = 0;
        Capabilities offered = 0;          // without CLIENT_SSL: `tls` decides that
        std::uint8_t character_set = 255;  // utf8mb4_0900_ai_ci
        std::uint16_t status = 2;          // SERVER_STATUS_AUTOCOMMIT
        auth::Nonce nonce{};
        ClientTls tls = ClientTls::optional;
        std::string default_plugin = "caching_sha2_password";
        const auth::RsaKey* rsa_key = nullptr;  // none: no password exchange without TLS
        bool secure_transport = false;          // already safe without TLS (a unix socket)
        std::string client_host;                // for the text of error 1045
    };

    /// Write these bytes (complete packets) to the client, then read its next packet if
    /// `expect_answer`.
    struct Send {
        Buffer bytes;
        bool expect_answer = true;
    };
    /// Run the TLS handshake as a server, then read the client's next packet.
    struct StartTls {};
    /// What is known of this account? Answer with on_secret.
    struct LookUpSecret {
        std::string user;
    };
    /// Try this secret on a real server; answer with on_verdict. `learned`: the proof is new (not
    /// just matched against what on_secret gave), so it must be tried; else trying is optional.
    struct CheckWithServer {
        std::string user;
        auth::Secret secret;
        bool learned = false;
    };
    /// The client is who it says. `bytes` are what to send first (may be empty); the OK packet
    /// comes from accept().
    struct Accepted {
        Buffer bytes;
    };
    /// Write the bytes (an ERR packet), then close. `error` is for counting and logs.
    struct Refused {
        Buffer bytes;
        Err error;
    };

    using Action = std::variant<Send, StartTls, LookUpSecret, CheckWithServer, Accepted, Refused>;

    explicit ServerHandshake(Settings settings);

    /// The greeting.
    Action start();
    /// In place of start(), for COM_CHANGE_USER: a login within a session. `response` holds what
    /// the command said, and the capabilities of the session. settings.nonce must be that of the
    /// session's first login: clients answer to it. libmysqlclient sends no proof and waits for an
    /// auth switch; libmariadb repeats its first answer when switched to the plugin that it named.
    Action start_change_user(HandshakeResponse response, bool tls_active);
    Action on_packet(Bytes payload, std::uint8_t sequence);
    Action on_tls_ready();
    /// nothing: the account is not known (yet).
    Action on_secret(std::optional<auth::Secret> secret);
    /// Accepted by a server, or its ERR. Error 1045 is worded anew with the client's own host.
    Action on_verdict(std::optional<Err> refused);
    /// In place of any other step once the client has spoken: it is refused for reasons of ours.
    Action on_refused(Err error) { return refuse(std::move(error)); }
    /// The client is elsewhere than its connection comes from. Before its answer is complete.
    void set_client_host(std::string host) { settings_.client_host = std::move(host); }
    /// In place of on_verdict: the server wants the password itself (its cache is cold) and the
    /// secret holds hashes only. Asks the client for it; CheckWithServer comes again. At most once.
    Action on_password_needed();

    /// The packet that ends a successful login: `ok_payload` framed with the right sequence id.
    Buffer frame_final(Bytes payload) const;

    /// The client's answer to the greeting; complete once LookUpSecret was returned.
    const HandshakeResponse& response() const { return response_; }
    /// The capabilities both sides have.
    Capabilities negotiated() const;
    /// What both agreed on for after the login.
    Compression compression() const
    {
        return chosen_compression(negotiated(), response_.zstd_level);
    }
    bool tls_active() const { return tls_active_; }
    /// The login plugin that the client ended up with.
    const std::string& plugin() const { return plugin_; }

private:
    enum class Phase : std::uint8_t {
        greeting,       // nothing sent yet
        answer,         // the client's SSLRequest or HandshakeResponse is awaited
        tls,            // on_tls_ready is awaited
        secret,         // on_secret is awaited
        switch_answer,  // the client's answer to an auth switch is awaited
        password,       // caching_sha2_password's full exchange: password, or request for our key
        encrypted_password,  // our key was sent
        verdict,             // on_verdict is awaited
        over,
    };

    Action on_client_answer(Bytes payload);
    Action on_response(HandshakeResponse response);
    Action choose_plugin();
    std::string_view plugin_for_secret() const;
    Action judge(Bytes answer);
    Action judge_native(Bytes answer);
    Action judge_caching_sha2(Bytes answer);
    Action switch_to(std::string_view plugin);
    Action ask_for_password();
    Action on_password_packet(Bytes payload);
    Action on_encrypted_password(Bytes payload);
    Action check_password(Bytes password);
    Action check(auth::Secret secret, bool learned);
    Action refuse(Err error);
    Action deny(std::string_view why = {});

    Buffer frame(Bytes payload);
    bool is_secure() const { return tls_active_ || settings_.secure_transport; }
    bool client_has(Capabilities flags) const { return (response_.capabilities & flags) == flags; }

    Settings settings_;
    Phase phase_ = Phase::greeting;
    HandshakeResponse response_;
    std::string plugin_;
    auth::Secret secret_;
    bool tls_active_ = false;
    bool changes_user_ = false;
    bool switched_ = false;        // clients follow one auth switch, not two
    bool proven_fast_ = false;     // caching_sha2_password's 0x03 is due before the OK
    bool password_asked_ = false;  // by on_password_needed: the next secret must be tried
    bool using_password_ = true;
    std::uint8_t sequence_ = 0;  // of the next packet, whoever sends it
};

}  // namespace pointsman::protocol
