// Compressed packets give the same plain bytes however the stream is cut, and never more than they
// said; what comes out goes through the other direction unchanged.

#include "protocol/compression/compressed_channel.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

constexpr std::size_t most_output = 1u << 20;

struct Outcome {
    Buffer plain;
    bool broken = false;
};

Outcome read_in_chunks(Compression how, Peer peer, Bytes wire, std::size_t chunk, std::size_t room)
{
    CompressedChannel channel(how, peer, CodecPool::of_this_thread());
    Outcome outcome;
    Buffer plain(room), unread;
    while (!wire.empty() && outcome.plain.size() < most_output) {
        const Bytes piece = wire.first(std::min(chunk, wire.size()));
        unread.insert(unread.end(), piece.begin(), piece.end());
        wire = wire.subspan(piece.size());
        while (!unread.empty() || channel.has_output()) {
            const bool in_vain = unread.empty();
            const auto step = channel.decode(unread, plain);
            outcome.broken = step.has_error();
            if (outcome.broken) return outcome;
            require(step->consumed + step->produced > 0 || in_vain, "decoding makes progress");
            require(step->produced <= plain.size(), "output is bounded");
            outcome.plain.insert(outcome.plain.end(), plain.begin(),
                                 plain.begin() + static_cast<std::ptrdiff_t>(step->produced));
            unread.erase(unread.begin(),
                         unread.begin() + static_cast<std::ptrdiff_t>(step->consumed));
        }
    }
    return outcome;
}

/// Sent as a server would, so that no order of commands matters.
void send_and_receive(Compression how, Bytes plain)
{
    CompressedChannel sender(how, Peer::client, CodecPool::of_this_thread());
    CompressedChannel receiver(how, Peer::server, CodecPool::of_this_thread());
    constexpr Byte ping[] = {1, 0, 0, 0, 14};
    Buffer command, wire, got(plain.size() + 100);
    receiver.encode(ping, command);
    require(sender.decode(command, got).has_value(), "a ping arrives");
    for (auto rest = plain; !rest.empty();) rest = rest.subspan(sender.encode(rest, wire));
    const auto received = receiver.decode(wire, got);
    require(received.has_value() && received->produced == plain.size(), "all arrives");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const Byte kind = input.take_byte();
    const std::size_t chunk = 1 + std::size_t{input.take_byte()};
    const std::size_t room = 1 + std::size_t{input.take_byte()} * 7;
    const auto how = (kind & 1) != 0 ? Compression{CompressionAlgorithm::zstd, 1}
                                     : Compression{CompressionAlgorithm::zlib, 0};
    const auto peer = (kind & 2) != 0 ? Peer::server : Peer::client;
    const auto whole = read_in_chunks(how, peer, input.rest(), input.rest().size(), 1u << 16);
    const auto cut = read_in_chunks(how, peer, input.rest(), chunk, room);
    const std::size_t both = std::min(whole.plain.size(), cut.plain.size());
    require(std::equal(whole.plain.begin(), whole.plain.begin() + static_cast<std::ptrdiff_t>(both),
                       cut.plain.begin()),
            "any split gives the same bytes");
    if (both < most_output) {
        require(whole.broken == cut.broken, "any split finds the same errors");
        require(whole.broken || whole.plain.size() == cut.plain.size(), "and the same end");
    }
    send_and_receive(how, input.rest());
    return 0;
}
