#include "protocol/messages/auth.hpp"

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

namespace {

// plugin_name string<NUL>, plugin_provided_data string<EOF>. Some servers leave out the NUL when no
// data follows.
template <class Request>
Result<AuthPacket> decode_plugin_request(WireReader in)
{
    Request request;
    in.read_nul_or_eof(request.plugin).read_eof(request.data);
    return in.finished_or_error(AuthPacket(std::move(request)));
}

Buffer encode_plugin_request(Byte header, const std::string& plugin, const Buffer& data)
{
    Buffer payload;
    WireWriter(payload).int1(header).nul_text(plugin).bytes(data);
    return payload;
}

}  // namespace

Result<AuthPacket> decode_auth_packet(Bytes payload)
{
    WireReader in(payload);
    Byte header = 0;
    in.read_int1(header);
    if (in.failed()) return make_error_code(in.error());
    switch (header) {
        case auth_switch_header:
            if (in.remaining() == 0) return AuthPacket(OldAuthSwitchRequest{});
            return decode_plugin_request<AuthSwitchRequest>(in);
        case auth_next_factor_header:
            return decode_plugin_request<AuthNextFactor>(in);
        case auth_more_data_header: {
            AuthMoreData more;
            in.read_eof(more.data);
            return in.finished_or_error(AuthPacket(std::move(more)));
        }
        default:
            return make_error_code(Errc::unexpected_packet);
    }
}

Buffer encode_auth_switch_request(const AuthSwitchRequest& request)
{
    return encode_plugin_request(auth_switch_header, request.plugin, request.data);
}

Buffer encode_auth_more_data(Bytes data)
{
    Buffer payload;
    WireWriter(payload).int1(auth_more_data_header).bytes(data);
    return payload;
}

Buffer encode_auth_next_factor(const AuthNextFactor& factor)
{
    return encode_plugin_request(auth_next_factor_header, factor.plugin, factor.data);
}

}  // namespace pointsman::protocol
