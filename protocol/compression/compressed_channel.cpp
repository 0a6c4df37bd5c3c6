#include "protocol/compression/compressed_channel.hpp"

#include <algorithm>

namespace pointsman::protocol {
namespace {

// Large enough to compress well, small enough to keep the first bytes moving.
constexpr std::size_t max_part = std::size_t{64} * 1024;

std::uint32_t read_int3(const Byte* at)
{
    return static_cast<std::uint32_t>(at[0] | at[1] << 8 | at[2] << 16);
}

void write_int3(Byte* at, std::size_t value)
{
    at[0] = static_cast<Byte>(value);
    at[1] = static_cast<Byte>(value >> 8);
    at[2] = static_cast<Byte>(value >> 16);
}

Expander::Step copy(Bytes from, MutableBytes to)
{
    const std::size_t size = std::min(from.size(), to.size());
    std::copy_n(from.begin(), size, to.begin());
    return {size, size, false, false};
}

}  // namespace

Result<CompressedChannel::Decoded> CompressedChannel::decode(Bytes wire, MutableBytes plain)
{
    Decoded done;
    while (!broken_) {
        const Decoded before = done;
        if (is_inside_payload()) {
            broken_ = take_payload(wire, plain, done);
        } else {
            const bool next_turn = peer_ == Peer::client && header_size_ == 0 && done.produced > 0;
            if (next_turn) break;
            done.consumed += take_header(wire.subspan(done.consumed));
            if (is_inside_payload()) broken_ = begin_packet();
        }
        if (done.consumed == before.consumed && done.produced == before.produced) break;
    }
    // What came before an error is still good: the next call tells it.
    if (broken_ && done.produced == 0) return broken_;
    has_output_ = broken_ || (is_inside_payload() && done.produced == plain.size());
    return done;
}

std::size_t CompressedChannel::take_header(Bytes wire)
{
    const std::size_t taken = std::min(compressed_header_size - header_size_, wire.size());
    std::copy_n(wire.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
    header_size_ += taken;
    return taken;
}

boost::system::error_code CompressedChannel::begin_packet()
{
    wire_left_ = read_int3(&header_[0]);
    plain_left_ = read_int3(&header_[4]);
    if (!numbers_.accept(header_[3])) return make_error_code(Errc::bad_sequence);
    if (plain_left_ == 0) {
        plain_left_ = wire_left_;
        if (wire_left_ == 0) header_size_ = 0;  // it holds nothing
        return {};
    }
    expander_ = codecs_.take();
    expander_->begin(how_.algorithm);
    return {};
}

boost::system::error_code CompressedChannel::take_payload(Bytes wire, MutableBytes plain,
                                                          Decoded& done)
{
    wire = wire.subspan(done.consumed);
    wire = wire.first(std::min<std::size_t>(wire.size(), wire_left_));
    plain = plain.subspan(done.produced);
    plain = plain.first(std::min<std::size_t>(plain.size(), plain_left_));

    const auto step = expander_ ? expand(wire, plain) : copy(wire, plain);
    numbers_.on_incoming(plain.first(step.produced));
    done.consumed += step.consumed;
    done.produced += step.produced;
    wire_left_ -= static_cast<std::uint32_t>(step.consumed);
    plain_left_ -= static_cast<std::uint32_t>(step.produced);
    if (step.broken) return make_error_code(Errc::bad_value);

    const bool is_all = wire_left_ == 0 && plain_left_ == 0;
    if (step.ended && !is_all) return make_error_code(Errc::bad_value);
    const bool ended = expander_ ? step.ended : is_all;
    // All is in, and yet it does not end, or leaves room: what is missing will not come.
    const bool moved = step.consumed != 0 || step.produced != 0;
    const bool starved = plain_left_ == 0 ? !moved : step.produced < plain.size();
    if (!ended && wire_left_ == 0 && starved) return make_error_code(Errc::truncated);
    if (ended) end_packet();
    return {};
}

Expander::Step CompressedChannel::expand(Bytes wire, MutableBytes plain)
{
    if (plain_left_ != 0) {
        if (plain.empty()) return {};
        return expander_->expand(wire, plain);
    }
    // Only the payload's own end may follow; a byte more is one too many.
    Byte spare = 0;
    auto step = expander_->expand(wire, {&spare, 1});
    step.broken = step.broken || step.produced != 0;
    step.produced = 0;
    return step;
}

void CompressedChannel::end_packet()
{
    header_size_ = 0;
    codecs_.give_back(std::move(expander_));
}

std::size_t CompressedChannel::encode(Bytes plain, Buffer& wire)
{
    const Bytes part = plain.first(numbers_.part(plain, max_part));
    const std::size_t at = wire.size();
    wire.resize(at + compressed_header_size);
    const bool compressed =
        part.size() >= min_compressed_payload && codecs_.compressor().compress(how_, part, wire);
    if (!compressed) wire.insert(wire.end(), part.begin(), part.end());
    write_int3(&wire[at], wire.size() - at - compressed_header_size);
    wire[at + 3] = numbers_.on_outgoing(part);
    write_int3(&wire[at + 4], compressed ? part.size() : 0);
    return part.size();
}

}  // namespace pointsman::protocol
