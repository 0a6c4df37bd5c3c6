#include "protocol/messages/parameters.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;

TEST_CASE("a value of every type is read back as it was written")
{
    for (int byte = 0; byte < 256; ++byte) {
        const auto type = static_cast<ColumnType>(byte);
        INFO("type " << byte);
        const BinaryLayout layout = binary_layout(type);
        const std::size_t size = layout == BinaryLayout::none    ? 0
                                 : layout == BinaryLayout::one   ? 1
                                 : layout == BinaryLayout::two   ? 2
                                 : layout == BinaryLayout::eight ? 8
                                                                 : 4;
        const Buffer value(size, 0x61);
        Buffer wire;
        WireWriter out(wire);
        write_binary_value(out, type, value);
        WireReader in(wire);
        CHECK(hex(read_binary_value(in, type)) == hex(value));
        CHECK(in.finished_or_error(0).has_value());
    }
}

TEST_CASE("nine parameters need two bytes of NULL bits")
{
    std::vector<Parameter> parameters(9);
    for (Parameter& parameter : parameters) parameter.type = ColumnType::tiny;
    const Buffer value = tests::unhex("2a");
    parameters[8].value = value;
    Buffer wire;
    WireWriter out(wire);
    write_parameter_block(out, parameters, ParameterNames::absent);
    WireReader in(wire);
    const ParameterBlock block = read_parameter_block(in, 9, ParameterNames::absent);
    CHECK(hex(block.null_bitmap) == "ff 00");
    CHECK(block.is_null(7));
    CHECK_FALSE(block.is_null(8));
    CHECK(block.types.size() == 18);
    CHECK(hex(block.rest) == "2a");
}

TEST_CASE("more parameters than a server takes are refused before anything is read")
{
    const Buffer wire(100, 0);
    WireReader in(wire);
    const ParameterBlock block = read_parameter_block(in, 65536, ParameterNames::absent);
    CHECK(in.failed());
    CHECK(block.count == 0);
}

}  // namespace pointsman::protocol
