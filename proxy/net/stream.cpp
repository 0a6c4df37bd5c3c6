#include "proxy/net/stream.hpp"

#include "proxy/net/raw_io.hpp"
#include "proxy/net/stream_compression.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>

namespace pointsman::proxy::net {

namespace {

std::string last_tls_error()
{
    char text[256] = "connection closed";
    if (auto code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return text;
}

bool is_tcp(int fd)
{
    int family = AF_UNIX;
    socklen_t size = sizeof family;
    ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family == AF_INET || family == AF_INET6;
}

IoResult interrupted(Wait wait, std::size_t bytes)
{
    return {wait == Wait::timed_out ? IoStatus::timed_out : IoStatus::cancelled, bytes};
}

}  // namespace

Stream::Stream(Reactor& reactor, int connected_fd) : handle_(reactor, connected_fd) {}

Stream::~Stream()
{
    if (ssl_) SSL_free(ssl_);
}

IoResult Stream::try_read(protocol::MutableBytes into)
{
    return compressed_ ? read_compressed(into) : read_below(into);
}

IoResult Stream::try_write(protocol::Bytes bytes)
{
    return compressed_ ? write_compressed(bytes) : write_below(bytes);
}

IoResult Stream::read_below(protocol::MutableBytes into)
{
    if (!handle_.is_readable()) {
        // Nothing has come since it was last drained: asking the kernel would be in vain.
        needs_readable_ = true;
        return {IoStatus::would_block, 0};
    }
    if (ssl_) {
        ERR_clear_error();
        std::size_t got = 0;
        int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
        return tls_result(result, got);
    }
    if (auto* ring = handle_.ring_socket()) return ring->read(into);
    auto got = raw_receive(handle_.fd(), into.data(), into.size());
    if (got > 0) {
        auto bytes = static_cast<std::size_t>(got);
        // A short read of a stream emptied it: the next byte brings a new edge (epoll(7)).
        if (bytes < into.size()) handle_.note_drained();
        return {IoStatus::ok, bytes};
    }
    if (got == 0) return {IoStatus::closed, 0};
    if (!is_again(errno)) return {IoStatus::failed, 0};
    handle_.note_drained();
    if (handle_.is_hung_up()) return {IoStatus::closed, 0};
    return {IoStatus::would_block, 0};
}

IoResult Stream::write_below(protocol::Bytes bytes)
{
    if (ssl_) {
        ERR_clear_error();
        std::size_t put = 0;
        int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &put);
        return tls_result(result, put);
    }
    if (auto* ring = handle_.ring_socket()) return ring->write(bytes);
    auto put = raw_send(handle_.fd(), bytes.data(), bytes.size());
    if (put >= 0) {
        if (static_cast<std::size_t>(put) < bytes.size()) handle_.note_full();
        return {IoStatus::ok, static_cast<std::size_t>(put)};
    }
    if (!is_again(errno)) return {IoStatus::failed, 0};
    handle_.note_full();
    return {IoStatus::would_block, 0};
}

IoResult Stream::tls_result(int result, std::size_t bytes)
{
    needs_readable_ = false;
    if (result > 0) return {IoStatus::ok, bytes};
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
            handle_.note_drained();
            needs_readable_ = true;
            return {handle_.is_hung_up() ? IoStatus::closed : IoStatus::would_block, 0};
        case SSL_ERROR_WANT_WRITE:
            handle_.note_full();
            needs_readable_ = false;
            return {IoStatus::would_block, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {IoStatus::closed, 0};
        default:
            tls_error_ = last_tls_error();
            return {IoStatus::failed, 0};
    }
}

IoHandle::Awaiter Stream::until_possible(bool for_write)
{
    // Under TLS the last call said which direction it lacks, whatever it was.
    if (ssl_) for_write = !needs_readable_;
    return for_write ? handle_.until_writable() : handle_.until_readable();
}

IoResult Stream::read_after(Wait wait, protocol::MutableBytes into)
{
    return wait == Wait::ready ? try_read(into) : interrupted(wait, 0);
}

Task<IoResult> Stream::read_some(protocol::MutableBytes into)
{
    auto result = try_read(into);
    while (result.status == IoStatus::would_block) {
        auto wait = co_await until_readable();
        result = read_after(wait, into);
    }
    co_return result;
}

Task<IoResult> Stream::write_all(protocol::Bytes bytes)
{
    std::size_t done = 0;
    while (done < bytes.size()) {
        auto result = try_write(bytes.subspan(done));
        done += result.bytes;
        if (result.status == IoStatus::ok) continue;
        if (result.status != IoStatus::would_block) co_return IoResult{result.status, done};
        auto wait = co_await until_possible(true);
        if (wait != Wait::ready) co_return interrupted(wait, done);
    }
    co_return IoResult{IoStatus::ok, done};
}

Task<bool> Stream::start_tls_server(SSL_CTX* context)
{
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, handle_.fd());
    SSL_set_accept_state(ssl_);
    co_return co_await finish_handshake();
}

Task<bool> Stream::start_tls_client(SSL_CTX* context, const std::string& server_name,
                                    bool verify_name)
{
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, handle_.fd());
    SSL_set_connect_state(ssl_);
    if (!server_name.empty()) {
        // An address is matched against the certificate's addresses and never sent as a name.
        auto* parameters = SSL_get0_param(ssl_);
        bool is_address = X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str()) == 1;
        if (!is_address) SSL_set_tlsext_host_name(ssl_, server_name.c_str());
        if (!is_address && verify_name) SSL_set1_host(ssl_, server_name.c_str());
        if (is_address && !verify_name) X509_VERIFY_PARAM_set1_ip(parameters, nullptr, 0);
    }
    co_return co_await finish_handshake();
}

Task<bool> Stream::finish_handshake()
{
    SSL_set_read_ahead(ssl_, 1);  // one recv for header and body of a record
    SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                           SSL_MODE_RELEASE_BUFFERS);
    for (;;) {
        ERR_clear_error();
        auto result = tls_result(SSL_do_handshake(ssl_), 0);
        if (result.status == IoStatus::ok) co_return true;
        if (result.status != IoStatus::would_block) co_return false;
        auto wait = co_await until_possible(false);
        if (wait == Wait::ready) continue;
        tls_error_ = wait == Wait::timed_out ? "timed out" : "cancelled";
        co_return false;
    }
}

bool Stream::has_unexpected_input()
{
    if (compressed_ && compressed_->holds_input()) return true;
    if (!handle_.is_readable()) return handle_.is_hung_up();
    protocol::Byte byte = 0;
    if (ssl_) {
        // TLS records that carry no data (session tickets) are taken in passing.
        ERR_clear_error();
        std::size_t got = 0;
        int result = SSL_peek_ex(ssl_, &byte, 1, &got);
        return tls_result(result, got).status != IoStatus::would_block;
    }
    if (auto* ring = handle_.ring_socket()) return ring->has_input();
    auto got = ::recv(handle_.fd(), &byte, 1, MSG_PEEK);
    if (got >= 0 || !is_again(errno)) return true;
    handle_.note_drained();
    return handle_.is_hung_up();
}

void Stream::join_ring()
{
    // Linux 6.18 tells the end of a unix socket's stream only to who has read all before it came.
    if (!ssl_ && is_tcp(handle_.fd())) handle_.join_ring();
}

Task<void> Stream::settle_writes(TimePoint deadline)
{
    auto* ring = handle_.ring_socket();
    if (!ring || ring->flush()) co_return;
    handle_.set_deadline(deadline);
    while (!ring->flush() && co_await handle_.until_writable() == Wait::ready) {
    }
}

void Stream::shut_down()
{
    if (auto* ring = handle_.ring_socket()) ring->flush();
    if (ssl_ && SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
    ::shutdown(handle_.fd(), SHUT_WR);
}

void Stream::cut()
{
    ::shutdown(handle_.fd(), SHUT_RDWR);
}

}  // namespace pointsman::proxy::net
