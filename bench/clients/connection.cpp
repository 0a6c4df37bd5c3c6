#include "bench/clients/connection.hpp"

#include "protocol/messages/err.hpp"
#include "protocol/packet.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace pointsman::bench {

namespace {

namespace capability = protocol::capability;
using protocol::ClientHandshake;

constexpr std::uint8_t com_quit = 1, com_query = 3;
constexpr protocol::Byte ok_byte = 0x00, eof_byte = 0xfe, err_byte = 0xff;
constexpr protocol::Capabilities wanted = capability::long_flag | capability::protocol_41 |
                                          capability::transactions | capability::secure_connection |
                                          capability::plugin_auth | capability::multi_results;

[[noreturn]] void fail_system(const std::string& what)
{
    throw ClientError(what + ": " + std::strerror(errno));
}

ClientHandshake::Settings handshake_settings(const Target& target)
{
    ClientHandshake::Settings settings;
    settings.user = target.user;
    settings.secret = protocol::auth::Secret::from_password(target.password);
    settings.wanted = wanted;
    settings.tls = target.tls ? protocol::BackendTls::required : protocol::BackendTls::off;
    return settings;
}

}  // namespace

TlsClient::TlsClient() : context_(SSL_CTX_new(TLS_client_method()))
{
    SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
}

Connection::Connection(const Target& target, TlsClient& tls) : tls_(tls)
{
    try {
        dial(target.port);
        log_in(target);
    } catch (...) {
        if (ssl_) SSL_free(ssl_);
        if (fd_ >= 0) ::close(fd_);
        throw;
    }
}

Connection::~Connection()
{
    if (ssl_) SSL_free(ssl_);
    ::close(fd_);
}

void Connection::dial(std::uint16_t port)
{
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) fail_system("socket");
    int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fail_system("connect");
}

void Connection::log_in(const Target& target)
{
    ClientHandshake handshake(handshake_settings(target));
    auto packet = read_packet();
    auto action = handshake.on_packet(packet.payload, packet.sequence);
    for (;;) {
        if (std::holds_alternative<ClientHandshake::Ready>(action)) return;
        if (auto* failed = std::get_if<ClientHandshake::Failed>(&action))
            throw ClientError("login: " + failed->error.message);
        if (auto* start = std::get_if<ClientHandshake::StartTls>(&action)) {
            write(start->bytes);
            start_tls(target);
            action = handshake.on_tls_ready();
            continue;
        }
        write(std::get<ClientHandshake::Send>(action).bytes);
        packet = read_packet();
        action = handshake.on_packet(packet.payload, packet.sequence);
    }
}

void Connection::start_tls(const Target& target)
{
    ssl_ = SSL_new(tls_.context());
    SSL_set_fd(ssl_, fd_);
    if (target.resumes && tls_.last_session()) SSL_set_session(ssl_, tls_.last_session());
    if (SSL_connect(ssl_) != 1) throw ClientError("the TLS handshake failed");
}

void Connection::write(protocol::Bytes bytes)
{
    while (!bytes.empty()) {
        auto put = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                        : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put <= 0) fail_system("send");
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
}

std::size_t Connection::read_some(protocol::Byte* into, std::size_t room)
{
    auto got = ssl_ ? SSL_read(ssl_, into, static_cast<int>(room)) : ::recv(fd_, into, room, 0);
    if (got < 0) fail_system("receive");
    if (got == 0) throw ClientError("the connection was closed");
    return static_cast<std::size_t>(got);
}

Connection::Packet Connection::read_packet()
{
    for (;;) {
        auto header = protocol::peek_header(held_);
        if (header && held_.size() >= header->wire_size()) {
            auto begin = held_.begin() + protocol::packet_header_size;
            auto end = held_.begin() + static_cast<std::ptrdiff_t>(header->wire_size());
            Packet packet{{begin, end}, header->sequence};
            held_.erase(held_.begin(), end);
            return packet;
        }
        std::array<protocol::Byte, 4096> room;
        auto got = read_some(room.data(), room.size());
        held_.insert(held_.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got));
    }
}

void Connection::send_command(std::uint8_t command, std::string_view text)
{
    protocol::Buffer payload{command};
    payload.insert(payload.end(), text.begin(), text.end());
    protocol::Buffer bytes;
    protocol::append_message(bytes, payload, 0);
    write(bytes);
}

void Connection::query(std::string_view text)
{
    send_command(com_query, text);
    // Without CLIENT_DEPRECATE_EOF one EOF ends the columns and another the rows.
    for (int ends = 0; ends < 2;) {
        auto packet = read_packet();
        auto first = packet.payload.empty() ? err_byte : packet.payload.front();
        if (first == err_byte || (first == ok_byte && ends == 0))
            throw ClientError("no result set came back");
        if (first == eof_byte && packet.payload.size() < 9) ++ends;
    }
    // Tickets of TLS 1.3 come with the first answer at the latest.
    if (ssl_) tls_.remember(ssl_);
}

void Connection::execute(std::string_view text)
{
    send_command(com_query, text);
    auto packet = read_packet();
    if (packet.payload.empty() || packet.payload.front() != ok_byte)
        throw ClientError("no OK came back");
}

void Connection::quit()
{
    send_command(com_quit, {});
    // OpenSSL takes a session that ended without this for a broken one, and never resumes it.
    if (ssl_) SSL_shutdown(ssl_);
}

}  // namespace pointsman::bench
