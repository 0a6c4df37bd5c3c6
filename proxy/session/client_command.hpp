#pragma once
// One command as it lies at the front of the client's buffer: whole, or its first part when it is
// too long to be kept.

#include "protocol/command.hpp"
#include "protocol/packet.hpp"

#include "proxy/session/relay.hpp"

#include <optional>

namespace pointsman::proxy {

struct SessionCore;

struct ClientCommand {
    protocol::Command command = protocol::Command::quit;
    protocol::PacketHeader header;
    std::size_t wire_size = 0;  // bytes of it in the buffer, header included
    MessageRest rest;           // what is still to come from the client

    bool is_whole() const { return rest.done(); }
};

/// Why there is no command.
enum class NoCommand : std::uint8_t { closed, timed_out, cancelled, nonsense, incomplete };

struct NextCommand {
    std::optional<ClientCommand> command;
    NoCommand why_not = NoCommand::closed;
};

/// Commands of up to so many bytes come whole, of longer ones at least so much.
struct KeptSize {
    std::size_t usual = 0;
    std::size_t to_prepare = 0;  // COM_STMT_PREPARE

    std::size_t of(protocol::Command command) const;
};

/// The command that is in the buffer already, if as much of it is as is kept.
NextCommand front_command(const SessionCore& core, const KeptSize& keep);

/// Reads what has come of the next command, without waiting: `incomplete` when more is to come.
/// The buffer's front is the command until it is consumed.
NextCommand receive_command(SessionCore& core, const KeptSize& keep);

/// Payload of the command, as far as it is in the buffer.
protocol::Bytes payload_of(const SessionCore& core, const ClientCommand& command);

/// Reads and drops what is still to come of the command and removes it from the buffer. False when
/// the client is gone.
net::Task<bool> discard(SessionCore& core, ClientCommand& command);

}  // namespace pointsman::proxy
