#pragma once
// One thread's io_uring: what its sockets send in one turn of the loop goes to the kernel in the
// one call that also waits, and what comes for them is already read when that call returns.
//
// Sends never outlast the call that submits them. They are told not to wait (MSG_DONTWAIT), to say
// nothing when all bytes were taken, and otherwise how many; so their bytes need to stay only until
// then, in one small area that all share, and a socket that takes no more is known at once, as with
// send(). Ring::open tries that this is what the kernel does (ring_trial.cpp).

#include "protocol/bytes.hpp"

#include <liburing.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace pointsman::proxy::net {

class RingSocket;

class Ring {
public:
    /// For the calling thread, which alone may use it. Nothing when the kernel is too old for it
    /// (before 6.1), forbids it, or lacks any part of what is needed; `problem` then says which.
    static std::unique_ptr<Ring> open(std::string& problem);
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring();

    // For the loop.
    /// Submits what is queued and waits for news, no longer than this (-1: as long as it takes).
    void wait(int timeout_ms);
    /// Tells the sockets what came. True when a descriptor of the watched epoll is ready too.
    bool run_completions();
    void watch(int epoll_fd);
    /// Outside of the loop's run sends are not queued: nobody would submit them.
    void begin_run() { runs_ = true; }
    void end_run();

    // For RingSocket.
    /// The longest send worth copying; longer ones cost less as a call of their own.
    static constexpr std::size_t longest_send = 4096;
    /// Queues these bytes for this turn, behind those that the socket has queued last. False: not
    /// possible now.
    bool send(RingSocket& socket, protocol::Bytes bytes);
    /// Whether send() would put so many bytes right behind those that the socket has queued.
    bool can_extend(const RingSocket& socket, std::size_t size) const;
    /// All that is queued goes out now.
    void flush();
    /// Counts flushes: what was queued under an older number is out.
    std::uint64_t turn() const { return turn_; }
    /// on_received for whatever comes, until one says that there is no more.
    void receive(RingSocket& socket);
    void stop_receiving(RingSocket& socket);
    /// on_writable once.
    void await_writable(RingSocket& socket);
    /// Keeps a socket whose handle is gone until the kernel is done with it.
    void keep_orphan(std::unique_ptr<RingSocket> socket);

private:
    struct Send {
        RingSocket* socket;
        io_uring_sqe* entry;
        std::size_t begin, size;
    };
    struct Completion {
        std::uint64_t tag;
        int result;
        std::uint32_t flags;
    };

    static constexpr std::size_t send_area = 64 * 1024;  // bytes that can be queued at once
    static void prepare_send(io_uring_sqe& entry, int fd, const protocol::Byte* bytes,
                             std::size_t size);
    static void prepare_receive(io_uring_sqe& entry, int fd);
    static void prepare_cancel(io_uring_sqe& entry, std::uint64_t tag);

    Ring() = default;
    void set_up();
    void share_buffers();
    std::string try_out();
    std::string try_sends(int near, int far);
    std::string try_receives(int near, int far);
    std::optional<int> try_send(int fd, std::size_t size);
    std::optional<Completion> await_one();
    io_uring_sqe* next_entry();
    void cancel(std::uint64_t tag);
    void collect();
    void on_send_failed(const Send& send, int result);
    void on_received(RingSocket& socket, const Completion& completion);
    void prefetch(std::size_t index, void (RingSocket::*what)() const) const;
    void give_back(std::uint32_t buffer);
    void drop_if_done(RingSocket& socket);

    io_uring ring_{};
    bool is_open_ = false, runs_ = false;
    int watched_ = -1;
    io_uring_buf_ring* offered_ = nullptr;        // the buffers that the kernel may fill
    std::unique_ptr<protocol::Byte[]> received_;  // their memory
    std::unique_ptr<protocol::Byte[]> to_send_;   // the bytes of this turn's sends
    std::size_t to_send_size_ = 0;
    std::vector<Send> sends_;
    std::uint64_t turn_ = 1;
    std::vector<Completion> completions_;
    std::unordered_set<RingSocket*> orphans_;
};

}  // namespace pointsman::proxy::net
