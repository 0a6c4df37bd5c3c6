#include "protocol/messages/prepare.hpp"

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

namespace {
constexpr Byte ok_header = 0x00;
constexpr std::size_t id_offset = 1;
constexpr std::size_t id_size = 4;
}  // namespace

// status int<1> 0, statement_id int<4>, num_columns int<2>, num_params int<2>, reserved int<1>,
// and in a payload longer than 12: warning_count int<2>, under CLIENT_OPTIONAL_RESULTSET_METADATA
// metadata_follows int<1>.
Result<PrepareOk> decode_prepare_ok(Bytes payload, Capabilities capabilities)
{
    WireReader in(payload);
    PrepareOk prepared;
    in.expect_int1(ok_header).read_int4(prepared.statement_id);
    in.read_int2(prepared.column_count).read_int2(prepared.parameter_count).skip(1);
    if (in.remaining() != 0) in.read_int2(prepared.warnings);
    if (in.remaining() != 0 && has_optional_metadata(capabilities))
        prepared.metadata = read_result_metadata(in);
    return in.finished_or_error(prepared);
}

Buffer encode_prepare_ok(const PrepareOk& prepared, Capabilities capabilities)
{
    Buffer payload;
    WireWriter out(payload);
    out.int1(ok_header).int4(prepared.statement_id);
    out.int2(prepared.column_count).int2(prepared.parameter_count).int1(0).int2(prepared.warnings);
    if (has_optional_metadata(capabilities)) out.int1(static_cast<Byte>(prepared.metadata));
    return payload;
}

Result<void> replace_statement_id(MutableBytes payload, std::uint32_t statement_id)
{
    if (payload.size() < id_offset + id_size) return make_error_code(Errc::truncated);
    for (std::size_t i = 0; i < id_size; ++i)
        payload[id_offset + i] = static_cast<Byte>(statement_id >> (8 * i));
    return {};
}

}  // namespace pointsman::protocol
