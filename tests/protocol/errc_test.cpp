#include "protocol/errc.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

namespace pointsman::protocol {

TEST_CASE("every protocol error has a sentence of its own")
{
    std::set<std::string> sentences;
    for (const Errc code :
         {Errc::truncated, Errc::trailing_bytes, Errc::bad_value, Errc::bad_sequence,
          Errc::message_too_large, Errc::unexpected_packet, Errc::unsupported}) {
        const auto error = make_error_code(code);
        CHECK(error.failed());
        CHECK(std::string(error.category().name()) == "mysql protocol");
        CHECK(error.message() != "unknown error");
        sentences.insert(error.message());
    }
    CHECK(sentences.size() == 7);
}

}  // namespace pointsman::protocol
