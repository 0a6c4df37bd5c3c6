// The packets of a login, server to client.

#include "protocol/messages/auth.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

struct Encode {
    Buffer operator()(const AuthSwitchRequest& request) const
    {
        return encode_auth_switch_request(request);
    }
    Buffer operator()(const OldAuthSwitchRequest&) const { return {auth_switch_header}; }
    Buffer operator()(const AuthMoreData& more) const { return encode_auth_more_data(more.data); }
    Buffer operator()(const AuthNextFactor& factor) const
    {
        return encode_auth_next_factor(factor);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    const auto first = decode_auth_packet({bytes, size});
    if (!first) return 0;
    const Buffer wire = std::visit(Encode{}, *first);
    const auto again = decode_auth_packet(wire);
    require(again.has_value() && again->index() == first->index(), "what we write can be read");
    require(std::visit(Encode{}, *again) == wire, "and is written the same");
    return 0;
}
