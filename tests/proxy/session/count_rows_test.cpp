#include "proxy/session/count_rows.hpp"

#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include <initializer_list>
#include <string>

using namespace pointsman;
using namespace pointsman::proxy;
using protocol::sql::CountColumn;

namespace {

protocol::Buffer answer_of(std::initializer_list<std::string> payloads)
{
    protocol::Buffer wire;
    std::uint8_t sequence = 1;
    for (const auto& payload : payloads)
        sequence = protocol::append_message(wire, protocol::as_bytes(payload), sequence);
    return wire;
}

std::string number(char low, char rest = 0)
{
    return low + std::string(7, rest);
}

const std::string definition =
    "\x03"
    "def and so on";
const std::string eof{"\xfe\x00\x00\x02\x00", 5};
const std::string row_begin(2, '\0');
const std::vector<CountColumn> columns{CountColumn::row_count, CountColumn::last_insert_id,
                                       CountColumn::found_rows};
const protocol::sql::ResultCounts counts{-2, 9, true};

}  // namespace

TEST_CASE("a binary row of counts gets those that are known, and keeps the new id")
{
    for (bool deprecate_eof : {true, false}) {
        INFO(deprecate_eof);
        auto answer = [&](const std::string& row) {
            if (deprecate_eof)
                return answer_of({"\x03", definition, definition, definition, row, eof});
            return answer_of({"\x03", definition, definition, definition, eof, row, eof});
        };
        auto capabilities = deprecate_eof ? protocol::capability::deprecate_eof : 0;
        auto edited = with_counts_in_rows(answer(row_begin + number(1) + number(7) + number(1)),
                                          capabilities, columns, counts);
        CHECK(edited == answer(row_begin + number('\xfe', '\xff') + number(7) + number(9)));
    }
}

TEST_CASE("what is no row of counts stays as it is")
{
    auto capabilities = protocol::capability::deprecate_eof;
    const protocol::Buffer answers[] = {
        answer_of({std::string("\xff\x28\x04#42000You", 10)}),
        answer_of({"\x03", definition, definition, definition, eof}),
        answer_of({"\x03", definition, definition, definition, row_begin + number(1), eof}),
        answer_of({}),
    };
    for (const auto& answer : answers)
        CHECK(with_counts_in_rows(answer, capabilities, columns, counts) == answer);
}
