#include "protocol/messages/local_infile.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::bytes_of;
using tests::framed;
using tests::unhex;

TEST_CASE("a server's request for a file names it")
{
    CHECK(decode_local_infile_request(unhex("fb 2f746d702f78")).value() == "/tmp/x");
    CHECK(tests::hex(encode_local_infile_request("x")) == "fb 78");
    CHECK(decode_local_infile_request(unhex("fc 78")).has_error());
}

TEST_CASE("a file's end is found however the stream is cut, and what follows is left")
{
    Buffer stream;
    for (const auto& [text, sequence] :
         {std::pair("1,2\n", 2), std::pair("3,4\n", 3), std::pair("", 4)}) {
        const Buffer packet = framed(bytes_of(text), static_cast<std::uint8_t>(sequence));
        stream.insert(stream.end(), packet.begin(), packet.end());
    }
    const std::size_t file_size = stream.size();
    const Buffer next = framed(bytes_of("\x0e"));
    stream.insert(stream.end(), next.begin(), next.end());

    for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
        INFO("in pieces of " << chunk);
        InfileStream file(2);
        std::size_t forwarded = 0;
        bool finished = false;
        while (!finished) {
            const Bytes rest = Bytes(stream).subspan(forwarded);
            const auto progress = file.on_client_bytes(rest.first(std::min(chunk, rest.size())));
            REQUIRE(progress.has_value());
            REQUIRE(progress->forward > 0);
            forwarded += progress->forward;
            finished = progress->finished;
        }
        CHECK(forwarded == file_size);
        CHECK(file.next_sequence() == 5);
    }
}

TEST_CASE("an empty file is one empty packet")
{
    InfileStream file(2);
    const auto progress = file.on_client_bytes(unhex("000000 02"));
    REQUIRE(progress.has_value());
    CHECK(progress->finished);
    CHECK(progress->forward == 4);
}

TEST_CASE("a file's packet out of order is an error")
{
    InfileStream file(2);
    CHECK(file.on_client_bytes(framed(bytes_of("x"), 3)).error() == Errc::bad_sequence);
}

}  // namespace pointsman::protocol
