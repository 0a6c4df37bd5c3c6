#include "tests/twin/answer.hpp"

#include "protocol/messages/err.hpp"
#include "protocol/packet.hpp"
#include "protocol/server_status.hpp"

#include <algorithm>
#include <vector>

namespace pointsman::twin {

namespace {

using protocol::Byte;
using protocol::Bytes;
using protocol::Command;

constexpr std::size_t shown_bytes = 400;
constexpr std::size_t shown_packets = 40;

struct Packet {
    protocol::PacketHeader header;
    Bytes payload;
};

std::vector<Packet> packets_of(Bytes wire)
{
    std::vector<Packet> packets;
    while (auto header = protocol::peek_header(wire)) {
        auto size = std::min(header->wire_size(), wire.size());
        packets.push_back({*header, wire.subspan(protocol::packet_header_size,
                                                 size - protocol::packet_header_size)});
        wire = wire.subspan(size);
    }
    return packets;
}

/// The statement's id is the session's own.
bool is_same_but_for_id(const protocol::Buffer& proxied, const protocol::Buffer& direct)
{
    constexpr std::size_t id_at = protocol::packet_header_size + 1, id_end = id_at + 4;
    bool both_ok = proxied.size() == direct.size() && proxied.size() >= id_end &&
                   proxied[protocol::packet_header_size] == 0;
    return both_ok && std::equal(proxied.begin(), proxied.begin() + id_at, direct.begin()) &&
           std::equal(proxied.begin() + id_end, proxied.end(), direct.begin() + id_end);
}

/// A login's dialogue is each connection's own; its outcome is not.
bool has_same_end(const protocol::Buffer& proxied, const protocol::Buffer& direct)
{
    auto left = packets_of(proxied), right = packets_of(direct);
    return !left.empty() && !right.empty() &&
           std::ranges::equal(left.back().payload, right.back().payload);
}

/// A server may say that session state changed and then tell nothing (a transaction within a
/// routine): whether it would have is not known where it tells Pointsman something.
/// The OKs of COM_PING and COM_SET_OPTION repeat the warnings of the statement before, which nobody
/// asks it for.
protocol::Buffer plain_ok(Command command, Bytes payload, protocol::Capabilities capabilities)
{
    protocol::Buffer same(payload.begin(), payload.end());
    if (payload.empty() || (payload[0] != 0x00 && payload[0] != 0xfe)) return same;
    auto ok = protocol::decode_ok(payload, capabilities);
    if (!ok || !ok->session_state.empty()) return same;
    if (command == Command::ping || command == Command::set_option) ok->warnings = 0;
    ok->status &= static_cast<std::uint16_t>(~protocol::server_status::session_state_changed);
    return protocol::encode_ok(*ok, capabilities);
}

/// The ERR of a FETCH without a cursor names the statement's id, and so does SHOW WARNINGS behind
/// it, where the length of the text stands in front.
std::string without_ids(Bytes payload)
{
    constexpr std::string_view begin = "The statement (", end = ") has no open cursor";
    std::string text(protocol::as_text(payload));
    auto open = text.find(begin), close = text.find(end);
    if (open == text.npos || close == text.npos || open == 0) return text;
    return text.erase(open - 1, close - open + 1);
}

/// A server cuts its errors at the first NUL, with which they begin in UTF-16 and UTF-32.
bool is_same_error(Bytes proxied, Bytes direct)
{
    if (without_ids(proxied) == without_ids(direct)) return true;
    auto ours = protocol::decode_err(proxied), theirs = protocol::decode_err(direct);
    return ours && theirs && ours->code == theirs->code && ours->sqlstate == theirs->sqlstate &&
           theirs->message.empty();
}

bool is_same_but_for_own_things(Command command, const protocol::Buffer& proxied,
                                const protocol::Buffer& direct, protocol::Capabilities capabilities)
{
    auto left = packets_of(proxied), right = packets_of(direct);
    auto same = [=](const Packet& a, const Packet& b) {
        if (a.header.sequence != b.header.sequence || a.payload.empty() || b.payload.empty())
            return false;
        constexpr Byte err = 0xff;
        if (a.payload[0] == err) return is_same_error(a.payload, b.payload);
        if (without_ids(a.payload) == without_ids(b.payload)) return true;
        return plain_ok(command, a.payload, capabilities) ==
               plain_ok(command, b.payload, capabilities);
    };
    return std::ranges::equal(left, right, same);
}

std::string describe_ok(Bytes payload, protocol::Capabilities capabilities)
{
    auto ok = protocol::decode_ok(payload, capabilities);
    if (!ok) return {};
    auto text = "  = OK affected " + std::to_string(ok->affected_rows) + ", insert id " +
                std::to_string(ok->last_insert_id) + ", status " + std::to_string(ok->status) +
                ", warnings " + std::to_string(ok->warnings) + ", info \"" + ok->info + "\"";
    if (!ok->session_state.empty()) text += ", state " + printable(ok->session_state, shown_bytes);
    return text;
}

std::string describe_packet(const Packet& packet, protocol::Capabilities capabilities)
{
    auto text = "    " + std::to_string(packet.header.sequence) + ": " +
                printable(packet.payload, shown_bytes);
    if (packet.payload.empty()) return text;
    bool may_be_ok = packet.payload[0] == 0x00 || packet.payload[0] == 0xfe;
    if (may_be_ok) text += describe_ok(packet.payload, capabilities);
    return text;
}

}  // namespace

bool is_same(Command command, const Answer& proxied, const Answer& direct,
             protocol::Capabilities capabilities)
{
    if (proxied.failure != direct.failure) return false;
    if (proxied.wire == direct.wire) return true;
    if (command == Command::stmt_prepare) return is_same_but_for_id(proxied.wire, direct.wire);
    if (command == Command::change_user) return has_same_end(proxied.wire, direct.wire);
    return is_honest_refusal(proxied) ||
           is_same_but_for_own_things(command, proxied.wire, direct.wire, capabilities);
}

bool is_honest_refusal(const Answer& proxied)
{
    auto packets = packets_of(proxied.wire);
    if (packets.size() != 1) return false;
    auto error = protocol::decode_err(packets.front().payload);
    return error && error->code == 1105 &&
           error->message.starts_with("What the statement before left");
}

std::string printable(Bytes bytes, std::size_t longest)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (Byte byte : bytes.first(std::min(bytes.size(), longest))) {
        if (byte >= 0x20 && byte < 0x7f)
            text += static_cast<char>(byte);
        else
            text.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
    }
    if (bytes.size() > longest) text += "… (" + std::to_string(bytes.size()) + " bytes)";
    return text;
}

std::string describe(const Answer& answer, protocol::Capabilities capabilities)
{
    std::string text;
    auto packets = packets_of(answer.wire);
    for (std::size_t i = 0; i < packets.size(); ++i) {
        if (i == shown_packets) {
            text += "    … " + std::to_string(packets.size()) + " packets\n";
            break;
        }
        text += describe_packet(packets[i], capabilities) + "\n";
    }
    if (!answer.failure.empty()) text += "    " + answer.failure + "\n";
    return text;
}

}  // namespace pointsman::twin
