#include "proxy/session/well_formed.hpp"

#include <catch2/catch.hpp>

using pointsman::proxy::is_well_formed;

TEST_CASE("UTF-8 has no lone, overlong, too large or cut characters", "[well_formed]")
{
    for (auto good : {"", "6162", "C3A9", "E697A5", "F09F9880", "F48FBFBF"})
        CHECK(is_well_formed(good, "utf8mb4"));
    for (auto bad : {"BF27", "C3", "C080", "E08080", "EDA080", "F08080", "F4908080", "C327", "FF"})
        CHECK_FALSE(is_well_formed(bad, "utf8mb4"));
    CHECK_FALSE(is_well_formed("F09F9880", "utf8mb3"));
}

TEST_CASE("of two bytes are those that the character set has", "[well_formed]")
{
    CHECK(is_well_formed("BF5C", "gbk"));
    CHECK_FALSE(is_well_formed("BF27", "gbk"));
    CHECK_FALSE(is_well_formed("BF", "big5"));
    CHECK(is_well_formed("BF27", "sjis"));
    CHECK_FALSE(is_well_formed("E927", "cp932"));
}

TEST_CASE("every byte is a character of a set of single bytes", "[well_formed]")
{
    CHECK(is_well_formed("00E9FF", "latin1"));
    CHECK_FALSE(is_well_formed("E9", "ascii"));
}

TEST_CASE("what is not looked into is not certain", "[well_formed]")
{
    CHECK(is_well_formed("6162", "gb18030"));
    CHECK_FALSE(is_well_formed("81308130", "gb18030"));
    CHECK_FALSE(is_well_formed("00610062", "ucs2"));
}
