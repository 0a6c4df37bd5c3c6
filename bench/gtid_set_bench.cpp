// Set arithmetic that each probe round does for each server.

#include "protocol/gtid_set.hpp"

#include <benchmark/benchmark.h>

#include <string>

using namespace pointsman::protocol;

namespace {

/// `sources` servers, each with `intervals` runs of transactions with gaps between them.
std::string text_of(int sources, int intervals)
{
    std::string text;
    for (int s = 0; s < sources; ++s) {
        auto digit = std::to_string(s % 10);
        text += (s ? "," : "") + std::string("3e11fa47-71ca-11e1-9e33-c80aa942956") + digit;
        for (int i = 0; i < intervals; ++i)
            text += ":" + std::to_string(i * 1'000 + 1) + "-" + std::to_string(i * 1'000 + 900);
    }
    return text;
}

void parse(benchmark::State& state)
{
    auto text = text_of(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    for (auto _ : state) {
        auto set = GtidSet::parse(text);
        benchmark::DoNotOptimize(set);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse)->Args({1, 1})->Args({3, 10})->Args({3, 1'000});

void contains(benchmark::State& state)
{
    auto text = text_of(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    auto set = *GtidSet::parse(text), other = set;
    for (auto _ : state) benchmark::DoNotOptimize(set.contains(other));
}
BENCHMARK(contains)->Args({1, 1})->Args({3, 10})->Args({3, 1'000});

void subtract(benchmark::State& state)
{
    auto text = text_of(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    auto set = *GtidSet::parse(text);
    auto rest = *GtidSet::parse(text_of(1, 1));
    for (auto _ : state) {
        auto difference = set;
        difference.subtract(rest);
        benchmark::DoNotOptimize(difference);
    }
}
BENCHMARK(subtract)->Args({1, 1})->Args({3, 10})->Args({3, 1'000});

}  // namespace

BENCHMARK_MAIN();
