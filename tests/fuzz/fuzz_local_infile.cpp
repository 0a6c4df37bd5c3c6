// LOAD DATA LOCAL: the end of a file is found however the stream is cut.

#include "protocol/messages/local_infile.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

/// How many bytes belong to the file, and how the stream ended.
struct Outcome {
    std::size_t size = 0;
    bool finished = false;
    bool broken = false;
    bool operator==(const Outcome&) const = default;
};

Outcome read_in_chunks(Bytes stream, std::size_t chunk)
{
    InfileStream file(2);
    Outcome outcome;
    while (!stream.empty() && !outcome.finished) {
        const auto progress = file.on_client_bytes(stream.first(std::min(chunk, stream.size())));
        if (progress.has_error()) return {0, false, true};
        require(progress->forward > 0, "there is progress");
        outcome.size += progress->forward;
        outcome.finished = progress->finished;
        stream = stream.subspan(progress->forward);
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const std::size_t chunk = 1 + std::size_t{input.take_byte()};
    (void)decode_local_infile_request(input.rest());
    require(
        read_in_chunks(input.rest(), chunk) == read_in_chunks(input.rest(), input.rest().size()),
        "any split finds the same end");
    return 0;
}
