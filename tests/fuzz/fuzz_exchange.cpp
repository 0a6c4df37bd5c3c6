// A response in pieces must give what it gives in one, and never more than was there.

#include "protocol/exchange.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

struct Outcome {
    std::size_t taken = 0;
    std::size_t held = 0;
    bool finished = false;
    bool failed = false;
};

/// Presents `piece` bytes more at a time, and lets the client speak at once where it may.
Outcome relay(Command command, Capabilities capabilities, Bytes stream, std::size_t piece)
{
    Exchange exchange(command, capabilities);
    Outcome outcome;
    std::size_t seen = 0;
    bool stuck = true;
    while (!outcome.finished && !outcome.failed && (!stuck || seen < stream.size())) {
        if (stuck) seen = std::min(seen + piece, stream.size());
        const auto progress =
            exchange.on_backend_bytes(stream.subspan(outcome.taken, seen - outcome.taken));
        outcome.failed = !progress.has_value();
        if (outcome.failed) break;
        const std::size_t taken = progress->forward + progress->held_size;
        require(taken <= seen - outcome.taken, "no more is taken than was given");
        require((progress->held != Held::none) == (progress->held_size != 0), "held has a size");
        outcome.taken += taken;
        outcome.held += progress->held_size;
        outcome.finished = progress->finished;
        stuck = taken == 0 && !exchange.client_speaks_next();
        exchange.on_client_done();
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const auto command = static_cast<Command>(input.take_byte());
    const Capabilities capabilities = input.take_capabilities() | capability::local_files;
    const std::size_t piece = std::size_t{input.take_byte()} % 16 + 1;

    const Outcome whole = relay(command, capabilities, input.rest(), size + 1);
    const Outcome pieces = relay(command, capabilities, input.rest(), piece);
    require(whole.failed == pieces.failed, "a cut changes no error");
    if (whole.failed) return 0;
    require(whole.taken == pieces.taken && whole.held == pieces.held, "a cut loses nothing");
    require(whole.finished == pieces.finished, "a cut moves no end");
    return 0;
}
