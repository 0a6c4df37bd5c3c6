#pragma once
// One client connection, as raw as can be: sends payloads, keeps an answer's bytes as they came.
// Blocking, with a deadline for every wait.

#include "protocol/auth/secret.hpp"
#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/command.hpp"
#include "protocol/exchange.hpp"
#include "protocol/messages/ok.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace pointsman::twin {

struct Address {
    std::string host;
    std::uint16_t port = 0;
};

struct Login {
    std::string user, password, schema;
    protocol::Capabilities wanted = 0;
    std::uint8_t character_set = 255;
};

/// What came for one command.
struct Answer {
    protocol::Buffer wire;  // packets with their headers
    std::string failure;    // why it is not complete; empty: it is
    protocol::Report report;
};

/// A login that failed, a connection that can't be made.
struct CannotConnect : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Longer than every lock wait and every timeout of a server.
constexpr std::chrono::seconds longest_patience{20};

class Peer {
public:
    /// Connects and logs in.
    Peer(const Address& address, const Login& login);
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    /// One command. What can't be sent shows as a failure of receive().
    void send(protocol::Bytes payload);
    /// The answer to it; `file` is sent if LOAD DATA LOCAL asks for one. After COM_CHANGE_USER
    /// `login` says whose password to prove.
    Answer receive(protocol::Command command, protocol::Bytes file, const Login& login);

    /// Whether some of the answer, or the connection's end, is there within `patience`.
    bool is_answered(std::chrono::milliseconds patience) const;

    protocol::Capabilities negotiated() const { return negotiated_; }
    const protocol::Ok& login_ok() const { return login_ok_; }

private:
    void connect(const Address& address);
    void log_in(const Login& login);
    bool write_all(protocol::Bytes bytes);
    bool read_more();
    protocol::Buffer read_packet(std::uint8_t& sequence);
    void speak(Answer& answer, protocol::Command command, protocol::Bytes file, const Login& login);
    void prove(protocol::Bytes last_packet, std::uint8_t sequence, const Login& login);

    int socket_ = -1;
    protocol::Capabilities negotiated_ = 0;
    protocol::Ok login_ok_;
    protocol::auth::Nonce nonce_{};  // of the login under way
    protocol::Buffer inbox_;         // received, not yet part of an answer
    std::string failure_;
};

}  // namespace pointsman::twin
