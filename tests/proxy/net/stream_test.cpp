#include "proxy/net/stream.hpp"

#include "tests/support/hex.hpp"
#include "tests/support/loop.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pointsman;
using namespace pointsman::proxy::net;
using namespace pointsman::tests;
using namespace std::chrono_literals;

namespace {

Task<void> send(Stream& stream, std::string text)
{
    const auto bytes = bytes_of(text);
    const auto sent = co_await stream.write_all(bytes);
    CHECK(sent.status == IoStatus::ok);
    CHECK(sent.bytes == text.size());
}

Task<void> send_and_end(Stream& stream, std::string text)
{
    co_await send(stream, std::move(text));
    stream.shut_down();
}

Task<void> expect(Stream& stream, std::string text)
{
    const auto got = co_await read_to_end(stream, text.size());
    CHECK(std::string(got.begin(), got.end()) == text);
}

Task<void> expect_end(Stream& stream, IoStatus status)
{
    protocol::Buffer room(16);
    const auto got = co_await stream.read_some(room);
    CHECK(got.status == status);
}

Task<void> fill(Stream& stream, IoStatus expected, std::size_t size)
{
    const protocol::Buffer bytes(size, 0x55);
    const auto sent = co_await stream.write_all(bytes);
    CHECK(sent.status == expected);
    CHECK(sent.bytes < size);
}

/// Longer than any socket takes at once, and no two neighbouring pieces alike.
std::string long_text()
{
    std::string text(8u << 20, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 + i / 4096);
    return text;
}

}  // namespace

TEST_CASE("a stream carries bytes both ways, to its end")
{
    Loop loop;
    const StreamPair pair(loop.reactor);
    loop.start(send_and_end(*pair.near, "to the far end"));
    loop.start(expect(*pair.far, "to the far end"));
    loop.start(send(*pair.far, "and back"));
    loop.start(expect(*pair.near, "and back"));
    loop.run();

    Loop after;
    const StreamPair other(after.reactor);
    other.near->shut_down();
    after.run(expect_end(*other.far, IoStatus::closed));
}

TEST_CASE("a long write goes on as its reader makes room")
{
    Loop loop;
    const StreamPair pair(loop.reactor);
    const auto text = long_text();
    loop.start(send(*pair.near, text));
    loop.start(expect(*pair.far, text));
    loop.run();
}

TEST_CASE("a read of nothing and a write to a full stream say that they would block")
{
    Reactor reactor;
    const StreamPair pair(reactor);
    protocol::Buffer room(16);
    CHECK(pair.near->try_read(room).status == IoStatus::would_block);
    const protocol::Buffer bytes(1u << 20);
    IoResult put;
    while (put.status == IoStatus::ok) put = pair.near->try_write(bytes);
    CHECK(put.status == IoStatus::would_block);
}

TEST_CASE("a write to a peer that is gone fails, and kills nobody by a signal")
{
    Loop loop;
    StreamPair pair(loop.reactor);
    pair.far.reset();
    loop.run(fill(*pair.near, IoStatus::failed, 100));
}

TEST_CASE("a write under way fails when its reader goes")
{
    Loop loop;
    StreamPair pair(loop.reactor);
    loop.start(fill(*pair.near, IoStatus::failed, 8u << 20));
    REQUIRE(pair.near->handle().is_waited_on());
    pair.far.reset();
    loop.run();
}

TEST_CASE("reads and writes end at the deadline, and when they are cancelled")
{
    Loop loop;
    const StreamPair pair(loop.reactor), other(loop.reactor);
    const auto soon = loop.reactor.now() + 3ms;
    pair.near->handle().set_deadline(soon);
    pair.far->handle().set_deadline(soon);
    loop.start(fill(*pair.near, IoStatus::timed_out, 8u << 20));
    loop.start(expect_end(*other.near, IoStatus::cancelled));
    loop.start(fill(*other.far, IoStatus::cancelled, 8u << 20));
    other.far->handle().cancel();
    other.near->handle().cancel();
    loop.run();
}

TEST_CASE("what came before the end is read before the end is seen")
{
    Loop loop;
    StreamPair pair(loop.reactor);
    const auto bytes = bytes_of("last words");
    REQUIRE(pair.far->try_write(bytes).bytes == bytes.size());
    pair.far.reset();
    struct Reader {
        static Task<void> run(Stream& stream)
        {
            const auto all = co_await read_to_end(stream);
            CHECK(std::string(all.begin(), all.end()) == "last words");
        }
    };
    loop.run(Reader::run(*pair.near));
}

namespace {

/// Lets the loop take in what the kernel has to say by now.
void turn(Reactor& reactor)
{
    Timer end(reactor, [&] { reactor.stop(); });
    end.set(reactor.now());
    reactor.run();
}

}  // namespace

TEST_CASE("an idle stream with nothing to say is fit for use")
{
    Reactor reactor;
    const StreamPair pair(reactor);
    CHECK_FALSE(pair.near->has_unexpected_input());
    turn(reactor);
    CHECK_FALSE(pair.near->has_unexpected_input());
}

TEST_CASE("an idle stream that says something, or ends, is not")
{
    for (const bool speaks : {true, false}) {
        Reactor reactor;
        StreamPair pair(reactor);
        if (speaks)
            pair.far->try_write(bytes_of("x"));
        else
            pair.far.reset();
        turn(reactor);
        CHECK(pair.near->has_unexpected_input());
        CHECK(pair.near->has_unexpected_input());  // asking takes nothing away
    }
}
