#include "protocol/framer.hpp"

#include <algorithm>

namespace pointsman::protocol {

namespace {
// A buffer that a large message left behind is given back when it is larger than this.
constexpr std::size_t kept_capacity = 64 * 1024;
}  // namespace

Framer::Framer(std::size_t max_message_size, FirstSequence first)
    : limit_(max_message_size), first_(first)
{
}

void Framer::expect(std::size_t max_message_size, FirstSequence first)
{
    limit_ = max_message_size;
    first_ = first;
}

Result<Framer::Framed> Framer::on_bytes(Bytes bytes)
{
    if (broken_) return broken_;
    forget_delivered();
    if (!is_inside_message()) {
        if (auto message = whole_message(bytes)) return Framed{message->wire.size(), message};
    }

    Framed framed;
    while (framed.consumed < bytes.size() && !framed.message) {
        const Bytes rest = bytes.subspan(framed.consumed);
        if (header_size_ < packet_header_size) {
            framed.consumed += take_header(rest);
            if (header_size_ < packet_header_size) break;
            broken_ = begin_packet();
            if (broken_) return broken_;
        } else {
            framed.consumed += take_payload(rest);
        }
        if (payload_left_ == 0) framed.message = end_packet();
    }
    return framed;
}

/// The usual case: the front of `bytes` is a message of one packet, all of it. Anything else, wrong
/// headers too, is left to the slower way.
std::optional<Message> Framer::whole_message(Bytes bytes) const
{
    const auto header = peek_header(bytes);
    if (!header || header->continues() || bytes.size() < header->wire_size()) return std::nullopt;
    if (check(*header)) return std::nullopt;
    const Bytes wire = bytes.first(header->wire_size());
    return Message{wire.subspan(packet_header_size), wire, header->sequence,
                   static_cast<std::uint8_t>(header->sequence + 1)};
}

boost::system::error_code Framer::check(PacketHeader header) const
{
    if (header.payload_size > limit_ || payload_size_ > limit_ - header.payload_size)
        return Errc::message_too_large;
    const bool is_first = packets_ == 0;
    if (is_first && first_ == FirstSequence::any) return {};
    const Byte first_sequence = is_first ? Byte{0} : gathered_[3];
    const bool in_order = header.sequence == static_cast<Byte>(first_sequence + packets_);
    return in_order ? boost::system::error_code{} : make_error_code(Errc::bad_sequence);
}

std::size_t Framer::take_header(Bytes bytes)
{
    const std::size_t size = std::min(bytes.size(), packet_header_size - header_size_);
    std::copy_n(bytes.begin(), size, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
    header_size_ += size;
    return size;
}

std::size_t Framer::take_payload(Bytes bytes)
{
    const Bytes part = bytes.first(std::min(bytes.size(), payload_left_));
    gathered_.insert(gathered_.end(), part.begin(), part.end());
    payload_left_ -= part.size();
    return part.size();
}

boost::system::error_code Framer::begin_packet()
{
    const PacketHeader header = *peek_header(header_);
    if (auto wrong = check(header)) return wrong;
    if (packets_ == 0) gathered_.assign(header_.begin(), header_.end());
    packets_ += 1;
    payload_left_ = header.payload_size;
    payload_size_ += header.payload_size;
    return {};
}

/// The message, when its last packet is complete.
std::optional<Message> Framer::end_packet()
{
    const PacketHeader header = *peek_header(header_);
    header_size_ = 0;
    if (header.continues()) return std::nullopt;

    const Bytes wire(gathered_);
    const bool joined = packets_ > 1;
    delivered_ = true;
    return Message{wire.subspan(packet_header_size), joined ? Bytes{} : wire, wire[3],
                   static_cast<std::uint8_t>(header.sequence + 1)};
}

void Framer::forget_delivered()
{
    if (!delivered_) return;
    delivered_ = false;
    packets_ = 0;
    payload_size_ = 0;
    gathered_.clear();
    if (gathered_.capacity() > kept_capacity) gathered_ = Buffer();
}

}  // namespace pointsman::protocol
