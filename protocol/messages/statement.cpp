#include "protocol/messages/statement.hpp"

#include "protocol/command.hpp"

namespace pointsman::protocol {

namespace {

constexpr Byte byte_of(Command command)
{
    return static_cast<Byte>(command);
}

ParameterNames names_under(Capabilities capabilities)
{
    return (capabilities & capability::query_attributes) != 0 ? ParameterNames::present
                                                              : ParameterNames::absent;
}

Buffer encode_with_id(Command command, std::uint32_t statement_id)
{
    Buffer payload;
    WireWriter(payload).int1(byte_of(command)).int4(statement_id);
    return payload;
}

}  // namespace

Result<std::string_view> decode_prepare(Bytes payload)
{
    WireReader in(payload);
    std::string_view text;
    in.expect_int1(byte_of(Command::stmt_prepare)).read_eof(text);
    return in.finished_or_error(text);
}

Buffer encode_prepare(std::string_view text)
{
    Buffer payload;
    WireWriter(payload).int1(byte_of(Command::stmt_prepare)).text(text);
    return payload;
}

Result<std::uint32_t> decode_statement_id(Bytes payload)
{
    WireReader in(payload);
    std::uint32_t id = 0;
    in.skip(1).read_int4(id);
    return in.value_or_error(id);
}

// status int<1> 0x17, statement_id int<4>, flags int<1>, iteration_count int<4>, and if there are
// parameters: under CLIENT_QUERY_ATTRIBUTES parameter_count int<lenenc>, then the parameter block.
Result<Execute> decode_execute(Bytes payload, Capabilities capabilities,
                               std::uint16_t statement_parameters)
{
    const ParameterNames names = names_under(capabilities);
    WireReader in(payload);
    Execute execute;
    in.expect_int1(byte_of(Command::stmt_execute)).read_int4(execute.statement_id);
    in.read_int1(execute.flags).read_int4(execute.iterations);

    const bool count_sent =
        names == ParameterNames::present &&
        (statement_parameters > 0 || (execute.flags & cursor::parameter_count_available) != 0);
    std::uint64_t count = statement_parameters;
    if (count_sent) in.read_lenenc(count);
    if (count > 0) execute.parameters = read_parameter_block(in, count, names);
    return in.value_or_error(execute);
}

Result<std::vector<Parameter>> decode_execute_values(const Execute& execute)
{
    const ParameterBlock& block = execute.parameters;
    WireReader types(block.types);
    WireReader values(block.rest);
    std::vector<Parameter> parameters;
    if (block.count > 0 && !block.types_sent) return make_error_code(Errc::unsupported);
    for (std::size_t i = 0; i < block.count && !values.failed(); ++i) {
        Parameter& parameter = parameters.emplace_back();
        read_parameter_type(types, block.names, parameter);
        if (!block.is_null(i)) parameter.value = read_binary_value(values, parameter.type);
    }
    return values.finished_or_error(std::move(parameters));
}

Buffer encode_execute(std::uint32_t statement_id, std::uint8_t flags,
                      const std::vector<Parameter>& parameters, Capabilities capabilities)
{
    const ParameterNames names = names_under(capabilities);
    Buffer payload = encode_with_id(Command::stmt_execute, statement_id);
    WireWriter out(payload);
    const bool counted = (flags & cursor::parameter_count_available) != 0 || !parameters.empty();
    out.int1(flags).int4(1);
    if (names == ParameterNames::present && counted) out.lenenc(parameters.size());
    write_parameter_block(out, parameters, names);
    return payload;
}

// status int<1> 0x18, statement_id int<4>, param_id int<2>, data string<EOF>.
Result<LongData> decode_long_data(Bytes payload)
{
    WireReader in(payload);
    LongData piece;
    in.expect_int1(byte_of(Command::stmt_send_long_data)).read_int4(piece.statement_id);
    in.read_int2(piece.parameter).read_eof(piece.data);
    return in.finished_or_error(piece);
}

Buffer encode_long_data(const LongData& piece)
{
    Buffer payload = encode_with_id(Command::stmt_send_long_data, piece.statement_id);
    WireWriter(payload).int2(piece.parameter).bytes(piece.data);
    return payload;
}

// status int<1> 0x1c, statement_id int<4>, num_rows int<4>.
Result<Fetch> decode_fetch(Bytes payload)
{
    WireReader in(payload);
    Fetch fetch;
    in.expect_int1(byte_of(Command::stmt_fetch)).read_int4(fetch.statement_id);
    in.read_int4(fetch.rows);
    return in.finished_or_error(fetch);
}

Buffer encode_fetch(Fetch fetch)
{
    Buffer payload = encode_with_id(Command::stmt_fetch, fetch.statement_id);
    WireWriter(payload).int4(fetch.rows);
    return payload;
}

Buffer encode_statement_close(std::uint32_t statement_id)
{
    return encode_with_id(Command::stmt_close, statement_id);
}

Buffer encode_statement_reset(std::uint32_t statement_id)
{
    return encode_with_id(Command::stmt_reset, statement_id);
}

}  // namespace pointsman::protocol
