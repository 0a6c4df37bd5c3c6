// ERR packets.

#include "protocol/capability.hpp"
#include "protocol/messages/err.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    const auto first = decode_err({bytes, size});
    if (!first) return 0;
    const auto again = decode_err(encode_err(*first, capability::protocol_41));
    require(again.has_value(), "what we write can be read");
    require(again->code == first->code && again->message == first->message, "code and message");
    return 0;
}
