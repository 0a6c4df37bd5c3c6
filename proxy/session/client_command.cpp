#include "proxy/session/client_command.hpp"

#include "proxy/session/session_core.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

/// The types of as many parameters as there can be stand in this many bytes, and all before them.
constexpr std::size_t most_parameters = 65'535;
constexpr std::size_t execution_head =
    protocol::packet_header_size + 10 + most_parameters / 8 + 2 + most_parameters * 2;

bool is_nonsense(const protocol::PacketHeader& header)
{
    return header.payload_size == 0 || header.sequence != 0;
}

/// Bytes that must be in the buffer before the command can be looked at.
std::size_t needed(protocol::Bytes begin, const protocol::PacketHeader& header,
                   const KeptSize& keep)
{
    constexpr auto with_command = protocol::packet_header_size + 1;
    if (begin.size() < with_command) return with_command;
    auto command = static_cast<protocol::Command>(begin[protocol::packet_header_size]);
    return std::min(header.wire_size(), keep.of(command));
}

}  // namespace

std::size_t KeptSize::of(protocol::Command command) const
{
    if (command == protocol::Command::stmt_prepare) return std::max(usual, to_prepare);
    if (command == protocol::Command::stmt_execute) return std::max(usual, execution_head);
    return usual;
}

NextCommand front_command(const SessionCore& core, const KeptSize& keep)
{
    const auto& buffer = core.client_buffer;
    auto header = protocol::peek_header(buffer.data());
    if (!header) return {std::nullopt, NoCommand::incomplete};
    if (is_nonsense(*header)) return {std::nullopt, NoCommand::nonsense};
    if (buffer.size() < needed(buffer.data(), *header, keep))
        return {std::nullopt, NoCommand::incomplete};
    ClientCommand command;
    command.command = static_cast<protocol::Command>(buffer.data()[protocol::packet_header_size]);
    command.header = *header;
    command.wire_size = std::min(header->wire_size(), buffer.size());
    command.rest = {header->wire_size() - command.wire_size, header->continues()};
    return {command, NoCommand::incomplete};
}

NextCommand receive_command(SessionCore& core, const KeptSize& keep)
{
    auto& buffer = core.client_buffer;
    for (;;) {
        if (auto header = protocol::peek_header(buffer.data()))
            buffer.grow(needed(buffer.data(), *header, keep));
        auto room = buffer.prepare();
        auto got = core.client.try_read(room);
        if (got.status == net::IoStatus::would_block) return {std::nullopt, NoCommand::incomplete};
        if (core.client.compression_is_broken()) return {std::nullopt, NoCommand::nonsense};
        if (got.status != net::IoStatus::ok) return {std::nullopt, NoCommand::closed};
        buffer.commit(got.bytes);
        core.worker.counters.bytes_from_clients.add(got.bytes);
        auto front = front_command(core, keep);
        if (front.command || front.why_not != NoCommand::incomplete) return front;
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
            auto room = buffer.prepare();
            auto got = co_await core.client.read_some(room);
            if (got.status != net::IoStatus::ok) co_return false;
            buffer.commit(got.bytes);
            core.worker.counters.bytes_from_clients.add(got.bytes);
            continue;
        }
        buffer.consume(size);
        rest.missing -= size;
    }
    co_return true;
}

}  // namespace pointsman::proxy
