#include "protocol/compression/packet_numbers.hpp"

#include <algorithm>

namespace pointsman::protocol {
namespace {

constexpr std::uint8_t last_sequence = 255;
constexpr std::size_t short_part = 64;

/// The server asks for a file's content: the client goes on within the command.
bool asks_for_file(const PacketWalk& walk)
{
    return walk.first_byte() == 0xfb;
}

std::uint8_t after(std::uint8_t sequence)
{
    return static_cast<std::uint8_t>(sequence + 1);
}

}  // namespace

std::size_t PacketWalk::step(Bytes bytes)
{
    if (bytes.empty()) return 0;
    if (left_ == 0) return step_in_header(bytes);
    if (at_first_byte_) first_byte_ = bytes.front();
    at_first_byte_ = false;
    const std::size_t passed = std::min<std::size_t>(left_, bytes.size());
    left_ -= static_cast<std::uint32_t>(passed);
    return passed;
}

std::size_t PacketWalk::step_in_header(Bytes bytes)
{
    const std::size_t passed = std::min(packet_header_size - header_size_, bytes.size());
    std::copy_n(bytes.begin(), passed, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
    header_size_ += passed;
    if (header_size_ < packet_header_size) return passed;
    const PacketHeader header = *peek_header(header_);
    header_size_ = 0;
    left_ = header.payload_size;
    continues_ = header.continues();
    at_first_byte_ = true;
    first_byte_ = 0;
    return passed;
}

void PacketWalk::pass(Bytes bytes)
{
    while (!bytes.empty()) bytes = bytes.subspan(step(bytes));
}

void PacketWalk::renumber(MutableBytes bytes, std::uint8_t& next)
{
    while (!bytes.empty()) {
        const bool in_header = left_ == 0;
        const std::size_t passed = step(bytes);
        if (in_header && header_size_ == 0) {
            bytes[passed - 1] = next;
            header_.back() = next++;
        }
        bytes = bytes.subspan(passed);
    }
}

bool PacketNumbers::accept(std::uint8_t sequence)
{
    return peer_ == Peer::client ? accept_from_client(sequence) : accept_from_server(sequence);
}

// 0 begins a command, unless the count has come round to it in the middle of one.
bool PacketNumbers::accept_from_client(std::uint8_t sequence)
{
    const bool in_command = last_ == Side::in || (last_ == Side::out && asks_for_file(out_));
    const bool goes_on = sequence == next_ && (sequence != 0 || in_command);
    if (goes_on) {
        next_ = after(sequence);
        if (last_ == Side::out) next_inside_ = after(out_.sequence());
        return true;
    }
    if (sequence != 0 || !in_.between_messages()) return false;
    next_ = 1;
    next_inside_ = 0;
    return true;
}

bool PacketNumbers::accept_from_server(std::uint8_t sequence)
{
    const bool goes_on = sequence == next_ && last_ == Side::in;
    if (!goes_on) {
        // An answer begins: to our last words, or to a short statement that went ahead of them.
        const bool to_last = sequence == answer_;
        if (!in_.between_messages() || (!to_last && sequence != 1)) return false;
        next_inside_ = to_last ? after(out_.sequence()) : std::uint8_t{1};
    }
    next_ = after(sequence);
    return true;
}

void PacketNumbers::on_incoming(MutableBytes plain)
{
    if (plain.empty()) return;
    in_.renumber(plain, next_inside_);
    last_ = Side::in;
}

std::size_t PacketNumbers::part(Bytes plain, std::size_t limit) const
{
    const Bytes most = plain.first(std::min(plain.size(), limit));
    if (peer_ == Peer::client) return most.size();
    PacketWalk walk = out_;
    std::size_t size = 0;
    while (size < most.size()) {
        size += walk.step(most.subspan(size));
        const Bytes behind = plain.subspan(size);
        const bool header_there = behind.size() >= packet_header_size;
        const bool command_behind = walk.between_messages() && walk.sequence() != last_sequence &&
                                    (!header_there || behind[3] == 0);
        if (command_behind) break;
    }
    const std::uint8_t parts = begins_command(plain) ? std::uint8_t{0} : parts_;
    const bool is_cut = parts == 1 || (parts == 0 && !walk.between_messages());
    return is_cut ? std::min(size, short_part) : size;
}

bool PacketNumbers::begins_command(Bytes plain) const
{
    if (!out_.between_messages()) return false;
    const bool sends_file = last_ == Side::in && asks_for_file(in_);
    if (plain.size() < packet_header_size) return last_ != Side::out && !sends_file;
    if (plain[3] != 0) return false;
    const bool comes_round = (last_ == Side::out && out_.sequence() == last_sequence) ||
                             (sends_file && in_.sequence() == last_sequence);
    return !comes_round;
}

std::uint8_t PacketNumbers::on_outgoing(Bytes plain)
{
    if (peer_ == Peer::server && begins_command(plain)) {
        next_ = 0;
        parts_ = 0;
    }
    const std::uint8_t sequence = next_++;
    out_.pass(plain);
    last_ = Side::out;
    answer_ = next_;
    parts_ = out_.between_messages() ? std::uint8_t{2}
                                     : static_cast<std::uint8_t>(std::min(parts_ + 1, 2));
    return sequence;
}

}  // namespace pointsman::protocol
