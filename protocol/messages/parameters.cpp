#include "protocol/messages/parameters.hpp"

namespace pointsman::protocol {

namespace {
constexpr std::uint16_t unsigned_flag = 0x8000;
}  // namespace

ParameterBlock read_parameter_block(WireReader& in, std::uint64_t count, ParameterNames names)
{
    ParameterBlock block;
    if (count > max_parameters) in.fail(Errc::bad_value);
    if (in.failed()) return block;
    block.count = static_cast<std::uint16_t>(count);
    block.names = names;

    std::uint8_t types_sent = 0;
    in.read_fixed((count + 7) / 8, block.null_bitmap).read_int1(types_sent);
    if (types_sent > 1) in.fail(Errc::bad_value);
    block.types_sent = types_sent == 1;
    if (block.types_sent) {
        const Bytes before = in.rest();
        Parameter ignored;
        for (std::uint64_t i = 0; i < count && !in.failed(); ++i)
            read_parameter_type(in, names, ignored);
        if (!in.failed()) block.types = before.first(before.size() - in.remaining());
    }
    block.rest = in.rest();
    return block;
}

void read_parameter_type(WireReader& types, ParameterNames names, Parameter& parameter)
{
    std::uint16_t type = 0;
    types.read_int2(type);
    parameter.type = static_cast<ColumnType>(type & 0xff);
    parameter.is_unsigned = (type & unsigned_flag) != 0;
    if (names == ParameterNames::present) types.read_lenenc_string(parameter.name);
}

Bytes read_binary_value(WireReader& in, ColumnType type)
{
    Bytes value;
    switch (binary_layout(type)) {
        case BinaryLayout::none:
            break;
        case BinaryLayout::one:
            in.read_fixed(1, value);
            break;
        case BinaryLayout::two:
            in.read_fixed(2, value);
            break;
        case BinaryLayout::four:
            in.read_fixed(4, value);
            break;
        case BinaryLayout::eight:
            in.read_fixed(8, value);
            break;
        case BinaryLayout::counted: {
            std::uint8_t size = 0;
            in.read_int1(size).read_fixed(size, value);
            break;
        }
        case BinaryLayout::lenenc:
            in.read_lenenc_string(value);
            break;
    }
    return value;
}

void write_binary_value(WireWriter& out, ColumnType type, Bytes value)
{
    switch (binary_layout(type)) {
        case BinaryLayout::none:
            return;
        case BinaryLayout::one:
        case BinaryLayout::two:
        case BinaryLayout::four:
        case BinaryLayout::eight:
            out.bytes(value);
            return;
        case BinaryLayout::counted:
            out.int1(value.size()).bytes(value);
            return;
        case BinaryLayout::lenenc:
            out.lenenc_bytes(value);
            return;
    }
}

void write_parameter_block(WireWriter& out, const std::vector<Parameter>& parameters,
                           ParameterNames names)
{
    if (parameters.empty()) return;
    Buffer nulls((parameters.size() + 7) / 8);
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (!parameters[i].value) nulls[i / 8] |= static_cast<Byte>(1u << (i % 8));

    out.bytes(nulls).int1(1);
    for (const Parameter& parameter : parameters) {
        const std::uint16_t sign = parameter.is_unsigned ? unsigned_flag : 0;
        out.int2(static_cast<std::uint16_t>(parameter.type) | sign);
        if (names == ParameterNames::present) out.lenenc_text(parameter.name);
    }
    for (const Parameter& parameter : parameters)
        if (parameter.value) write_binary_value(out, parameter.type, *parameter.value);
}

}  // namespace pointsman::protocol
