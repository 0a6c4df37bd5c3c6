// Session state, as an OK packet carries it.

#include "protocol/messages/session_track.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    const auto first = decode_session_state({bytes, size});
    if (!first) return 0;
    const Buffer wire = encode_session_state(*first);
    const auto again = decode_session_state(wire);
    require(again.has_value() && again->size() == first->size(), "what we write can be read");
    require(encode_session_state(*again) == wire, "and is written the same");
    return 0;
}
