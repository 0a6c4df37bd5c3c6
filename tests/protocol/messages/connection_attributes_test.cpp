#include "protocol/messages/connection_attributes.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

TEST_CASE("attributes keep their order and what stands twice")
{
    const ConnectionAttributes attributes = {{"b", "1"}, {"a", "2"}, {"b", "3"}};
    Buffer bytes;
    WireWriter out(bytes);
    write_attributes(out, attributes);
    CHECK(tests::hex(bytes) == "0c 01 62 01 31 01 61 01 32 01 62 01 33");
    WireReader in(bytes);
    ConnectionAttributes again;
    read_attributes(in, again);
    CHECK(in.finished_or_error(0).has_value());
    CHECK(again == attributes);
}

TEST_CASE("a key without a value is an error")
{
    const Buffer bytes = tests::unhex("02 01 62");
    WireReader in(bytes);
    ConnectionAttributes attributes;
    read_attributes(in, attributes);
    CHECK(in.failed());
    CHECK(attributes.empty());
}

}  // namespace pointsman::protocol
