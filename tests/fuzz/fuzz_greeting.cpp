// A greeting that was understood is written and read again without loss.

#include "protocol/messages/greeting.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    const auto first = decode_greeting({bytes, size});
    if (!first) return 0;
    const Buffer wire = encode_greeting(*first);
    const auto again = decode_greeting(wire);
    require(again.has_value(), "what we write can be read");
    require(again->server_version == first->server_version, "version");
    require(again->nonce == first->nonce && again->plugin == first->plugin, "nonce and plugin");
    require(again->capabilities == first->capabilities, "capabilities");
    return 0;
}
