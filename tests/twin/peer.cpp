#include "tests/twin/peer.hpp"

#include "protocol/auth/plugin.hpp"
#include "protocol/auth/rsa.hpp"
#include "protocol/exchange.hpp"
#include "protocol/handshake/client_handshake.hpp"
#include "protocol/messages/auth.hpp"
#include "protocol/packet.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace pointsman::twin {

namespace {

using protocol::Buffer;
using protocol::Bytes;
using protocol::ClientHandshake;
using protocol::Command;

/// The last packet of a complete or incomplete answer.
Bytes last_packet(Bytes wire, std::uint8_t& sequence)
{
    while (auto header = protocol::peek_header(wire)) {
        sequence = header->sequence;
        if (header->wire_size() >= wire.size()) return wire.subspan(protocol::packet_header_size);
        wire = wire.subspan(header->wire_size());
    }
    return {};
}

bool is_readable(int socket, std::chrono::milliseconds patience)
{
    pollfd waiting{socket, POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(patience.count())) != 0;
}

}  // namespace

Peer::Peer(const Address& address, const Login& login)
{
    connect(address);
    try {
        log_in(login);
    } catch (...) {
        ::close(socket_);
        throw;
    }
}

Peer::~Peer()
{
    ::close(socket_);
}

void Peer::connect(const Address& address)
{
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    bool parsed = ::inet_pton(AF_INET, address.host.c_str(), &to.sin_addr) == 1;
    if (!parsed || ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
        ::close(socket_);
        throw CannotConnect("no connection to " + address.host + ":" +
                            std::to_string(address.port) + ": " + std::strerror(errno));
    }
    int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Peer::log_in(const Login& login)
{
    ClientHandshake::Settings settings;
    settings.user = login.user;
    settings.secret = protocol::auth::Secret::from_password(login.password);
    settings.schema = login.schema;
    settings.wanted = login.wanted;
    settings.character_set = login.character_set;
    settings.tls = protocol::BackendTls::off;
    ClientHandshake handshake(settings);
    for (;;) {
        std::uint8_t sequence = 0;
        auto packet = read_packet(sequence);
        auto action = handshake.on_packet(packet, sequence);
        if (std::holds_alternative<ClientHandshake::Ready>(action)) break;
        if (auto* failed = std::get_if<ClientHandshake::Failed>(&action))
            throw CannotConnect("login as " + login.user + ": " + failed->error.message);
        if (!write_all(std::get<ClientHandshake::Send>(action).bytes))
            throw CannotConnect("login as " + login.user + ": " + failure_);
    }
    negotiated_ = handshake.negotiated();
    login_ok_ = handshake.final_ok();
}

Buffer Peer::read_packet(std::uint8_t& sequence)
{
    for (;;) {
        auto header = protocol::peek_header(inbox_);
        if (header && header->wire_size() <= inbox_.size()) {
            sequence = header->sequence;
            auto end = inbox_.begin() + static_cast<std::ptrdiff_t>(header->wire_size());
            Buffer payload(inbox_.begin() + protocol::packet_header_size, end);
            inbox_.erase(inbox_.begin(), end);
            return payload;
        }
        if (!read_more()) throw CannotConnect("login: " + failure_);
    }
}

bool Peer::write_all(Bytes bytes)
{
    while (!bytes.empty()) {
        auto written = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            failure_ = std::string("lost while sending: ") + std::strerror(errno);
            return false;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

bool Peer::read_more()
{
    if (!is_readable(socket_, longest_patience)) {
        failure_ = "no answer within " + std::to_string(longest_patience.count()) + " s";
        return false;
    }
    std::array<protocol::Byte, 65536> chunk;
    auto count = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (count <= 0) {
        failure_ = count == 0 ? "closed" : std::string("lost: ") + std::strerror(errno);
        return false;
    }
    inbox_.insert(inbox_.end(), chunk.begin(), chunk.begin() + count);
    return true;
}

bool Peer::is_answered(std::chrono::milliseconds patience) const
{
    return !inbox_.empty() || is_readable(socket_, patience);
}

void Peer::send(Bytes payload)
{
    Buffer wire;
    protocol::append_message(wire, payload, 0);
    write_all(wire);
}

Answer Peer::receive(Command command, Bytes file, const Login& login)
{
    Answer answer;
    protocol::Exchange exchange(command, negotiated_);
    bool finished = exchange.is_silent();
    while (!finished) {
        auto progress = exchange.on_backend_bytes(inbox_);
        if (!progress) {
            answer.failure = "not the protocol: " + progress.error().message();
            answer.wire.insert(answer.wire.end(), inbox_.begin(), inbox_.end());
            return answer;
        }
        auto used = static_cast<std::ptrdiff_t>(progress->forward + progress->held_size);
        answer.wire.insert(answer.wire.end(), inbox_.begin(), inbox_.begin() + used);
        inbox_.erase(inbox_.begin(), inbox_.begin() + used);
        finished = progress->finished;
        answer.report = exchange.report();
        if (finished) break;
        if (exchange.client_speaks_next()) {
            speak(answer, command, file, login);
            exchange.on_client_done();
        } else if (used == 0 && !read_more()) {
            answer.failure = failure_;
            return answer;
        }
    }
    return answer;
}

/// LOCAL INFILE's content, or the next word of a login.
void Peer::speak(Answer& answer, Command command, Bytes file, const Login& login)
{
    std::uint8_t sequence = 0;
    auto packet = last_packet(answer.wire, sequence);
    ++sequence;
    if (command == Command::change_user) return prove(packet, sequence, login);
    Buffer wire;
    if (!file.empty()) sequence = protocol::append_message(wire, file, sequence);
    protocol::append_message(wire, {}, sequence);
    write_all(wire);
}

void Peer::prove(Bytes last_packet, std::uint8_t sequence, const Login& login)
{
    namespace auth = protocol::auth;
    auto packet = protocol::decode_auth_packet(last_packet);
    Buffer word;
    if (!packet) {
        failure_ = "a packet that has no place in a login";
    } else if (auto* request = std::get_if<protocol::AuthSwitchRequest>(&*packet)) {
        std::copy_n(request->data.begin(), std::min(request->data.size(), nonce_.size()),
                    nonce_.begin());
        auto secret = auth::Secret::from_password(login.password);
        word = *secret.answer_caching_sha2(nonce_);
    } else if (auto* more = std::get_if<protocol::AuthMoreData>(&*packet)) {
        bool full = more->data.size() == 1 && more->data[0] == auth::sha2_full_auth_needed;
        if (full)
            word = {auth::sha2_request_public_key};
        else if (auto encrypted =
                     auth::encrypt_password(login.password, nonce_, protocol::as_text(more->data)))
            word = *encrypted;
    }
    Buffer wire;
    protocol::append_message(wire, word, sequence);
    write_all(wire);
}

}  // namespace pointsman::twin
