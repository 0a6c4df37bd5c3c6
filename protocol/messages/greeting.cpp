#include "protocol/messages/greeting.hpp"

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

#include <algorithm>

namespace pointsman::protocol {

namespace {

constexpr Byte protocol_version = 10;
constexpr std::size_t nonce_part_1_size = 8;
constexpr std::size_t nonce_part_2_size = 12;
constexpr Capabilities needed = capability::protocol_41 | capability::secure_connection;

/// auth-plugin-data-part-2: max(13, length - 8) bytes, of which the last is a NUL. Old servers
/// without CLIENT_PLUGIN_AUTH leave the NUL out when nothing follows.
void read_nonce_part_2(WireReader& in, std::size_t auth_data_size, bool has_plugin, Bytes& part)
{
    const std::size_t announced =
        auth_data_size > nonce_part_1_size ? auth_data_size - nonce_part_1_size : 0;
    std::size_t size = std::max(nonce_part_2_size + 1, announced);
    if (!has_plugin && in.remaining() == nonce_part_2_size) size = nonce_part_2_size;
    in.read_fixed(size, part);
}

}  // namespace

// protocol_version int<1> 10, server_version string<NUL>, thread_id int<4>,
// auth_plugin_data_part_1 string[8], filler int<1>, capability_flags_1 int<2>, character_set
// int<1>, status_flags int<2>, capability_flags_2 int<2>, auth_plugin_data_len int<1>, reserved
// string[10] (MariaDB: string[6] and its extended capabilities int<4>), auth_plugin_data_part_2,
// CLIENT_PLUGIN_AUTH: auth_plugin_name string<NUL>.
Result<Greeting> decode_greeting(Bytes payload)
{
    WireReader in(payload);
    Greeting greeting;
    Byte version = protocol_version;
    Bytes part_1;
    Bytes part_2;
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t extended = 0;
    std::uint8_t auth_data_size = 0;
    in.read_int1(version);
    if (version != protocol_version) in.fail(Errc::unsupported);
    in.read_nul(greeting.server_version).read_int4(greeting.connection_id);
    in.read_fixed(nonce_part_1_size, part_1).skip(1).read_int2(low);
    in.read_int1(greeting.character_set).read_int2(greeting.status).read_int2(high);
    in.read_int1(auth_data_size).skip(6).read_int4(extended);

    greeting.capabilities = high << 16 | low;
    if (!in.failed() && (greeting.capabilities & needed) != needed) in.fail(Errc::unsupported);
    if ((greeting.capabilities & capability::mysql) == 0)
        greeting.capabilities |= Capabilities{extended} << 32;

    const bool has_plugin = (greeting.capabilities & capability::plugin_auth) != 0;
    read_nonce_part_2(in, auth_data_size, has_plugin, part_2);
    if (has_plugin) in.read_nul_or_eof(greeting.plugin);  // 5.5.7 and some others leave the NUL out
    if (in.failed()) return make_error_code(in.error());

    const auto rest = std::copy(part_1.begin(), part_1.end(), greeting.nonce.begin());
    std::copy_n(part_2.begin(), nonce_part_2_size, rest);
    return in.value_or_error(std::move(greeting));
}

Buffer encode_greeting(const Greeting& greeting)
{
    const Bytes nonce(greeting.nonce);
    const bool has_plugin = (greeting.capabilities & capability::plugin_auth) != 0;
    const bool is_mysql = (greeting.capabilities & capability::mysql) != 0;
    Buffer payload;
    WireWriter out(payload);
    out.int1(protocol_version).nul_text(greeting.server_version).int4(greeting.connection_id);
    out.bytes(nonce.first(nonce_part_1_size)).int1(0).int2(greeting.capabilities);
    out.int1(greeting.character_set).int2(greeting.status).int2(greeting.capabilities >> 16);
    out.int1(has_plugin ? nonce.size() + 1 : 0).zeros(6);
    out.int4(is_mysql ? 0 : greeting.capabilities >> 32);
    out.bytes(nonce.subspan(nonce_part_1_size)).int1(0);
    if (has_plugin) out.nul_text(greeting.plugin);
    return payload;
}

}  // namespace pointsman::protocol
