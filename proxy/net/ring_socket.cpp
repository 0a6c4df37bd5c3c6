#include "proxy/net/ring_socket.hpp"

#include "proxy/net/raw_io.hpp"
#include "proxy/net/reactor.hpp"
#include "proxy/net/ring.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pointsman::proxy::net {

RingSocket::RingSocket(Ring& ring, IoHandle& handle) : ring_(ring), handle_(&handle)
{
    receive();
}

void RingSocket::detach(std::unique_ptr<RingSocket> socket)
{
    socket->flush();
    // Cancelling may miss a receive that is just about to go on; this ends it in any case, lest the
    // kernel keeps the connection open.
    if (socket->receives_) ::shutdown(socket->fd(), SHUT_RDWR);
    socket->handle_ = nullptr;
    if (!socket->is_done()) socket->ring_.keep_orphan(std::move(socket));
}

int RingSocket::fd() const
{
    return handle_->fd();
}

bool RingSocket::has_input() const
{
    return !arriving_.empty() || !inbox_.empty() || end_ != IoStatus::ok;
}

void RingSocket::receive()
{
    receives_ = true;
    ring_.receive(*this);
}

IoResult RingSocket::read(protocol::MutableBytes into)
{
    auto bytes = inbox_.empty() ? arriving_ : held();
    if (bytes.empty()) {
        handle_->note_drained();
        return {end_ != IoStatus::ok ? end_ : IoStatus::would_block, 0};
    }
    auto size = std::min(bytes.size(), into.size());
    std::memcpy(into.data(), bytes.data(), size);
    if (inbox_.empty())
        arriving_ = arriving_.subspan(size);
    else
        inbox_begin_ += size;
    if (size == bytes.size()) {
        inbox_begin_ = 0;
        protocol::Buffer().swap(inbox_);  // an idle stream holds no memory
        handle_->note_drained();
        if (!receives_ && end_ == IoStatus::ok) receive();
    }
    return {IoStatus::ok, size};
}

void RingSocket::on_received(int result, protocol::Bytes bytes, bool more)
{
    receives_ = more;
    if (!handle_) return;
    // Out of buffers or stopped is no end: it is asked for again below.
    bool goes_on = result == -ENOBUFS || result == -ECANCELED || is_again(-result);
    if (result < 0 && !goes_on) end_ = IoStatus::failed;
    if (result == 0) end_ = IoStatus::closed;
    if (inbox_.empty())
        arriving_ = bytes;
    else
        inbox_.insert(inbox_.end(), bytes.begin(), bytes.end());
    if (end_ != IoStatus::ok)
        tell_handle(EPOLLIN | EPOLLRDHUP);
    else if (!bytes.empty())
        tell_handle(EPOLLIN);
    if (!handle_) return;
    inbox_.insert(inbox_.end(), arriving_.begin(), arriving_.end());
    arriving_ = {};
    bool is_full = held().size() > most_held;
    // A kernel that was just about to receive does not find what to stop: it is asked again.
    if (is_full && receives_ && stop_asked_in_ != ring_.turn()) {
        stop_asked_in_ = ring_.turn();
        ring_.stop_receiving(*this);
    }
    if (!is_full && !receives_ && end_ == IoStatus::ok) receive();
}

void RingSocket::prefetch_handle() const
{
    prefetch({handle_, sizeof *handle_});
}

void RingSocket::prefetch_behind_handle() const
{
    if (handle_) handle_->prefetch_warm();
}

/// The handle, and with it this socket's reader, may end meanwhile.
void RingSocket::tell_handle(std::uint32_t events)
{
    is_told_ = true;
    handle_->on_events(events);
    is_told_ = false;
}

bool RingSocket::is_queued() const
{
    return queued_in_ == ring_.turn();
}

IoResult RingSocket::write(protocol::Bytes bytes)
{
    // What is queued goes first: these bytes join it, or it goes out now.
    if (is_queued() && !ring_.can_extend(*this, bytes.size())) ring_.flush();
    if (write_failed_) return {IoStatus::failed, 0};
    if (!unsent_.empty()) return {IoStatus::would_block, 0};
    if (ring_.send(*this, bytes)) return {IoStatus::ok, bytes.size()};
    return write_now(bytes);
}

IoResult RingSocket::write_now(protocol::Bytes bytes)
{
    auto put = raw_send(fd(), bytes.data(), bytes.size());
    if (put < 0 && !is_again(errno)) return {IoStatus::failed, 0};
    auto taken = static_cast<std::size_t>(std::max<ssize_t>(put, 0));
    if (taken < bytes.size()) await_writable();
    return {put < 0 ? IoStatus::would_block : IoStatus::ok, taken};
}

void RingSocket::await_writable()
{
    handle_->note_full();
    if (!awaits_writable_) ring_.await_writable(*this);
    awaits_writable_ = true;
}

void RingSocket::on_send_failed(protocol::Bytes rest, int error)
{
    write_failed_ = error != 0;
    if (write_failed_) return;
    unsent_.assign(rest.begin(), rest.end());
    await_writable();
}

void RingSocket::on_writable()
{
    awaits_writable_ = false;
    if (!handle_) return;
    if (!unsent_.empty()) {
        auto sent = write_now(unsent_);
        unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent.bytes));
        write_failed_ = sent.status == IoStatus::failed;
        if (!unsent_.empty() && !write_failed_) return;
        protocol::Buffer().swap(unsent_);
    }
    tell_handle(EPOLLOUT);
}

bool RingSocket::flush()
{
    if (is_queued()) ring_.flush();
    return unsent_.empty();
}

}  // namespace pointsman::proxy::net
