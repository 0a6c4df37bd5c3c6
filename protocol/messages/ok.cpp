#include "protocol/messages/ok.hpp"

#include "protocol/server_status.hpp"
#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

namespace {

constexpr Byte ok_header = 0x00;
constexpr Byte ok_at_end_of_rows = 0xfe;

/// Servers write the text length-encoded, the manual says string<EOF>, and some proxies believe it.
void read_info(WireReader& in, std::string& info)
{
    WireReader lenenc(in.rest());
    std::string_view text;
    lenenc.read_lenenc_string(text);
    if (lenenc.failed() || lenenc.remaining() != 0) {
        in.read_eof(info);
        return;
    }
    info = text;
    in.skip(in.remaining());
}

bool carries_session_state(std::uint16_t status)
{
    return (status & server_status::session_state_changed) != 0;
}

}  // namespace

// header int<1> 0x00|0xfe, affected_rows int<lenenc>, last_insert_id int<lenenc>,
// CLIENT_PROTOCOL_41: status_flags int<2>, warnings int<2>; else CLIENT_TRANSACTIONS: status_flags,
// CLIENT_SESSION_TRACK: info string<lenenc>, if session_state_changed: session_state_info
// string<lenenc>; else info.
Result<Ok> decode_ok(Bytes payload, Capabilities capabilities)
{
    WireReader in(payload);
    Ok ok;
    in.read_int1(ok.header);
    if (ok.header != ok_header && ok.header != ok_at_end_of_rows) in.fail(Errc::unexpected_packet);
    in.read_lenenc(ok.affected_rows).read_lenenc(ok.last_insert_id);
    if ((capabilities & capability::protocol_41) != 0)
        in.read_int2(ok.status).read_int2(ok.warnings);
    else if ((capabilities & capability::transactions) != 0)
        in.read_int2(ok.status);

    if ((capabilities & capability::session_track) == 0) {
        if (in.remaining() != 0) read_info(in, ok.info);
        return in.finished_or_error(std::move(ok));
    }
    // A server with nothing to say ends the packet here.
    if (in.remaining() != 0) in.read_lenenc_string(ok.info);
    if (carries_session_state(ok.status) && in.remaining() != 0)
        in.read_lenenc_string(ok.session_state);
    return in.finished_or_error(std::move(ok));
}

Buffer encode_ok(const Ok& ok, Capabilities capabilities)
{
    Buffer payload;
    WireWriter out(payload);
    const bool tracks = (capabilities & capability::session_track) != 0;
    const bool with_state = tracks && carries_session_state(ok.status);
    out.int1(ok.header).lenenc(ok.affected_rows).lenenc(ok.last_insert_id);
    if ((capabilities & capability::protocol_41) != 0)
        out.int2(ok.status).int2(ok.warnings);
    else if ((capabilities & capability::transactions) != 0)
        out.int2(ok.status);
    if (!ok.info.empty() || with_state) out.lenenc_text(ok.info);
    if (with_state) out.lenenc_bytes(ok.session_state);
    return payload;
}

}  // namespace pointsman::protocol
