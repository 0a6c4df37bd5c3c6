// The PROXY protocol's header.

#include "protocol/proxy_header.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::require;
using State = ProxyHeader::State;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    const Bytes all(bytes, size);
    const auto header = read_proxy_header(all);
    require(header.size <= max_proxy_header, "it is bounded");
    if (header.state == State::incomplete) require(header.size > size, "it asks for more");
    if (header.state != State::complete) return 0;
    require(header.size <= size, "it was there");
    if (header.client) require(header.client->host.size() <= 45, "an address is short");
    for (std::size_t cut = 0; cut < header.size; ++cut) {
        const auto part = read_proxy_header(all.first(cut));
        require(part.state == State::incomplete && part.size <= header.size,
                "in pieces it is the same");
    }
    return 0;
}
