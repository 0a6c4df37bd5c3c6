#include "proxy/metrics/process_stats.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::proxy;

namespace {

constexpr std::string_view line =
    "77 (a (b) c) S 1 77 77 0 -1 4194560 10 0 0 0 250 150 0 0 20 0 9 0 1000 4096000 300 0\n";
constexpr std::string_view machine = "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n";

}  // namespace

TEST_CASE("process numbers are found behind a name with spaces and parentheses")
{
    auto stats = parse_process_stat(line, machine, {100, 4096});
    REQUIRE(stats);
    CHECK(stats->cpu_seconds == Approx(4.0));
    CHECK(stats->start_time_seconds == Approx(1700000010.0));
    CHECK(stats->threads == 9);
    CHECK(stats->virtual_bytes == 4096000);
    CHECK(stats->resident_bytes == 300 * 4096);
}

TEST_CASE("a process line that is cut anywhere gives nothing or the same numbers")
{
    for (std::size_t size = 0; size < line.size(); ++size) {
        auto stats = parse_process_stat(line.substr(0, size), machine, {100, 4096});
        if (stats) CHECK(stats->virtual_bytes == 4096000);
    }
}

TEST_CASE("this process has memory, a thread, a start and open files")
{
    auto stats = read_process_stats();
    REQUIRE(stats);
    CHECK(stats->resident_bytes > 100'000);
    CHECK(stats->threads >= 1);
    CHECK(stats->start_time_seconds > 1.6e9);
    CHECK(stats->open_fds >= 1);
    CHECK(stats->max_fds >= stats->open_fds);
}
