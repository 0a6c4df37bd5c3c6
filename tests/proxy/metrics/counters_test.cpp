#include "proxy/metrics/counters.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>

using namespace pointsman::proxy;
using pointsman::config::ServerId;
using namespace std::chrono_literals;

TEST_CASE("a latency falls into the first bucket whose bound it does not exceed")
{
    struct Row {
        std::chrono::nanoseconds latency;
        std::size_t bucket;
    };
    auto row =
        GENERATE(Row{0ns, 0}, Row{1us, 0}, Row{64us, 0}, Row{65us, 1}, Row{128us, 1}, Row{129us, 2},
                 Row{1ms, 4}, Row{2097152us, 15}, Row{2097153us, 16}, Row{1h, 16});
    LatencyHistogram histogram;
    histogram.record(row.latency);
    for (std::size_t i = 0; i < LatencyHistogram::bucket_count; ++i)
        CHECK(histogram.bucket(i) == (i == row.bucket ? 1 : 0));
    CHECK(histogram.sum_ns() == static_cast<std::uint64_t>(row.latency.count()));
}

TEST_CASE("errors are told apart by server and code")
{
    auto counters = std::make_unique<Counters>();
    counters->count_error(ServerId{0}, 1205);
    counters->count_error(ServerId{0}, 1205);
    counters->count_error(ServerId{1}, 1205);
    counters->count_own_error(1045);

    std::map<std::uint32_t, std::uint64_t> seen;
    counters->errors.for_each([&](auto key, auto count) { seen[key] = count; });
    CHECK(seen == std::map<std::uint32_t, std::uint64_t>{
                      {Counters::error_key(0, 1205), 2},
                      {Counters::error_key(1, 1205), 1},
                      {Counters::error_key(Counters::own_slot, 1045), 1}});
    CHECK(counters->server(ServerId{0}).errors.get() == 2);
}

TEST_CASE("a server that invents error codes does not lose counts")
{
    auto counters = std::make_unique<Counters>();
    for (std::uint32_t code = 0; code <= 0xffff; ++code)
        counters->count_error(ServerId{2}, static_cast<std::uint16_t>(code));

    std::uint64_t keys = 0, counted = 0;
    counters->errors.for_each([&](auto, auto count) { ++keys, counted += count; });
    CHECK(keys <= ErrorTable::slot_count);
    CHECK(counted + counters->errors.other() == 0x10000);
}

TEST_CASE("server ids beyond the last slot share it")
{
    auto counters = std::make_unique<Counters>();
    counters->server(ServerId{63}).errors.add();
    counters->server(ServerId{64}).errors.add();
    counters->server(ServerId{0xffffffff}).errors.add();
    CHECK(counters->servers.back().errors.get() == 3);
}
