#include "proxy/net/ring.hpp"

#include "proxy/net/prefetch.hpp"
#include "proxy/net/ring_socket.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace pointsman::proxy::net {

namespace {

constexpr unsigned entry_count = 256;         // queued at once, then they are flushed
constexpr unsigned completion_count = 4096;   // more are kept by the kernel
constexpr unsigned buffer_count = 64;         // a power of two
constexpr unsigned buffer_size = 16 * 1024;   // as much as one read of a session takes
constexpr std::size_t most_sends = 32;
constexpr std::size_t cache_line = 64;
constexpr std::size_t offered_size = buffer_count * sizeof(io_uring_buf);

/// What a completion is about: in the low bits of its tag, above them the socket's address (of a
/// send: its place among the sends).
enum Kind : std::uint64_t { nothing, epoll, receive_kind, writable_kind, send_kind };
constexpr std::uint64_t kind_bits = 7;

std::uint64_t tag_of(const RingSocket& socket, Kind kind)
{
    return reinterpret_cast<std::uint64_t>(&socket) | kind;
}

RingSocket& socket_of(std::uint64_t tag)
{
    return *reinterpret_cast<RingSocket*>(tag & ~kind_bits);
}

[[noreturn]] void fail(int error, const char* what)
{
    throw std::system_error(error, std::generic_category(), what);
}

/// The kernel could do nothing just now, or gave up waiting.
bool is_passing(int result)
{
    return result >= 0 || result == -ETIME || result == -EINTR || result == -EAGAIN ||
           result == -EBUSY;
}

}  // namespace

std::unique_ptr<Ring> Ring::open(std::string& problem)
{
    std::unique_ptr<Ring> ring(new Ring);
    try {
        ring->set_up();
        ring->share_buffers();
        problem = ring->try_out();
    } catch (const std::system_error& error) {
        problem = error.what();
    }
    return problem.empty() ? std::move(ring) : nullptr;
}

void Ring::set_up()
{
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    params.cq_entries = completion_count;
    int made = io_uring_queue_init_params(entry_count, &ring_, &params);
    if (made < 0) fail(-made, "io_uring_setup");
    is_open_ = true;
    io_uring_register_ring_fd(&ring_);  // saves looking up the descriptor; good without, too
}

void Ring::share_buffers()
{
    void* memory =
        ::mmap(nullptr, offered_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory == MAP_FAILED) fail(errno, "mmap");
    offered_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg request{};
    request.ring_addr = reinterpret_cast<std::uint64_t>(offered_);
    request.ring_entries = buffer_count;
    int made = io_uring_register_buf_ring(&ring_, &request, 0);
    if (made < 0) fail(-made, "io_uring_register");
    received_.reset(new protocol::Byte[buffer_count * buffer_size]);
    to_send_.reset(new protocol::Byte[send_area]);
    io_uring_buf_ring_init(offered_);
    for (unsigned buffer = 0; buffer < buffer_count; ++buffer) give_back(buffer);
}

Ring::~Ring()
{
    if (is_open_) io_uring_queue_exit(&ring_);
    if (offered_) ::munmap(offered_, offered_size);
    for (auto* orphan : orphans_) delete orphan;
}

void Ring::give_back(std::uint32_t buffer)
{
    io_uring_buf_ring_add(offered_, received_.get() + std::size_t{buffer} * buffer_size,
                          buffer_size, static_cast<unsigned short>(buffer),
                          io_uring_buf_ring_mask(buffer_count), 0);
    io_uring_buf_ring_advance(offered_, 1);
}

io_uring_sqe* Ring::next_entry()
{
    if (auto* entry = io_uring_get_sqe(&ring_)) return entry;
    flush();
    return io_uring_get_sqe(&ring_);
}

void Ring::prepare_send(io_uring_sqe& entry, int fd, const protocol::Byte* bytes, std::size_t size)
{
    constexpr int flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
    io_uring_prep_send(&entry, fd, bytes, size, flags);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void Ring::prepare_receive(io_uring_sqe& entry, int fd)
{
    io_uring_prep_recv_multishot(&entry, fd, nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
}

void Ring::prepare_cancel(io_uring_sqe& entry, std::uint64_t tag)
{
    io_uring_prep_cancel64(&entry, tag, 0);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(&entry, Kind::nothing);
}

void Ring::watch(int epoll_fd)
{
    watched_ = epoll_fd;
    auto* entry = next_entry();
    io_uring_prep_poll_multishot(entry, epoll_fd, POLLIN);
    io_uring_sqe_set_data64(entry, Kind::epoll);
}

void Ring::receive(RingSocket& socket)
{
    auto* entry = next_entry();
    prepare_receive(*entry, socket.fd());
    io_uring_sqe_set_data64(entry, tag_of(socket, receive_kind));
}

void Ring::stop_receiving(RingSocket& socket)
{
    cancel(tag_of(socket, receive_kind));
}

void Ring::await_writable(RingSocket& socket)
{
    auto* entry = next_entry();
    io_uring_prep_poll_add(entry, socket.fd(), POLLOUT);
    io_uring_sqe_set_data64(entry, tag_of(socket, writable_kind));
}

void Ring::cancel(std::uint64_t tag)
{
    if (!runs_) return;  // the ring's end ends it as well
    prepare_cancel(*next_entry(), tag);
}

void Ring::keep_orphan(std::unique_ptr<RingSocket> socket)
{
    cancel(tag_of(*socket, receive_kind));
    if (socket->awaits_writable()) cancel(tag_of(*socket, writable_kind));
    orphans_.insert(socket.release());
}

bool Ring::can_extend(const RingSocket& socket, std::size_t size) const
{
    return !sends_.empty() && sends_.back().socket == &socket && size <= longest_send &&
           to_send_size_ + size <= send_area;
}

bool Ring::send(RingSocket& socket, protocol::Bytes bytes)
{
    if (!runs_ || bytes.size() > longest_send) return false;
    bool extends = socket.is_queued();
    if (!extends) {
        auto begin = (to_send_size_ + cache_line - 1) & ~(cache_line - 1);
        if (begin + bytes.size() > send_area || sends_.size() >= most_sends) {
            flush();
            begin = 0;
        }
        auto* entry = next_entry();
        to_send_size_ = begin;
        sends_.push_back({&socket, entry, begin, 0});
        socket.note_queued(turn_);
    }
    auto& send = sends_.back();
    std::memcpy(to_send_.get() + to_send_size_, bytes.data(), bytes.size());
    to_send_size_ += bytes.size();
    send.size += bytes.size();
    prepare_send(*send.entry, socket.fd(), to_send_.get() + send.begin, send.size);
    io_uring_sqe_set_data64(send.entry, (sends_.size() - 1) << 3 | send_kind);
    return true;
}

void Ring::flush()
{
    while (io_uring_sq_ready(&ring_) > 0) {
        int submitted = io_uring_submit(&ring_);
        if (!is_passing(submitted)) fail(-submitted, "io_uring_enter");
        collect();
    }
}

void Ring::end_run()
{
    flush();
    runs_ = false;
}

void Ring::wait(int timeout_ms)
{
    __kernel_timespec limit{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000LL};
    io_uring_cqe* first = nullptr;
    int waited = io_uring_submit_and_wait_timeout(&ring_, &first, 1,
                                                  timeout_ms < 0 ? nullptr : &limit, nullptr);
    if (!is_passing(waited)) fail(-waited, "io_uring_enter");
    collect();
    flush();  // what was not submitted, if anything
}

/// Takes what the kernel has said so far. Sends that failed are dealt with here, while their bytes
/// are still in place; all else waits for run_completions, because it may run anything.
void Ring::collect()
{
    unsigned head = 0, count = 0;
    io_uring_cqe* entry = nullptr;
    io_uring_for_each_cqe(&ring_, head, entry)
    {
        ++count;
        if ((entry->user_data & kind_bits) == send_kind)
            on_send_failed(sends_.at(entry->user_data >> 3), entry->res);
        else
            completions_.push_back({entry->user_data, entry->res, entry->flags});
        if ((entry->user_data & kind_bits) == receive_kind)
            net::prefetch(WarmMemory{&socket_of(entry->user_data), sizeof(RingSocket)});
    }
    io_uring_cq_advance(&ring_, count);
    if (io_uring_sq_ready(&ring_) > 0) return;
    sends_.clear();
    to_send_size_ = 0;
    ++turn_;
}

void Ring::on_send_failed(const Send& send, int result)
{
    protocol::Bytes bytes(to_send_.get() + send.begin, send.size);
    bool is_full = result >= 0 || result == -EAGAIN || result == -EINTR;
    auto taken = static_cast<std::size_t>(std::max(result, 0));
    send.socket->on_send_failed(bytes.subspan(taken), is_full ? 0 : -result);
}

/// A socket that ends meanwhile is freed with its handle at the earliest when its own completions
/// are done with (is_done), so those to come have theirs.
void Ring::prefetch(std::size_t index, void (RingSocket::*what)() const) const
{
    if (index >= completions_.size()) return;
    auto tag = completions_[index].tag;
    if ((tag & kind_bits) == receive_kind) (socket_of(tag).*what)();
}

bool Ring::run_completions()
{
    bool epoll_is_ready = false;
    prefetch(0, &RingSocket::prefetch_handle);
    prefetch(1, &RingSocket::prefetch_handle);
    prefetch(0, &RingSocket::prefetch_behind_handle);
    // A flush on the way may append to them.
    for (std::size_t i = 0; i < completions_.size(); ++i) {
        prefetch(i + 2, &RingSocket::prefetch_handle);
        prefetch(i + 1, &RingSocket::prefetch_behind_handle);
        auto completion = completions_[i];
        auto kind = completion.tag & kind_bits;
        if (kind == Kind::epoll) {
            epoll_is_ready = true;
            if (!(completion.flags & IORING_CQE_F_MORE)) watch(watched_);
        } else if (kind == receive_kind) {
            on_received(socket_of(completion.tag), completion);
        } else if (kind == writable_kind) {
            auto& socket = socket_of(completion.tag);
            socket.on_writable();
            drop_if_done(socket);
        }
    }
    completions_.clear();
    return epoll_is_ready;
}

void Ring::on_received(RingSocket& socket, const Completion& completion)
{
    bool more = completion.flags & IORING_CQE_F_MORE;
    protocol::Bytes bytes;
    if (completion.flags & IORING_CQE_F_BUFFER) {
        auto buffer = completion.flags >> IORING_CQE_BUFFER_SHIFT;
        auto size = static_cast<std::size_t>(std::max(completion.result, 0));
        bytes = {received_.get() + std::size_t{buffer} * buffer_size, size};
    }
    socket.on_received(completion.result, bytes, more);
    if (completion.flags & IORING_CQE_F_BUFFER)
        give_back(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    drop_if_done(socket);
}

void Ring::drop_if_done(RingSocket& socket)
{
    if (socket.is_done() && orphans_.erase(&socket) > 0) delete &socket;
}

}  // namespace pointsman::proxy::net
