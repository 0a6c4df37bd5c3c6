#pragma once
// Runs coroutines on a Reactor of their own until all have ended, on the calling thread.

#include "proxy/net/reactor.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/task.hpp"

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <string>

namespace pointsman::tests {

class Loop {
public:
    proxy::net::Reactor reactor;

    /// Begins `task`; run() waits for its end.
    void start(proxy::net::Task<void> task)
    {
        ++running_;
        proxy::net::spawn(watched(std::move(task), *this));
    }
    /// Until every task has ended, or one has thrown: then that is thrown here.
    void run()
    {
        bool hangs = false;
        proxy::net::Timer patience(reactor, [this, &hangs] {
            hangs = true;
            reactor.stop();
        });
        patience.set(reactor.now() + std::chrono::seconds(30));
        runs_ = true;
        if (running_ > 0 && !failure_) reactor.run();
        if (failure_) std::rethrow_exception(failure_);
        if (hangs) FAIL("a task waits for what does not come");
    }
    void run(proxy::net::Task<void> task)
    {
        start(std::move(task));
        run();
    }

private:
    static proxy::net::Task<void> watched(proxy::net::Task<void> task, Loop& loop)
    {
        try {
            co_await std::move(task);
        } catch (...) {
            loop.failure_ = std::current_exception();
        }
        --loop.running_;
        // One that ends before run() must not keep the others from running.
        if (loop.runs_ && (loop.running_ == 0 || loop.failure_)) loop.reactor.stop();
    }

    int running_ = 0;
    bool runs_ = false;
    std::exception_ptr failure_;
};

/// Two connected descriptors, non-blocking.
inline std::array<int, 2> connected_pair()
{
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0);
    return fds;
}

/// Two streams with nothing but a socket between them.
struct StreamPair {
    explicit StreamPair(proxy::net::Reactor& reactor) : StreamPair(reactor, connected_pair()) {}

    std::unique_ptr<proxy::net::Stream> near, far;

private:
    StreamPair(proxy::net::Reactor& reactor, std::array<int, 2> fds)
        : near(std::make_unique<proxy::net::Stream>(reactor, fds[0])),
          far(std::make_unique<proxy::net::Stream>(reactor, fds[1]))
    {
    }
};

/// Reads up to the end of the stream; `size` at most.
inline proxy::net::Task<protocol::Buffer> read_to_end(proxy::net::Stream& stream,
                                                      std::size_t size = SIZE_MAX)
{
    protocol::Buffer all;
    std::array<protocol::Byte, 65536> piece{};
    while (all.size() < size) {
        const auto most = std::min(piece.size(), size - all.size());
        const auto room = protocol::MutableBytes(piece).first(most);
        const auto got = co_await stream.read_some(room);
        if (got.status != proxy::net::IoStatus::ok) break;
        all.insert(all.end(), piece.begin(), piece.begin() + std::ptrdiff_t(got.bytes));
    }
    co_return all;
}

}  // namespace pointsman::tests
