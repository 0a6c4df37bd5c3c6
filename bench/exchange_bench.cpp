// How fast the end of a response is found: a point select's few packets, and long result sets of
// which only headers may cost anything.

#include "protocol/exchange.hpp"
#include "protocol/packet.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

using namespace pointsman::protocol;

namespace {

constexpr Capabilities modern = capability::protocol_41 | capability::deprecate_eof |
                                capability::transactions | capability::session_track;
constexpr Capabilities with_eof = modern & ~capability::deprecate_eof;

void append_packet(Buffer& out, std::string_view payload, std::uint8_t& sequence)
{
    sequence = append_message(out, as_bytes(payload), sequence);
}

/// A text result set of one column.
Buffer result_set(std::size_t rows, std::size_t row_size, Capabilities negotiated)
{
    using namespace std::string_view_literals;
    Buffer out;
    std::uint8_t sequence = 1;
    auto eof = (negotiated & capability::deprecate_eof) ? "\xfe\0\0\2\0\0\0"sv : "\xfe\0\0\2\0"sv;
    append_packet(out, "\x01"sv, sequence);
    append_packet(out,
                  "\x03"
                  "def\x06sbtest\x07sbtest1\x07sbtest1\x01"
                  "c\x01"
                  "c\x0c\xff\0\xe0\1\0\0\xfe\1\0\0\0\0"sv,
                  sequence);
    if (!(negotiated & capability::deprecate_eof)) append_packet(out, eof, sequence);
    std::string row;
    if (row_size < 251)
        row += static_cast<char>(row_size);
    else
        row += {'\xfc', static_cast<char>(row_size & 0xff), static_cast<char>(row_size >> 8)};
    row.append(row_size, 'x');
    for (std::size_t i = 0; i < rows; ++i) append_packet(out, row, sequence);
    append_packet(out, eof, sequence);
    return out;
}

/// Presents the response as a relay with a buffer of `room` bytes does; false: no end was found.
bool relay(Bytes response, std::size_t room, Capabilities negotiated)
{
    Exchange exchange(Command::query, negotiated);
    std::size_t begin = 0, end = std::min(room, response.size());
    for (;;) {
        auto progress = exchange.on_backend_bytes(response.subspan(begin, end - begin));
        if (!progress) return false;
        begin += progress->forward + progress->held_size;
        if (progress->finished) return begin == response.size();
        if (end == response.size() && progress->forward + progress->held_size == 0) return false;
        end = std::min(begin + room, response.size());
    }
}

// Arguments: rows, bytes per row, buffer size, DEPRECATE_EOF.
void response(benchmark::State& state)
{
    auto negotiated = state.range(3) ? modern : with_eof;
    auto bytes = result_set(static_cast<std::size_t>(state.range(0)),
                            static_cast<std::size_t>(state.range(1)), negotiated);
    for (auto _ : state)
        if (!relay(bytes, static_cast<std::size_t>(state.range(2)), negotiated))
            state.SkipWithError("the end was not found");
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(response)
    ->Args({1, 120, 16'384, 1})
    ->Args({1, 120, 16'384, 0})
    ->Args({100, 120, 16'384, 1})
    ->Args({10'000, 20, 16'384, 1})
    ->Args({10'000, 1'000, 16'384, 1})
    ->Args({100, 60'000, 16'384, 1});

void ok_packet(benchmark::State& state)
{
    using namespace std::string_view_literals;
    Buffer bytes;
    std::uint8_t sequence = 1;
    append_packet(bytes, "\0\1\0\2\0\0\0"sv, sequence);
    for (auto _ : state)
        if (!relay(bytes, 16'384, modern)) state.SkipWithError("the end was not found");
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ok_packet);

}  // namespace

BENCHMARK_MAIN();
