#include "proxy/session/process_list.hpp"

#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include <initializer_list>
#include <string>

using namespace pointsman;
using namespace pointsman::proxy;

namespace {

/// Packets of these payloads, as a server sends them.
protocol::Buffer answer_of(std::initializer_list<std::string> payloads)
{
    protocol::Buffer wire;
    std::uint8_t sequence = 1;
    for (const auto& payload : payloads)
        sequence = protocol::append_message(wire, protocol::as_bytes(payload), sequence);
    return wire;
}

const std::string definition = "\x03" "def and so on";
const std::string eof{"\xfe\x00\x00\x02\x00", 5};
const std::vector<std::pair<std::uint32_t, std::uint32_t>> ids{{16, 1'073'741'824}, {17, 9}};

}  // namespace

TEST_CASE("each row's id is the session's, where one uses that connection")
{
    for (bool deprecate_eof : {true, false}) {
        INFO(deprecate_eof);
        auto list = [&](std::string own, std::string other) {
            if (deprecate_eof)
                return answer_of({"\x02", definition, definition, "\x01" "5\x04root", own, other,
                                  eof});
            return answer_of({"\x02", definition, definition, eof, "\x01" "5\x04root", own, other,
                              eof});
        };
        auto capabilities = deprecate_eof ? protocol::capability::deprecate_eof : 0;
        auto edited = with_session_ids_in_rows(list("\x02" "16\x03" "app", "\x02" "17\xfb"),
                                               capabilities, ids);
        CHECK(edited == list("\x0a" "1073741824\x03" "app", "\x01" "9\xfb"));
    }
}

TEST_CASE("what is no list of rows stays as it is")
{
    const std::string error = "\xff\x15\x04#28000Access denied; 16";
    for (const auto& answer : {answer_of({error}), answer_of({eof}), protocol::Buffer{},
                               answer_of({"\x01", definition, "\x05" "16abc"}),
                               protocol::Buffer{9, 0, 0}}) {
        CHECK(with_session_ids_in_rows(answer, protocol::capability::deprecate_eof, ids) == answer);
    }
    // Cut short: what is there of it goes on.
    auto cut = answer_of({"\x01", definition, "\x02" "16"});
    cut.pop_back();
    CHECK(with_session_ids_in_rows(cut, protocol::capability::deprecate_eof, ids) == cut);
}
