// Compressed streams with both ends in one process.

#include "proxy/net/stream.hpp"
#include "proxy/net/tls_context.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/loop.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace pointsman;
using namespace pointsman::proxy::net;
using namespace pointsman::tests;
using protocol::Compression;
using protocol::CompressionAlgorithm;
using protocol::Peer;

namespace {

constexpr Compression algorithms[] = {{CompressionAlgorithm::zlib, 0},
                                      {CompressionAlgorithm::zstd, 3}};

/// A client (near) and a server (far).
struct CompressedPair {
    CompressedPair(Loop& loop, Compression how) : pair(loop.reactor), how_(how) {}
    void start_near() { pair.near->start_compression(how_, Peer::server, buffers); }
    void start_far() { pair.far->start_compression(how_, Peer::client, buffers); }
    void start()
    {
        start_near();
        start_far();
    }

    BufferPool buffers{16 * 1024, 16};
    StreamPair pair;

private:
    Compression how_;
};

/// A message longer than any socket takes at once.
protocol::Buffer long_message()
{
    std::mt19937 random(3);
    protocol::Buffer payload(6u << 20);
    for (auto& byte : payload) byte = static_cast<protocol::Byte>(random() % 16);
    return framed(payload);
}

Task<void> send(Stream& stream, protocol::Buffer bytes)
{
    const auto sent = co_await stream.write_all(bytes);
    CHECK(sent.status == IoStatus::ok);
    CHECK(sent.bytes == bytes.size());
}

/// So many bytes.
Task<protocol::Buffer> receive(Stream& stream, std::size_t size)
{
    auto got = co_await read_to_end(stream, size);
    CHECK(got.size() == size);
    co_return got;
}

Task<void> expect(Stream& stream, protocol::Buffer bytes)
{
    const auto got = co_await receive(stream, bytes.size());
    CHECK((got == bytes));
}

Task<void> ask(Stream& stream, protocol::Buffer command, protocol::Buffer answer)
{
    co_await send(stream, std::move(command));
    co_await expect(stream, std::move(answer));
}

Task<void> reply(Stream& stream, protocol::Buffer command, protocol::Buffer answer)
{
    co_await expect(stream, std::move(command));
    co_await send(stream, std::move(answer));
}

protocol::Buffer answer_to(const protocol::Buffer& command)
{
    auto answer = command;
    answer[3] = 1;
    return answer;
}

/// Takes commands as a session does: it waits for the socket before it reads.
Task<void> take_one_by_one(Stream& stream, std::vector<protocol::Buffer> commands)
{
    for (const auto& command : commands) {
        const auto wait = co_await stream.handle().until_readable();
        CHECK(wait == Wait::ready);
        co_await expect(stream, command);
    }
    CHECK_FALSE(stream.has_unexpected_input());
}

Task<void> reply_under_tls(CompressedPair& both, TlsContextPtr context, protocol::Buffer command)
{
    const bool started = co_await both.pair.far->start_tls_server(context->get());
    CHECK(started);
    both.start_far();
    auto answer = answer_to(command);
    co_await reply(*both.pair.far, std::move(command), std::move(answer));
}

Task<void> ask_under_tls(CompressedPair& both, TlsContextPtr context, protocol::Buffer command)
{
    const std::string name;
    const bool started = co_await both.pair.near->start_tls_client(context->get(), name, false);
    CHECK(started);
    both.start_near();
    auto answer = answer_to(command);
    co_await ask(*both.pair.near, std::move(command), std::move(answer));
}

/// Leaves the second half of the answer above the socket for a while.
Task<void> ask_and_read_in_two(Stream& stream, protocol::Buffer command, protocol::Buffer answer)
{
    const auto middle = answer.begin() + 50;
    protocol::Buffer front(answer.begin(), middle), back(middle, answer.end());
    co_await ask(stream, std::move(command), std::move(front));
    CHECK(stream.has_unexpected_input());
    co_await expect(stream, std::move(back));
    CHECK_FALSE(stream.has_unexpected_input());
}

TlsContextPtr good(TlsContextResult result)
{
    if (auto* problem = std::get_if<std::string>(&result)) FAIL(*problem);
    return std::get<TlsContextPtr>(result);
}

Task<void> expect_broken(Stream& stream)
{
    protocol::Buffer room(100);
    const auto got = co_await stream.read_some(room);
    CHECK(got.status == IoStatus::failed);
    CHECK(stream.compression_is_broken());
}

Task<void> wait_for_input(Stream& stream)
{
    const auto wait = co_await stream.handle().until_readable();
    CHECK(wait == Wait::ready);
}

}  // namespace

TEST_CASE("a compressed stream carries long messages both ways as their reader makes room")
{
    for (const auto how : algorithms) {
        Loop loop;
        CompressedPair both(loop, how);
        both.start();
        const auto command = long_message();
        const auto answer = answer_to(command);
        loop.start(ask(*both.pair.near, command, answer));
        loop.start(reply(*both.pair.far, command, answer));
        loop.run();
    }
}

TEST_CASE("compression lies above TLS")
{
    Authority authority;
    authority.issue("server", "DNS:db.example.com");
    config::ClientTls settings;
    settings.certificate = authority.path("server.pem");
    settings.key = authority.path("server-key.pem");
    const auto server = good(make_client_side_tls(settings, ""));
    const auto client = good(make_server_side_tls({}));
    for (const auto how : algorithms) {
        Loop loop;
        CompressedPair both(loop, how);
        loop.start(reply_under_tls(both, server, long_message()));
        loop.start(ask_under_tls(both, client, long_message()));
        loop.run();
    }
}

TEST_CASE("commands that came together are found one after the other without new input")
{
    for (const auto how : algorithms) {
        Loop loop;
        CompressedPair both(loop, how);
        both.start();
        const auto short_one = framed(unhex("0e"));
        const auto long_one = framed(bytes_of("\x03" + std::string(100'000, 'a')));
        std::vector<protocol::Buffer> commands{short_one, long_one, short_one};
        protocol::Buffer all;
        for (const auto& command : commands) all.insert(all.end(), command.begin(), command.end());
        loop.start(send(*both.pair.near, all));
        loop.start(take_one_by_one(*both.pair.far, commands));
        loop.run();
    }
}

TEST_CASE("what waits unread is unexpected, however far it has got")
{
    Loop loop;
    CompressedPair both(loop, algorithms[0]);
    both.start();
    CHECK_FALSE(both.pair.near->has_unexpected_input());
    loop.start(send(*both.pair.far, framed(bytes_of(std::string(200, 'a')), 1)));
    loop.start(wait_for_input(*both.pair.near));
    loop.run();
    CHECK(both.pair.near->has_unexpected_input());
}

TEST_CASE("a part of what came, left above the socket, is unexpected too")
{
    Loop loop;
    CompressedPair both(loop, algorithms[0]);
    both.start();
    const auto ping = framed(unhex("0e"));
    const auto answer = framed(bytes_of(std::string(200, 'a')), 1);
    loop.start(reply(*both.pair.far, ping, answer));
    loop.start(ask_and_read_in_two(*both.pair.near, ping, answer));
    loop.run();
}

TEST_CASE("garbage in place of a compressed packet is told from a lost connection")
{
    Loop loop;
    CompressedPair both(loop, algorithms[1]);
    both.start_far();
    loop.start(send(*both.pair.near, bytes_of("GET / HTTP/1.1\r\n\r\n")));
    loop.start(expect_broken(*both.pair.far));
    loop.run();
}
