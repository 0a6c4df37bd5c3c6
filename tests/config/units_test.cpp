#include "config/units.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::config;

TEST_CASE("durations are read with their unit")
{
    CHECK(parse_duration("250ms") == Milliseconds{250});
    CHECK(parse_duration("5s") == Milliseconds{5'000});
    CHECK(parse_duration("2min") == Milliseconds{120'000});
    CHECK(parse_duration("8h") == Milliseconds{28'800'000});
    CHECK(parse_duration("1d") == Milliseconds{86'400'000});
    CHECK(parse_duration("0") == Milliseconds{0});
    CHECK(parse_duration("0s") == Milliseconds{0});
    CHECK(parse_duration("9223372036854775807ms") == Milliseconds::max());
}

TEST_CASE("a duration without a known unit, with a sign or too large is refused")
{
    for (auto text : {"", "5", "ms", "5 s", "5S", "5m", "5sec", "-5s", "+5s", "1.5s", "s5", "0x5s",
                      "5s ", " 5s", "9223372036854775808ms", "9223372036854775807s",
                      "99999999999999999999999ms", "106751991168d"}) {
        INFO(text);
        CHECK_FALSE(parse_duration(text).has_value());
    }
}

TEST_CASE("sizes are read with their unit")
{
    CHECK(parse_bytes("0B") == ByteCount{0});
    CHECK(parse_bytes("512B") == ByteCount{512});
    CHECK(parse_bytes("16KiB") == ByteCount{16'384});
    CHECK(parse_bytes("4MiB") == ByteCount{4'194'304});
    CHECK(parse_bytes("1GiB") == ByteCount{1'073'741'824});
    CHECK(parse_bytes("18446744073709551615B") == ByteCount{UINT64_MAX});
}

TEST_CASE("a size without a known unit or too large is refused")
{
    for (auto text : {"", "0", "16", "16K", "16KB", "16kib", "16 KiB", "-1B", "1.5MiB",
                      "18446744073709551616B", "18446744073709551615KiB"}) {
        INFO(text);
        CHECK_FALSE(parse_bytes(text).has_value());
    }
}

TEST_CASE("values are written in their largest whole unit and read back the same")
{
    CHECK(to_text(Milliseconds{0}) == "0");
    CHECK(to_text(Milliseconds{1'500}) == "1500ms");
    CHECK(to_text(Milliseconds{90'000}) == "90s");
    CHECK(to_text(Milliseconds{28'800'000}) == "8h");
    CHECK(to_text(Milliseconds{-250}) == "-250ms");
    CHECK(to_text(Milliseconds::min()) == "-9223372036854775808ms");
    CHECK(to_text(ByteCount{0}) == "0B");
    CHECK(to_text(ByteCount{16'384}) == "16KiB");
    CHECK(to_text(ByteCount{1'500}) == "1500B");
    for (std::uint64_t value = 1; value < (1ull << 62); value *= 3) {
        const Milliseconds duration{static_cast<Milliseconds::rep>(value)};
        CHECK(parse_duration(to_text(duration)) == duration);
        CHECK(parse_bytes(to_text(ByteCount{value})) == ByteCount{value});
    }
}
