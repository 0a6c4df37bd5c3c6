#pragma once
// A socket whose bytes come and go by its thread's Ring instead of by calls of its own.

#include "protocol/bytes.hpp"

#include "proxy/net/io_result.hpp"

#include <cstdint>
#include <memory>

namespace pointsman::proxy::net {

class IoHandle;
class Ring;

class RingSocket {
public:
    /// Begins to receive. `handle` is woken, and asked for its descriptor, until detach().
    RingSocket(Ring& ring, IoHandle& handle);
    RingSocket(const RingSocket&) = delete;
    RingSocket& operator=(const RingSocket&) = delete;

    /// As Stream's try_read and try_write. A write may also fail after it was taken: the next call
    /// says so.
    IoResult read(protocol::MutableBytes into);
    IoResult write(protocol::Bytes bytes);
    /// Something came that nobody has read, or the stream has ended.
    bool has_input() const;
    /// What was written is with the kernel. False: not all of it yet, the socket is full.
    bool flush();

    /// The handle ends; `socket` is kept until the kernel is done with it.
    static void detach(std::unique_ptr<RingSocket> socket);
    struct Detach {
        void operator()(RingSocket* socket) const { detach(std::unique_ptr<RingSocket>(socket)); }
    };

    // From the ring:
    /// `bytes` end with this call. `result` as of recv(); `more`: the kernel goes on receiving.
    void on_received(int result, protocol::Bytes bytes, bool more);
    void on_writable();
    /// `rest` of what was queued was not taken; `error` 0: only because the socket is full.
    void on_send_failed(protocol::Bytes rest, int error);
    /// Of what on_received will touch: first its handle, then, once that is there, all behind it.
    void prefetch_handle() const;
    void prefetch_behind_handle() const;
    std::size_t held_size() const { return held().size(); }
    void note_queued(std::uint64_t turn) { queued_in_ = turn; }
    bool is_queued() const;
    bool awaits_writable() const { return awaits_writable_; }
    int fd() const;
    bool is_done() const { return !handle_ && !receives_ && !awaits_writable_ && !is_told_; }

private:
    /// More than this unread, and the kernel is asked to stop until it is read.
    static constexpr std::size_t most_held = 64 * 1024;

    IoResult write_now(protocol::Bytes bytes);
    void receive();
    void await_writable();
    void note_end(IoStatus how);
    protocol::Bytes held() const { return protocol::Bytes(inbox_).subspan(inbox_begin_); }
    void tell_handle(std::uint32_t events);

    Ring& ring_;
    IoHandle* handle_;
    protocol::Bytes arriving_;  // in the ring's memory, while the handle is told of it
    protocol::Buffer inbox_;    // what came when nobody waited for it
    std::size_t inbox_begin_ = 0;
    protocol::Buffer unsent_;  // what a full socket did not take
    std::uint64_t queued_in_ = 0;
    IoStatus end_ = IoStatus::ok;  // closed or failed, once all is read
    bool receives_ = false;
    std::uint64_t stop_asked_in_ = 0;  // the turn in which the kernel was asked to stop receiving
    bool awaits_writable_ = false;
    bool write_failed_ = false;
    bool is_told_ = false;  // tell_handle is under way
};

}  // namespace pointsman::proxy::net
