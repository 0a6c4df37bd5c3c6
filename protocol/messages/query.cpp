#include "protocol/messages/query.hpp"

#include "protocol/command.hpp"

namespace pointsman::protocol {

namespace {

constexpr Byte command_byte = static_cast<Byte>(Command::query);

/// Reads all that stands in front of the text and gives each attribute to `take`.
// parameter_count int<lenenc>, parameter_set_count int<lenenc> (always 1), and if there are any the
// parameter block with new_params_bind_flag 1, types, names and values.
template <class Take>
void read_attributes(WireReader& in, Take take)
{
    std::uint64_t count = 0;
    std::uint64_t set_count = 0;
    in.read_lenenc(count).read_lenenc(set_count);
    if (set_count != 1) in.fail(Errc::bad_value);
    if (count == 0 || in.failed()) return;

    const ParameterBlock block = read_parameter_block(in, count, ParameterNames::present);
    if (!block.types_sent) in.fail(Errc::bad_value);
    WireReader types(block.types);
    for (std::size_t i = 0; i < block.count && !in.failed(); ++i) {
        Parameter attribute;
        read_parameter_type(types, block.names, attribute);
        if (!block.is_null(i)) attribute.value = read_binary_value(in, attribute.type);
        take(attribute);
    }
}

bool has_attributes(Capabilities capabilities)
{
    return (capabilities & capability::query_attributes) != 0;
}

}  // namespace

Result<std::string_view> query_text(Bytes payload, Capabilities capabilities)
{
    WireReader in(payload);
    in.expect_int1(command_byte);
    if (has_attributes(capabilities)) read_attributes(in, [](const Parameter&) {});
    return in.value_or_error(as_text(in.rest()));
}

std::string_view query_attribute(Bytes payload, Capabilities capabilities, std::string_view name)
{
    // Nearly every query has none: the count behind the command is 0.
    if (!has_attributes(capabilities) || payload.size() < 2 || payload[1] == 0) return {};
    WireReader in(payload);
    std::string_view found;
    in.expect_int1(command_byte);
    read_attributes(in, [&](const Parameter& one) {
        if (one.name == name && one.value) found = as_text(*one.value);
    });
    return in.failed() ? std::string_view{} : found;
}

Result<Query> decode_query(Bytes payload, Capabilities capabilities)
{
    WireReader in(payload);
    Query query;
    in.expect_int1(command_byte);
    if (has_attributes(capabilities))
        read_attributes(in, [&](const Parameter& one) { query.attributes.push_back(one); });
    in.read_eof(query.text);
    return in.finished_or_error(std::move(query));
}

Buffer encode_query(const Query& query, Capabilities capabilities)
{
    Buffer payload;
    WireWriter out(payload);
    out.int1(command_byte);
    if (has_attributes(capabilities)) {
        out.lenenc(query.attributes.size()).lenenc(1);
        write_parameter_block(out, query.attributes, ParameterNames::present);
    }
    out.text(query.text);
    return payload;
}

Buffer encode_query(std::string_view text, Capabilities capabilities)
{
    return encode_query(Query{{}, text}, capabilities);
}

}  // namespace pointsman::protocol
