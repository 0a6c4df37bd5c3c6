#include "proxy/net/read_buffer.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace pointsman;
using namespace pointsman::proxy::net;

namespace {

/// Puts as much of `text` in as there is room for; says how much.
std::size_t put(ReadBuffer& buffer, std::string_view text)
{
    auto room = buffer.prepare();
    const auto size = std::min(room.size(), text.size());
    std::copy_n(text.begin(), size, room.begin());
    buffer.commit(size);
    return size;
}

std::string text_of(const ReadBuffer& buffer)
{
    return {buffer.data().begin(), buffer.data().end()};
}

}  // namespace

TEST_CASE("bytes come out as they went in")
{
    BufferPool pool(8, 4);
    ReadBuffer buffer(pool);
    CHECK(buffer.empty());
    CHECK(put(buffer, "abcde") == 5);
    buffer.consume(2);
    CHECK(text_of(buffer) == "cde");
    CHECK(put(buffer, "fghij") == 3);  // room behind the data first
    CHECK(text_of(buffer) == "cdefgh");
    CHECK(put(buffer, "ijk") == 2);  // then it moves to the front
    CHECK(text_of(buffer) == "cdefghij");
    CHECK(buffer.prepare().empty());
    CHECK(text_of(buffer) == "cdefghij");
}

TEST_CASE("a buffer grows for a large packet and keeps what it holds")
{
    BufferPool pool(8, 4);
    ReadBuffer buffer(pool);
    put(buffer, "abcdefgh");
    buffer.consume(3);
    buffer.grow(5);  // smaller than it is: nothing happens
    CHECK(buffer.capacity() == 8);
    buffer.grow(20);
    CHECK(buffer.capacity() == 20);
    CHECK(text_of(buffer) == "defgh");
    CHECK(put(buffer, std::string(30, 'x')) == 15);
    CHECK(text_of(buffer) == "defgh" + std::string(15, 'x'));

    buffer.consume(20);
    CHECK(buffer.capacity() == 8);
    put(buffer, "again");
    CHECK(text_of(buffer) == "again");
}

TEST_CASE("a buffer that grows before its first byte")
{
    BufferPool pool(8, 4);
    ReadBuffer buffer(pool);
    buffer.grow(10);
    CHECK(put(buffer, "0123456789ab") == 10);
    CHECK(text_of(buffer) == "0123456789");
}

TEST_CASE("an empty buffer gives its memory back, one that holds bytes does not")
{
    BufferPool pool(8, 1);
    ReadBuffer buffer(pool);
    put(buffer, "ab");
    const auto* memory = buffer.data().data();
    buffer.release();
    CHECK(text_of(buffer) == "ab");

    buffer.consume(2);
    buffer.release();
    const auto chunk = pool.take();
    CHECK(chunk.get() == memory);
    CHECK(put(buffer, "cd") == 2);  // and takes another when it needs one
    CHECK(text_of(buffer) == "cd");
}

TEST_CASE("a pool keeps no more chunks than it may")
{
    BufferPool pool(8, 1);
    auto one = pool.take();
    auto two = pool.take();
    const auto* kept = one.get();
    pool.give_back(std::move(one));
    pool.give_back(std::move(two));
    const auto again = pool.take();
    CHECK(again.get() == kept);
}
