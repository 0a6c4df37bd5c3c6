// OK packets, and the session state inside them.

#include "protocol/messages/ok.hpp"
#include "protocol/messages/session_track.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const Capabilities capabilities = input.take_capabilities();
    const auto first = decode_ok(input.rest(), capabilities);
    if (!first) return 0;
    (void)decode_session_state(first->session_state);
    const auto again = decode_ok(encode_ok(*first, capabilities), capabilities);
    require(again.has_value(), "what we write can be read");
    require(again->affected_rows == first->affected_rows, "affected rows");
    require(again->status == first->status && again->info == first->info, "status and info");
    require(again->session_state == first->session_state, "session state");
    return 0;
}
