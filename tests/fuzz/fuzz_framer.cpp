// The framer gives the same messages however the stream is cut.

#include "protocol/framer.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

constexpr std::size_t limit = 4096;

/// All payloads, each behind its size, and whether the stream broke.
struct Outcome {
    Buffer payloads;
    bool broken = false;
    bool operator==(const Outcome&) const = default;
};

Outcome read_in_chunks(Bytes stream, std::size_t chunk)
{
    Framer framer(limit);
    Outcome outcome;
    while (!stream.empty() && !outcome.broken) {
        const auto framed = framer.on_bytes(stream.first(std::min(chunk, stream.size())));
        outcome.broken = framed.has_error();
        if (outcome.broken) break;
        require(framed->consumed > 0, "the framer makes progress");
        require(framer.gathered_size() <= limit + packet_header_size, "memory is bounded");
        stream = stream.subspan(framed->consumed);
        if (!framed->message) continue;
        const Bytes payload = framed->message->payload;
        append_header(outcome.payloads, {static_cast<std::uint32_t>(payload.size()), 0});
        outcome.payloads.insert(outcome.payloads.end(), payload.begin(), payload.end());
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const std::size_t chunk = 1 + std::size_t{input.take_byte()};
    const Outcome whole = read_in_chunks(input.rest(), input.rest().size());
    const Outcome cut = read_in_chunks(input.rest(), chunk);
    require(whole == cut, "any split gives the same messages");
    return 0;
}
