// Streams whose bytes go by the thread's io_uring: they must behave as others do. Where the kernel
// has none, there is nothing to test.

#include "proxy/net/ring.hpp"

#include "proxy/net/stream.hpp"

#include "tests/support/hex.hpp"
#include "tests/support/loop.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

using namespace pointsman;
using namespace pointsman::proxy::net;
using namespace pointsman::tests;
using namespace std::chrono_literals;

namespace {

bool has_ring()
{
    std::string problem;
    return Ring::open(problem) != nullptr;
}

/// Two connected TCP sockets.
std::array<int, 2> tcp_pair()
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    const int near = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(near, reinterpret_cast<sockaddr*>(&address), size) == 0);
    const int far = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    REQUIRE(::fcntl(near, F_SETFL, O_NONBLOCK) == 0);
    ::close(listener);
    return {near, far};
}

/// `near` goes by the ring, `far` does not.
struct Ends {
    Loop loop;
    std::unique_ptr<Stream> near, far;

    Ends()
    {
        REQUIRE(loop.reactor.open_ring().empty());
        const auto fds = tcp_pair();
        near = std::make_unique<Stream>(loop.reactor, fds[0]);
        far = std::make_unique<Stream>(loop.reactor, fds[1]);
        near->join_ring();
        REQUIRE(near->handle().ring_socket());
    }
};

std::string numbered_text(std::size_t size)
{
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 4096);
    return text;
}

std::string text_of(const protocol::Buffer& bytes)
{
    return {bytes.begin(), bytes.end()};
}

/// Writes in pieces of these sizes, in turn.
Task<void> send_pieces(Stream& stream, std::string text, std::vector<std::size_t> sizes)
{
    const auto bytes = bytes_of(text);
    protocol::Bytes rest = bytes;
    for (std::size_t turn = 0; !rest.empty(); ++turn) {
        const auto piece = rest.first(std::min(rest.size(), sizes[turn % sizes.size()]));
        // Awaited only where it must be: under sanitizers each await deepens the stack.
        auto sent = stream.try_write(piece);
        if (sent.status == IoStatus::would_block) sent = co_await stream.write_all(piece);
        REQUIRE(sent.status == IoStatus::ok);
        rest = rest.subspan(sent.bytes);
    }
}

Task<void> send_and_settle(std::unique_ptr<Stream>& stream, std::string text)
{
    std::vector<std::size_t> sizes(1, 300);
    co_await send_pieces(*stream, std::move(text), std::move(sizes));
    co_await stream->settle_writes(stream->handle().reactor().now() + 20s);
    stream.reset();
}

Task<void> expect(Stream& stream, std::string text)
{
    const auto got = co_await read_to_end(stream, text.size());
    CHECK((text_of(got) == text));
}

Task<void> expect_end(Stream& stream, IoStatus status)
{
    protocol::Buffer room(16);
    const auto got = co_await stream.read_some(room);
    CHECK(got.status == status);
}

Task<void> wait_until(Reactor& reactor, TimePoint moment)
{
    Signal never_told(reactor);
    co_await never_told.wait_until(moment);
}

}  // namespace

TEST_CASE("what a stream sends and gets by the ring is what was sent, in order", "[ring]")
{
    if (!has_ring()) return;
    const auto sizes = GENERATE(values<std::vector<std::size_t>>(
        {{1}, {4096}, {4097}, {100, 5000, 7}, {3000, 3000, 90'000}}));
    Ends ends;
    const auto text = numbered_text(sizes[0] == 1 ? 5'000 : 1'000'000);
    ends.loop.start(send_pieces(*ends.near, text, sizes));
    ends.loop.start(expect(*ends.far, text));
    ends.loop.start(send_pieces(*ends.far, text, sizes));
    ends.loop.start(expect(*ends.near, text));
    ends.loop.run();
}

TEST_CASE("input that nobody reads is held, within bounds, and lost by no stop", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    const auto text = numbered_text(20'000'000);
    ends.loop.start(send_pieces(*ends.far, text, {60'000}));
    struct Late {
        static Task<void> run(Ends& ends, const std::string& text)
        {
            auto& reactor = ends.loop.reactor;
            co_await wait_until(reactor, reactor.now() + 100ms);
            CHECK(ends.near->has_unexpected_input());
            CHECK(ends.near->handle().ring_socket()->held_size() < 3'000'000);
            std::string got;
            protocol::Buffer room(30'000);
            while (got.size() < text.size()) {
                // Slower than the sender: again and again the kernel is stopped and asked to go on.
                for (int turn = 0; turn < 3; ++turn) co_await wait_until(reactor, reactor.now());
                const auto piece = co_await ends.near->read_some(room);
                REQUIRE(piece.status == IoStatus::ok);
                got.append(room.begin(), room.begin() + std::ptrdiff_t(piece.bytes));
            }
            CHECK((got == text));
        }
    };
    ends.loop.start(Late::run(ends, text));
    ends.loop.run();
}

TEST_CASE("many streams at once are more than the buffers of the ring", "[ring]")
{
    if (!has_ring()) return;
    Ends first;
    std::vector<std::unique_ptr<Stream>> streams;
    const auto text = numbered_text(30'000);
    for (int i = 0; i < 200; ++i) {
        const auto fds = tcp_pair();
        auto& near = *streams.emplace_back(std::make_unique<Stream>(first.loop.reactor, fds[0]));
        auto& far = *streams.emplace_back(std::make_unique<Stream>(first.loop.reactor, fds[1]));
        near.join_ring();
        REQUIRE(far.try_write(bytes_of(text)).bytes == text.size());
        first.loop.start(expect(near, text));
    }
    first.loop.run();
}

TEST_CASE("a stream that is full says so, and goes on when its reader does", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    struct Filler {
        static Task<void> run(Ends& ends)
        {
            auto& near = *ends.near;
            const protocol::Buffer piece(1000, 0x55);
            std::size_t taken = 0;
            for (;;) {
                const auto sent = near.try_write(piece);
                taken += sent.bytes;
                if (sent.status == IoStatus::would_block) break;
                REQUIRE(sent.status == IoStatus::ok);
                REQUIRE(taken < 50'000'000);  // memory is bounded
                near.handle().ring_socket()->flush();
            }
            ends.loop.start(expect(*ends.far, std::string(taken + 1000, 0x55)));
            std::vector<std::size_t> sizes(1, 1000);
            std::string more(1000, 0x55);
            co_await send_pieces(near, std::move(more), std::move(sizes));
        }
    };
    ends.loop.run(Filler::run(ends));
}

TEST_CASE("the last words reach a slow reader before the stream ends", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    const auto text = numbered_text(500'000);
    ends.loop.start(send_and_settle(ends.near, text));
    struct Slow {
        static Task<void> run(Stream& stream, const std::string& text)
        {
            auto& reactor = stream.handle().reactor();
            co_await wait_until(reactor, reactor.now() + 20ms);
            const auto all = co_await read_to_end(stream);
            CHECK((text_of(all) == text));
        }
    };
    ends.loop.start(Slow::run(*ends.far, text));
    ends.loop.run();
}

TEST_CASE("what is queued goes out before a stream ends or shuts down", "[ring]")
{
    if (!has_ring()) return;
    const bool ends_whole = GENERATE(true, false);
    Ends ends;
    struct Ender {
        static Task<void> run(Ends& ends, bool whole)
        {
            ends.near->try_write(bytes_of("good"));
            ends.near->try_write(bytes_of("bye"));
            if (whole)
                ends.near.reset();
            else
                ends.near->shut_down();
            const auto all = co_await read_to_end(*ends.far);
            CHECK(text_of(all) == "goodbye");
        }
    };
    ends.loop.run(Ender::run(ends, ends_whole));
}

TEST_CASE("the end of the other side is seen behind what it said", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    bool told = false;
    ends.near->handle().on_hang_up([&] { told = true; });
    ends.far->try_write(bytes_of("last words"));
    ends.far.reset();
    struct Reader {
        static Task<void> run(Stream& stream)
        {
            const auto all = co_await read_to_end(stream);
            CHECK(text_of(all) == "last words");
            co_await expect_end(stream, IoStatus::closed);
        }
    };
    ends.loop.run(Reader::run(*ends.near));
    CHECK(told);
    CHECK(ends.near->has_unexpected_input());
}

TEST_CASE("a reset fails reading, and then writing", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    const linger at_once{1, 0};
    ::setsockopt(ends.far->handle().fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ends.far.reset();
    struct Reader {
        static Task<void> run(Stream& stream)
        {
            co_await expect_end(stream, IoStatus::failed);
            stream.try_write(bytes_of("x"));
            stream.handle().ring_socket()->flush();
            CHECK(stream.try_write(bytes_of("x")).status == IoStatus::failed);
        }
    };
    ends.loop.run(Reader::run(*ends.near));
}

TEST_CASE("deadlines and cancellation end waits for the ring as well", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    ends.near->handle().set_deadline(ends.loop.reactor.now() + 10ms);
    ends.loop.run(expect_end(*ends.near, IoStatus::timed_out));
    Ends other;
    other.near->handle().cancel();
    other.loop.run(expect_end(*other.near, IoStatus::cancelled));
}

TEST_CASE("a stream may end with the kernel still at work for it", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    struct Ender {
        static Task<void> run(Ends& ends)
        {
            auto& reactor = ends.loop.reactor;
            const protocol::Buffer piece(4000, 0x55);
            // Full: the kernel waits for room, and for input.
            while (ends.near->try_write(piece).status == IoStatus::ok)
                ends.near->handle().ring_socket()->flush();
            ends.far->try_write(bytes_of("never read"));
            ends.near.reset();
            co_await wait_until(reactor, reactor.now() + 20ms);
            const auto all = co_await read_to_end(*ends.far);
            CHECK(all.size() > 0);  // and then the end: nothing keeps the socket open
        }
    };
    ends.loop.run(Ender::run(ends));
}

TEST_CASE("a stream that ends itself when it is woken harms nobody", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    struct Ender {
        static Task<void> run(std::unique_ptr<Stream>& stream)
        {
            protocol::Buffer room(4);
            co_await stream->read_some(room);
            stream.reset();
        }
    };
    ends.far->try_write(bytes_of("longer than the room"));
    ends.loop.start(Ender::run(ends.near));
    ends.loop.start(expect_end(*ends.far, IoStatus::closed));
    ends.loop.run();
}

TEST_CASE("posted work and other descriptors are served beside the ring", "[ring]")
{
    if (!has_ring()) return;
    Ends ends;
    ends.loop.reactor.post([&] { ends.near->try_write(bytes_of("posted")); });
    ends.loop.run(expect(*ends.far, "posted"));
}

TEST_CASE("a full stream, or one by a unix socket, stays with epoll", "[ring]")
{
    Loop loop;
    const auto fds = tcp_pair();
    Stream near(loop.reactor, fds[0]);
    const Stream far(loop.reactor, fds[1]);
    near.join_ring();  // there is no ring: nothing changes
    CHECK_FALSE(near.handle().ring_socket());
    loop.reactor.open_ring();
    near.handle().note_full();
    near.join_ring();
    CHECK_FALSE(near.handle().ring_socket());
    const StreamPair local(loop.reactor);
    local.near->join_ring();
    CHECK_FALSE(local.near->handle().ring_socket());
}
