#include "protocol/messages/change_user.hpp"

#include "protocol/command.hpp"

#include <algorithm>

namespace pointsman::protocol {

namespace {
constexpr Byte command_byte = static_cast<Byte>(Command::change_user);
}  // namespace

// user string<NUL>, auth_plugin_data_len int<1> and auth_plugin_data (without
// CLIENT_SECURE_CONNECTION: string<NUL>), database string<NUL>, and if more follows: character_set
// int<2>, CLIENT_PLUGIN_AUTH: client_plugin_name string<NUL>, CLIENT_CONNECT_ATTRS: key-value
// pairs. What comes behind the last field is ignored, as the server does.
Result<ChangeUser> decode_change_user(Bytes payload, Capabilities capabilities)
{
    WireReader in(payload);
    ChangeUser change;
    in.expect_int1(command_byte).read_nul(change.user);
    if ((capabilities & capability::secure_connection) != 0) {
        std::uint8_t size = 0;
        in.read_int1(size).read_fixed(size, change.auth_response);
    } else {
        in.read_nul(change.auth_response);
    }
    in.read_nul_or_eof(change.schema);

    const auto has_field = [&](Capabilities flag) {
        return (capabilities & flag) != 0 && in.remaining() != 0;
    };
    if (in.remaining() != 0) in.read_int2(change.character_set);
    if (has_field(capability::plugin_auth)) in.read_nul_or_eof(change.plugin);
    if (has_field(capability::connect_attrs)) read_attributes(in, change.attributes);
    return in.value_or_error(std::move(change));
}

Buffer encode_change_user(const ChangeUser& change, Capabilities capabilities)
{
    const Bytes answer(change.auth_response);
    Buffer payload;
    WireWriter out(payload);
    out.int1(command_byte).nul_text(change.user);
    if ((capabilities & capability::secure_connection) != 0) {
        const Bytes short_answer = answer.first(std::min<std::size_t>(answer.size(), 255));
        out.int1(short_answer.size()).bytes(short_answer);
    } else {
        out.nul_text(as_text(answer));
    }
    out.nul_text(change.schema).int2(change.character_set);
    if ((capabilities & capability::plugin_auth) != 0) out.nul_text(change.plugin);
    if ((capabilities & capability::connect_attrs) != 0) write_attributes(out, change.attributes);
    return payload;
}

}  // namespace pointsman::protocol
