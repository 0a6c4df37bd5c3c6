#include "proxy/session/relay.hpp"

#include "protocol/packet.hpp"

#include <algorithm>

namespace pointsman::proxy {

using net::IoStatus;

void BorderTracker::note(protocol::Bytes bytes)
{
    while (!bytes.empty()) {
        if (left_ == 0) {
            // A header is never split here: the exchange forwards headers whole.
            auto header = protocol::peek_header(bytes);
            if (!header) return;
            left_ = header->wire_size();
            next_sequence_ = static_cast<std::uint8_t>(header->sequence + 1);
        }
        auto part = std::min<std::uint64_t>(left_, bytes.size());
        left_ -= part;
        bytes = bytes.subspan(static_cast<std::size_t>(part));
    }
}

net::Task<RelayResult> Relay::run()
{
    if (exchange_.is_silent()) co_return end(RelayEnd::finished);
    for (;;) {
        while (!ends_.backend.buffer.empty()) {
            auto progress = exchange_.on_backend_bytes(ends_.backend.buffer.data());
            if (!progress) co_return end(RelayEnd::backend_nonsense);
            auto used = progress->forward + progress->held_size;
            if (progress->finished && is_withheld(*progress)) {
                ends_.backend.buffer.consume(used);
                co_return end(RelayEnd::withheld);
            }
            if (used > 0) {
                auto out = outgoing(*progress);
                if (most_collected_ != 0) out = collected(out, progress->finished);
                if (out.empty()) {
                    ends_.backend.buffer.consume(used);
                    continue;
                }
                auto sent = ends_.client.try_write(out);
                if (sent.bytes < out.size()) {
                    auto rest = out.subspan(sent.bytes);
                    sent = co_await ends_.client.write_all(rest);
                }
                result_.answer_begun = true;
                ends_.counters.bytes_to_clients.add(out.size());
                if (sent.status != IoStatus::ok) co_return end(RelayEnd::client_lost);
                ends_.backend.buffer.consume(used);
            }
            if (progress->finished) co_return end(RelayEnd::finished);
            if (exchange_.client_speaks_next()) {
                auto pumped = co_await pump_local_file();
                if (pumped != PumpEnd::done) co_return end_of(pumped);
            }
            if (used == 0) break;
        }
        auto room = room_for_more();
        if (room.empty()) co_return end(RelayEnd::backend_nonsense);
        auto got = ends_.backend.stream->try_read(room);
        while (got.status == IoStatus::would_block) {
            auto wait = co_await ends_.backend.stream->until_readable();
            got = ends_.backend.stream->read_after(wait, room);
        }
        if (got.status != IoStatus::ok) co_return end(RelayEnd::backend_lost);
        ends_.backend.buffer.commit(got.bytes);
        ends_.backend.counters.bytes_from_server.add(got.bytes);
    }
}

RelayResult Relay::end(RelayEnd how)
{
    result_.end = how;
    result_.at_border = borders_.at_border();
    result_.next_sequence = borders_.next_sequence();
    return result_;
}

RelayResult Relay::end_of(PumpEnd pumped)
{
    return end(pumped == PumpEnd::client_lost ? RelayEnd::client_lost : RelayEnd::backend_lost);
}

bool Relay::is_withheld(const protocol::Progress& progress)
{
    if (result_.answer_begun || !exchange_.failed_at_once()) return false;
    auto packet = ends_.backend.buffer.data().first(progress.forward);
    return editor_.withholds(packet.subspan(protocol::packet_header_size),
                             exchange_.report().error_code);
}

/// The bytes for the client: as they came, or with the held packet edited.
protocol::Bytes Relay::outgoing(const protocol::Progress& progress)
{
    auto data = ends_.backend.buffer.data();
    auto plain = data.first(progress.forward);
    borders_.note(plain);
    if (progress.held == protocol::Held::none) return plain;
    auto held = data.subspan(progress.forward, progress.held_size);
    auto header = protocol::peek_header(held);
    auto payload = editor_.edit(progress.held, held.subspan(protocol::packet_header_size));
    edited_.assign(plain.begin(), plain.end());
    protocol::append_message(edited_, payload, header->sequence);
    borders_.note(protocol::Bytes(edited_).subspan(plain.size()));
    return edited_;
}

/// What goes to the client now: nothing, or all at once.
protocol::Bytes Relay::collected(protocol::Bytes out, bool is_whole)
{
    collected_.insert(collected_.end(), out.begin(), out.end());
    bool is_too_large = collected_.size() > most_collected_;
    if (!is_whole && !is_too_large) return {};
    most_collected_ = 0;
    edited_ = is_whole ? editor_.edit_answer(std::move(collected_)) : std::move(collected_);
    return edited_;
}

/// Room to read into; the buffer grows for a status packet that does not fit, within bounds.
protocol::MutableBytes Relay::room_for_more()
{
    auto& buffer = ends_.backend.buffer;
    auto wanted = exchange_.wanted();
    if (wanted > buffer.capacity() && wanted <= ends_.max_packet) buffer.grow(wanted);
    return buffer.prepare();
}

/// LOCAL INFILE: the client's packets up to an empty one go to the server.
net::Task<PumpEnd> Relay::pump_local_file()
{
    auto& buffer = ends_.client_buffer;
    editor_.on_client_turn();
    for (;;) {
        while (buffer.size() < protocol::packet_header_size) {
            auto room = buffer.prepare();
            auto got = co_await ends_.client.read_some(room);
            if (got.status != IoStatus::ok) co_return PumpEnd::client_lost;
            buffer.commit(got.bytes);
            ends_.counters.bytes_from_clients.add(got.bytes);
        }
        auto header = protocol::peek_header(buffer.data());
        borders_.note_client(header->sequence);
        MessageRest rest{header->wire_size(), false};
        auto pumped = co_await pump_message(ends_, rest);
        if (pumped != PumpEnd::done) co_return pumped;
        if (header->payload_size == 0) break;
    }
    exchange_.on_client_done();
    co_return PumpEnd::done;
}

net::Task<PumpEnd> pump_message(RelayEnds ends, MessageRest& rest)
{
    auto& buffer = ends.client_buffer;
    while (!rest.done()) {
        if (rest.missing == 0) {
            auto header = protocol::peek_header(buffer.data());
            if (header) rest = {header->wire_size(), header->continues()};
        }
        if (rest.missing == 0 || buffer.empty()) {
            auto room = buffer.prepare();
            auto got = co_await ends.client.read_some(room);
            if (got.status != IoStatus::ok) co_return PumpEnd::client_lost;
            buffer.commit(got.bytes);
            ends.counters.bytes_from_clients.add(got.bytes);
            continue;
        }
        auto size = static_cast<std::size_t>(std::min<std::uint64_t>(rest.missing, buffer.size()));
        auto piece = buffer.data().first(size);
        auto sent = co_await ends.backend.stream->write_all(piece);
        ends.backend.counters.bytes_to_server.add(sent.bytes);
        if (sent.status != IoStatus::ok) co_return PumpEnd::backend_lost;
        buffer.consume(size);
        rest.missing -= size;
    }
    co_return PumpEnd::done;
}

}  // namespace pointsman::proxy
