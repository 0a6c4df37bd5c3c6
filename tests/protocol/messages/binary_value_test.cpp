#include "protocol/messages/binary_value.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::unhex;

TEST_CASE("binary values mean what the text protocol would say")
{
    struct Row {
        const char* bytes;
        ColumnType type;
        Signedness signedness;
        std::string_view text;
    };
    constexpr auto plus = Signedness::unsigned_;
    constexpr auto minus = Signedness::signed_;
    for (const Row& row : {
             Row{"ff", ColumnType::tiny, minus, "-1"},
             Row{"ff", ColumnType::tiny, plus, "255"},
             Row{"0080", ColumnType::short_, minus, "-32768"},
             Row{"ea07", ColumnType::year, plus, "2026"},
             Row{"ffffffff", ColumnType::long_, minus, "-1"},
             Row{"ffffff00", ColumnType::int24, plus, "16777215"},
             Row{"ffffffffffffffff", ColumnType::longlong, plus, "18446744073709551615"},
             Row{"0000c03f", ColumnType::float_, minus, "1.5"},
             Row{"000000000000f8bf", ColumnType::double_, minus, "-1.5"},
             Row{"ea070b16", ColumnType::date, minus, "2026-11-22"},
             Row{"", ColumnType::date, minus, "0000-00-00"},
             Row{"", ColumnType::datetime, minus, "0000-00-00 00:00:00"},
             Row{"ea070b16", ColumnType::datetime, minus, "2026-11-22 00:00:00"},
             Row{"ea070b16 010203", ColumnType::timestamp, minus, "2026-11-22 01:02:03"},
             Row{"ea070b16 010203 40e20100", ColumnType::datetime, minus,
                 "2026-11-22 01:02:03.123456"},
             Row{"", ColumnType::time, minus, "00:00:00"},
             Row{"01 01000000 010203", ColumnType::time, minus, "-25:02:03"},
             Row{"00 22000000 163b3b 01000000", ColumnType::time, minus, "838:59:59.000001"},
             Row{"312e35", ColumnType::newdecimal, minus, "1.5"},
         }) {
        INFO(row.text);
        const auto text = text_of_binary(unhex(row.bytes), row.type, row.signedness);
        REQUIRE(text.has_value());
        CHECK(*text == row.text);
    }
}

TEST_CASE("a binary value of the wrong size, or with an impossible date, is an error")
{
    struct Row {
        const char* bytes;
        ColumnType type;
    };
    for (const Row& row :
         {Row{"", ColumnType::tiny}, Row{"0102", ColumnType::tiny},
          Row{"010203", ColumnType::long_}, Row{"01020304", ColumnType::double_},
          Row{"ea07", ColumnType::date}, Row{"ea070d16", ColumnType::date},
          Row{"ea070b16 18", ColumnType::datetime}, Row{"ea070b16 180000", ColumnType::datetime},
          Row{"02 00000000 000000", ColumnType::time},
          Row{"00 00000000 000000 ffffffff", ColumnType::time}}) {
        INFO(row.bytes);
        CHECK(text_of_binary(unhex(row.bytes), row.type).has_error());
    }
}

}  // namespace pointsman::protocol
