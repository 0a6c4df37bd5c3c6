#include "proxy/session/client_command.hpp"

#include "proxy/session/session_core.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

NoCommand why(net::IoStatus status)
{
    if (status == net::IoStatus::timed_out) return NoCommand::timed_out;
    if (status == net::IoStatus::cancelled) return NoCommand::cancelled;
    return NoCommand::closed;
}

/// Reads more of the client's bytes into the buffer.
net::Task<net::IoStatus> fill(SessionCore& core)
{
    auto& buffer = core.client_buffer;
    // An idle session holds no memory: it waits before it takes any.
    if (buffer.empty()) {
        buffer.release();
        auto wait = co_await core.client.handle().until_readable();
        if (wait == net::Wait::timed_out) co_return net::IoStatus::timed_out;
        if (wait == net::Wait::cancelled) co_return net::IoStatus::cancelled;
    }
    auto room = buffer.prepare();
    auto got = core.client.try_read(room);
    if (got.status == net::IoStatus::would_block) got = co_await core.client.read_some(room);
    if (got.status != net::IoStatus::ok) co_return got.status;
    buffer.commit(got.bytes);
    core.worker.counters.bytes_from_clients.add(got.bytes);
    co_return net::IoStatus::ok;
}

/// Bytes that must be in the buffer before the command can be looked at; 0: it is nonsense.
std::size_t needed(const protocol::PacketHeader& header, std::size_t keep)
{
    if (header.payload_size == 0 || header.sequence != 0) return 0;
    return std::min(header.wire_size(), keep);
}

}  // namespace

net::Task<NextCommand> next_command(SessionCore& core, std::size_t keep)
{
    auto& buffer = core.client_buffer;
    keep = std::max(keep, core.worker.buffers.chunk_size());
    for (;;) {
        auto header = protocol::peek_header(buffer.data());
        auto wanted = header ? needed(*header, keep) : protocol::packet_header_size;
        if (wanted == 0) co_return NextCommand{std::nullopt, NoCommand::nonsense};
        if (header && buffer.size() >= wanted) {
            ClientCommand command;
            command.command =
                static_cast<protocol::Command>(buffer.data()[protocol::packet_header_size]);
            command.header = *header;
            command.wire_size = std::min(header->wire_size(), buffer.size());
            command.rest = {header->wire_size() - command.wire_size, header->continues()};
            co_return NextCommand{command};
        }
        buffer.grow(wanted);
        auto filled = co_await fill(core);
        if (filled != net::IoStatus::ok) co_return NextCommand{std::nullopt, why(filled)};
    }
}

protocol::Bytes payload_of(const SessionCore& core, const ClientCommand& command)
{
    return core.client_buffer.data().subspan(protocol::packet_header_size,
                                             command.wire_size - protocol::packet_header_size);
}

net::Task<bool> discard(SessionCore& core, ClientCommand& command)
{
    auto& buffer = core.client_buffer;
    buffer.consume(command.wire_size);
    command.wire_size = 0;
    auto& rest = command.rest;
    while (!rest.done()) {
        if (rest.missing == 0) {
            if (auto header = protocol::peek_header(buffer.data())) {
                rest = {header->wire_size(), header->continues()};
                core.reply_sequence = static_cast<std::uint8_t>(header->sequence + 1);
            }
        }
        auto size = static_cast<std::size_t>(std::min<std::uint64_t>(rest.missing, buffer.size()));
        if (size == 0) {
            auto filled = co_await fill(core);
            if (filled != net::IoStatus::ok) co_return false;
            continue;
        }
        buffer.consume(size);
        rest.missing -= size;
    }
    co_return true;
}

}  // namespace pointsman::proxy
