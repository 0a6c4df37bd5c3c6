#include "protocol/messages/handshake_response.hpp"

#include "protocol/messages/connection_attributes.hpp"
#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

#include <algorithm>

namespace pointsman::protocol {

namespace {

/// The 32 bytes that both messages begin with.
void read_head(WireReader& in, SslRequest& head)
{
    std::uint32_t flags = 0;
    std::uint32_t extended = 0;
    in.read_int4(flags).read_int4(head.max_packet_size).read_int1(head.character_set);
    in.skip(19).read_int4(extended);
    head.capabilities = flags;
    if ((flags & capability::mysql) == 0) head.capabilities |= Capabilities{extended} << 32;
}

void write_head(WireWriter& out, const SslRequest& head)
{
    const bool is_mysql = (head.capabilities & capability::mysql) != 0;
    out.int4(head.capabilities).int4(head.max_packet_size).int1(head.character_set);
    out.zeros(19).int4(is_mysql ? 0 : head.capabilities >> 32);
}

void read_auth_response(WireReader& in, HandshakeResponse& response)
{
    if ((response.capabilities & capability::plugin_auth_lenenc_data) != 0) {
        in.read_lenenc_string(response.auth_response);
    } else if ((response.capabilities & capability::secure_connection) != 0) {
        std::uint8_t size = 0;
        in.read_int1(size).read_fixed(size, response.auth_response);
    } else {
        in.read_nul(response.auth_response);
    }
}

void write_auth_response(WireWriter& out, const HandshakeResponse& response)
{
    const Bytes answer(response.auth_response);
    if ((response.capabilities & capability::plugin_auth_lenenc_data) != 0) {
        out.lenenc_bytes(answer);
    } else if ((response.capabilities & capability::secure_connection) != 0) {
        const Bytes short_answer = answer.first(std::min<std::size_t>(answer.size(), 255));
        out.int1(short_answer.size()).bytes(short_answer);
    } else {
        out.nul_text(as_text(answer));
    }
}

}  // namespace

// client_flag int<4>, max_packet_size int<4>, character_set int<1>, filler string[23] (MariaDB:
// string[19] and its extended capabilities int<4>); an SSLRequest ends here. username string<NUL>,
// auth_response (length by capabilities), CLIENT_CONNECT_WITH_DB: database string<NUL>,
// CLIENT_PLUGIN_AUTH: client_plugin_name string<NUL>, CLIENT_CONNECT_ATTRS: key-value pairs,
// CLIENT_ZSTD_COMPRESSION_ALGORITHM: level int<1>.
//
// Like the server, it takes fields behind auth_response as absent when the packet ends early, and
// ignores what comes behind the last one: clients in use do both.
Result<std::variant<SslRequest, HandshakeResponse>> decode_client_answer(Bytes payload)
{
    using Answer = std::variant<SslRequest, HandshakeResponse>;
    WireReader in(payload);
    SslRequest head;
    if (payload.size() >= 2 && (payload[1] << 8 & int{capability::protocol_41}) == 0)
        return make_error_code(Errc::unsupported);  // HandshakeResponse320, before MySQL 4.1
    read_head(in, head);
    if (in.failed()) return make_error_code(in.error());
    if (in.remaining() == 0 && (head.capabilities & capability::ssl) != 0) return Answer(head);

    HandshakeResponse response;
    response.capabilities = head.capabilities;
    response.max_packet_size = head.max_packet_size;
    response.character_set = head.character_set;
    const auto has_field = [&](Capabilities flag) {
        return (response.capabilities & flag) != 0 && in.remaining() != 0;
    };
    in.read_nul(response.user);
    read_auth_response(in, response);
    if (has_field(capability::connect_with_db)) in.read_nul_or_eof(response.schema);
    if (has_field(capability::plugin_auth)) in.read_nul_or_eof(response.plugin);
    if (has_field(capability::connect_attrs)) read_attributes(in, response.attributes);
    if (has_field(capability::zstd_compression)) in.read_int1(response.zstd_level);
    return in.value_or_error(Answer(std::move(response)));
}

Buffer encode_ssl_request(const SslRequest& request)
{
    Buffer payload;
    WireWriter out(payload);
    write_head(out, request);
    return payload;
}

Buffer encode_handshake_response(const HandshakeResponse& response)
{
    const auto has_field = [&](Capabilities flag) { return (response.capabilities & flag) != 0; };
    Buffer payload;
    WireWriter out(payload);
    write_head(out, {response.capabilities, response.max_packet_size, response.character_set});
    out.nul_text(response.user);
    write_auth_response(out, response);
    if (has_field(capability::connect_with_db)) out.nul_text(response.schema);
    if (has_field(capability::plugin_auth)) out.nul_text(response.plugin);
    if (has_field(capability::connect_attrs)) write_attributes(out, response.attributes);
    if (has_field(capability::zstd_compression)) out.int1(response.zstd_level);
    return payload;
}

}  // namespace pointsman::protocol
