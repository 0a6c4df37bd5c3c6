// The first packet of a client: anybody on the network can send it.

#include "protocol/messages/handshake_response.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    const auto first = decode_client_answer({bytes, size});
    if (!first) return 0;
    if (const auto* request = std::get_if<SslRequest>(&*first)) {
        require(decode_client_answer(encode_ssl_request(*request)).has_value(), "SSLRequest");
        return 0;
    }
    const auto& response = std::get<HandshakeResponse>(*first);
    const auto again = decode_client_answer(encode_handshake_response(response));
    require(again.has_value(), "what we write can be read");
    const auto& copy = std::get<HandshakeResponse>(*again);
    require(copy.user == response.user && copy.schema == response.schema, "user and schema");
    require(copy.auth_response == response.auth_response, "proof");
    require(copy.plugin == response.plugin && copy.attributes == response.attributes, "rest");
    return 0;
}
