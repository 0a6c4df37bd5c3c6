#pragma once
// One thread's event loop: edge-triggered epoll, timers, and work posted by other threads; where
// the kernel allows it, also an io_uring for sessions' sockets, which then waits for all the rest.
//
// Why not Asio here: a descriptor is registered once and remembers whether it is readable, so a
// command costs exactly one recv and one send on either side. Asio's reactor tries a read before it
// waits: two recv calls in vain per query (figures in proxy/net/README.md). The control plane and
// the admin port do run on Asio.

#include "proxy/net/clock.hpp"
#include "proxy/net/prefetch.hpp"
#include "proxy/net/ring_socket.hpp"

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <coroutine>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace pointsman::proxy::net {

class Reactor;
class Ring;
class RingSocket;

/// How a wait ended.
enum class Wait : std::uint8_t { ready, timed_out, cancelled };

/// Calls `expire` once its moment has come. Belongs to one Reactor; moving the moment later costs
/// nothing until the earlier one passes.
class Timer {
public:
    Timer(Reactor& reactor, std::function<void()> expire);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    void set(TimePoint deadline);
    void clear() { deadline_ = never; }
    TimePoint deadline() const { return deadline_; }

private:
    friend class Reactor;
    using Queue = std::multimap<TimePoint, Timer*>;
    void disarm();

    Reactor& reactor_;
    std::function<void()> expire_;
    TimePoint deadline_ = never;
    bool armed_ = false;
    Queue::iterator place_;  // while armed; at or before deadline_
};

/// A descriptor known to a Reactor; owns and closes it. One coroutine at a time may wait on it.
class IoHandle {
public:
    IoHandle(Reactor& reactor, int fd);
    IoHandle(const IoHandle&) = delete;
    IoHandle& operator=(const IoHandle&) = delete;
    ~IoHandle();

    int fd() const { return fd_; }
    Reactor& reactor() const { return reactor_; }

    /// What the kernel last said. `readable` may be true in vain, never false in vain.
    bool is_readable() const { return readable_; }
    bool is_hung_up() const { return hung_up_; }
    /// To be called when a read or write found nothing more to do; a hang-up stays readable.
    void note_drained() { readable_ = hung_up_; }
    void note_full() { writable_ = false; }
    /// Something read before waits above the socket: nobody need wait for that.
    void note_readable() { readable_ = true; }

    /// Waits end with timed_out at this moment, and at once when it has passed.
    void set_deadline(TimePoint deadline);
    /// The wait under way, or else the next one, ends with cancelled.
    void cancel();
    /// The same for waits to come only: a wait under way goes on.
    void mark_cancelled() { cancelled_ = true; }
    /// `call` runs once, when the other end has closed the connection or it broke.
    void on_hang_up(std::function<void()> call) { on_hang_up_ = std::move(call); }
    bool is_waited_on() const { return static_cast<bool>(waiter_); }

    /// From now on bytes come and go by the reactor's ring, if it has one: only ring_socket() may
    /// be asked to read and write.
    void join_ring();
    RingSocket* ring_socket() { return ring_socket_.get(); }
    /// What its next events will touch, besides the waiting coroutine: fetched ahead of them.
    void keep_warm(const std::array<WarmMemory, 3>& memory) { warm_ = memory; }

    class Awaiter {
    public:
        Awaiter(IoHandle& handle, bool for_write) : handle_(handle), for_write_(for_write) {}
        bool await_ready() const
        {
            return (for_write_ ? handle_.writable_ : handle_.readable_) || handle_.cancelled_ ||
                   handle_.timed_out_;
        }
        void await_suspend(std::coroutine_handle<> waiter)
        {
            handle_.waiter_ = waiter;
            handle_.waits_for_write_ = for_write_;
        }
        Wait await_resume() const
        {
            if (handle_.cancelled_) return Wait::cancelled;
            return handle_.timed_out_ ? Wait::timed_out : Wait::ready;
        }

    private:
        IoHandle& handle_;
        bool for_write_;
    };
    Awaiter until_readable() { return {*this, false}; }
    Awaiter until_writable() { return {*this, true}; }

private:
    friend class Reactor;
    friend class RingSocket;
    void on_events(std::uint32_t events);
    void wake();
    void prefetch_warm() const;

    Reactor& reactor_;
    int fd_;
    bool readable_ = false;
    bool writable_ = true;
    bool hung_up_ = false;
    bool cancelled_ = false;
    bool timed_out_ = false;
    bool waits_for_write_ = false;
    std::coroutine_handle<> waiter_;
    Timer timer_;
    std::function<void()> on_hang_up_;
    std::unique_ptr<RingSocket, RingSocket::Detach> ring_socket_;
    std::array<WarmMemory, 3> warm_{};
};

/// Coroutines that wait for something to happen, each with its deadline; woken all at once.
class Signal {
public:
    explicit Signal(Reactor& reactor) : reactor_(reactor) {}
    ~Signal();

    class Awaiter {
    public:
        Awaiter(Signal& signal, TimePoint deadline);
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> waiter);
        Wait await_resume() const { return result_; }

    private:
        friend class Signal;
        void finish(Wait result);
        Signal& signal_;
        TimePoint deadline_;
        std::coroutine_handle<> waiter_;
        Wait result_ = Wait::ready;
        Timer timer_;
    };
    Awaiter wait_until(TimePoint deadline) { return {*this, deadline}; }
    /// Resumes every waiter, in the order they came.
    void notify_all();

private:
    Reactor& reactor_;
    std::vector<Awaiter*> waiting_;
};

class Reactor {
public:
    Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    ~Reactor();

    /// To be called on the thread that will run the loop, if handles shall be able to join a ring.
    /// Why that is not possible, or nothing.
    std::string open_ring();

    /// Runs until stop(). The calling thread is the only one to touch handles, timers and signals.
    void run();
    /// From any thread.
    void stop();
    /// Runs `work` on the loop's thread, soon. From any thread.
    void post(std::function<void()> work);

    /// When this turn of the loop began.
    TimePoint now() const { return now_; }
    /// The clock itself: for what must not be dated too early.
    static TimePoint exact_now() { return Clock::now(); }

private:
    friend class IoHandle;
    friend class Timer;
    static constexpr int batch_size = 256;

    void add(IoHandle& handle);
    void remove(IoHandle& handle);
    void run_turn();
    int run_epoll(int timeout_ms);
    void run_posted();
    void run_timers();
    int timeout_ms() const;

    int epoll_fd_;
    int wake_fd_;
    TimePoint now_;
    Timer::Queue timers_;
    std::array<epoll_event, batch_size> batch_;
    int batch_left_begin_ = 0, batch_left_end_ = 0;  // events of this turn not yet handled
    std::unique_ptr<Ring> ring_;
    std::atomic<bool> stopping_{false};
    std::mutex posted_mutex_;
    std::vector<std::function<void()>> posted_;
};

}  // namespace pointsman::proxy::net
