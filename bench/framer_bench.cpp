// How fast messages are found in a client's byte stream.

#include "protocol/framer.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

using namespace pointsman::protocol;

namespace {

constexpr std::size_t max_message_size = 64u << 20;

Buffer stream_of(std::size_t messages, std::size_t payload_size)
{
    Buffer stream;
    std::string payload(payload_size, 'x');
    for (std::size_t i = 0; i < messages; ++i) append_message(stream, as_bytes(payload), 0);
    return stream;
}

/// Feeds the stream in reads of at most `chunk` bytes, as a socket would.
std::size_t frame_all(Framer& framer, Bytes stream, std::size_t chunk)
{
    std::size_t messages = 0;
    while (!stream.empty()) {
        auto bytes = stream.first(std::min(chunk, stream.size()));
        while (!bytes.empty()) {
            auto framed = framer.on_bytes(bytes);
            messages += framed->message.has_value();
            benchmark::DoNotOptimize(framed->message);
            bytes = bytes.subspan(framed->consumed);
        }
        stream = stream.subspan(std::min(chunk, stream.size()));
    }
    return messages;
}

// Arguments: payload size, bytes per read.
void messages_in_stream(benchmark::State& state)
{
    constexpr std::size_t messages = 64;
    auto stream = stream_of(messages, static_cast<std::size_t>(state.range(0)));
    Framer framer(max_message_size);
    for (auto _ : state) {
        auto seen = frame_all(framer, stream, static_cast<std::size_t>(state.range(1)));
        if (seen != messages) state.SkipWithError("messages were lost");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}
BENCHMARK(messages_in_stream)
    ->Args({40, 44})      // one command per read: the usual case
    ->Args({40, 16'384})  // many in one read
    ->Args({40, 7})       // each in pieces
    ->Args({4'096, 1'448})
    ->Args({1 << 20, 16'384});

}  // namespace

BENCHMARK_MAIN();
