// Exchange on what is large, and on what breaks the protocol.

#include "protocol/exchange.hpp"
#include "protocol/server_status.hpp"

#include "tests/support/responses.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace pointsman::protocol {
namespace {

using tests::ResponseWriter;

constexpr Capabilities plain = capability::protocol_41;
constexpr Capabilities without_eof = plain | capability::deprecate_eof;

/// A response whose only row is `row`.
Buffer response_with_row(Capabilities capabilities, const Buffer& row)
{
    return ResponseWriter(capabilities).result_head({}).packet(row).end().bytes();
}

/// Reads with a buffer that is much smaller than a packet, as the relay does.
bool ends_exactly(Capabilities capabilities, Bytes stream, std::size_t read_size)
{
    Exchange exchange(Command::query, capabilities);
    std::size_t done = 0;
    std::size_t seen = 0;
    while (seen < stream.size()) {
        seen = std::min(seen + read_size, stream.size());
        const auto progress = exchange.on_backend_bytes(stream.subspan(done, seen - done));
        if (!progress) return false;
        done += progress->forward + progress->held_size;
        if (progress->finished) return done == stream.size();
    }
    return false;
}

boost::system::error_code error_of(Command command, Capabilities capabilities, const Buffer& bytes)
{
    Exchange exchange(command, capabilities);
    std::size_t done = 0;
    for (;;) {
        const auto progress = exchange.on_backend_bytes(Bytes{bytes}.subspan(done));
        if (!progress) return progress.error();
        const std::size_t taken = progress->forward + progress->held_size;
        if (progress->finished || taken == 0) return {};
        done += taken;
    }
}

Buffer packet(std::initializer_list<int> payload)
{
    Buffer bytes;
    for (const int byte : payload) bytes.push_back(static_cast<Byte>(byte));
    return ResponseWriter(plain).packet(bytes).bytes();
}

}  // namespace

TEST_CASE("rows of 16 MiB and more are followed through their continuations")
{
    for (const std::size_t size : {max_packet_payload - 1, max_packet_payload,
                                   max_packet_payload + 1, 2 * max_packet_payload}) {
        Buffer row(size, 0xff);  // so a continuation begins with what would be an ERR
        row[0] = 0xfd;
        for (const Capabilities capabilities : {plain, without_eof}) {
            const Buffer stream = response_with_row(capabilities, row);
            CHECK(ends_exactly(capabilities, stream, 65536));
            CHECK(ends_exactly(capabilities, stream, 1'000'003));
            CHECK(ends_exactly(capabilities, stream, stream.size()));
        }
    }
}

TEST_CASE("a SELECT may have more columns than two bytes can count")
{
    ResponseWriter::ResultSet wide;
    wide.columns = 68'001;
    for (const Capabilities capabilities : {plain, without_eof}) {
        const Buffer stream = ResponseWriter(capabilities).result_set(wide).bytes();
        CHECK(ends_exactly(capabilities, stream, 65536));
    }
}

// MySQL 9.7 sends SELECT REPEAT('a', 16777216) so: 0xfe, eight bytes of length, the value.
TEST_CASE("a row that begins with 0xfe is a row when its packet is full")
{
    Buffer row(9 + (1u << 24), 'a');
    const Byte length[] = {0xfe, 0, 0, 0, 1, 0, 0, 0, 0};
    std::copy(std::begin(length), std::end(length), row.begin());
    for (const Capabilities capabilities : {plain, without_eof})
        CHECK(ends_exactly(capabilities, response_with_row(capabilities, row), 65536));
}

TEST_CASE("a shorter packet with 0xfe is no row")
{
    Buffer row(20, 'a');
    row[0] = 0xfe;
    CHECK(error_of(Command::query, plain, response_with_row(plain, row)) ==
          Errc::unexpected_packet);
}

TEST_CASE("many rows need no more than their bytes")
{
    ResponseWriter writer(without_eof);
    writer.result_set({.columns = 4, .rows = 5000, .value_size = 20});
    for (const std::size_t read_size : {100u, 4096u, 16384u})
        CHECK(ends_exactly(without_eof, writer.bytes(), read_size));
}

TEST_CASE("bytes that break the protocol are an error")
{
    struct Case {
        const char* what;
        Command command;
        Buffer bytes;
    };
    const Case cases[] = {
        {"an empty packet", Command::query, packet({})},
        {"an OK cut short", Command::ping, packet({0, 0, 0})},
        {"an ERR cut short", Command::query, packet({0xff, 1})},
        {"a row for a ping", Command::ping, packet({1, 'a'})},
        {"an EOF for a query", Command::query, packet({0xfe, 0, 0, 2, 0})},
        {"a column count that goes on", Command::query, packet({1, 1, 1})},
        {"a column count cut short", Command::query, packet({0xfc, 1})},
        {"2^24 columns", Command::query, packet({0xfe, 0, 0, 0, 1, 0, 0, 0, 0})},
        {"a prepare answer cut short", Command::stmt_prepare, packet({0, 1, 0, 0, 0, 1, 0})},
        {"a prepare answer that is EOF", Command::stmt_prepare, packet({0xfe, 0, 0, 2, 0})},
        {"a row for a change of user", Command::change_user, packet({3, 'd', 'e', 'f'})},
    };
    for (const auto& [what, command, bytes] : cases) {
        INFO(what);
        CHECK(error_of(command, plain, bytes));
    }

    ResponseWriter no_eof(plain);
    no_eof.packet(Buffer{1}).definition().row({});
    CHECK(error_of(Command::query, plain, no_eof.bytes()) == Errc::unexpected_packet);

    const Buffer endless_ok = {0xff, 0xff, 0xff, 1, 0x00};
    CHECK(error_of(Command::query, plain, endless_ok) == Errc::message_too_large);
    const Buffer flag_of_two = ResponseWriter(plain).packet(Buffer{1, 2}).bytes();
    CHECK(error_of(Command::query, plain | capability::optional_resultset_metadata, flag_of_two) ==
          Errc::bad_value);
}

TEST_CASE("random bytes give progress or an error, never more than was given")
{
    std::mt19937 random(20240607);
    for (int round = 0; round < 20'000; ++round) {
        Buffer bytes(random() % 64);
        for (Byte& byte : bytes)
            byte = static_cast<Byte>(random() % 3 == 0 ? random() % 8 : random());
        if (bytes.size() > 3) bytes[1] = bytes[2] = 0;  // short packets, else all end in waiting
        Exchange exchange(static_cast<Command>(random() % 0x22), random());
        std::size_t done = 0;
        for (int step = 0; step < 64; ++step) {
            const auto progress = exchange.on_backend_bytes(Bytes{bytes}.subspan(done));
            if (!progress || progress->finished) break;
            const std::size_t taken = progress->forward + progress->held_size;
            REQUIRE(done + taken <= bytes.size());
            done += taken;
            exchange.on_client_done();
        }
    }
}

}  // namespace pointsman::protocol
