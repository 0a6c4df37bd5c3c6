#pragma once
// Brings a link to the state of the session that is about to use it, and reads from it what only
// the server knows before the session leaves it.

#include "protocol/bytes.hpp"

#include "proxy/pool/connector.hpp"
#include "proxy/session/session_state.hpp"

#include <vector>

namespace pointsman::proxy {

/// How much of the state a command may depend on.
enum class StateNeed : std::uint8_t {
    reads,       // a plain read: schema, variables, autocommit
    everything,  // user variables and LAST_INSERT_ID() too
};

/// Is there nothing for bring_to_state to do?
bool is_at_state(BackendLink& link, const SessionState& state, StateNeed need);

/// Can the link be brought to it at all? Else another link must be used, and this one closed.
bool can_be_brought_to(const BackendLink& link, const SessionState& state);

/// Pure: the commands that do it, to be sent together.
std::vector<protocol::Buffer> commands_to_state(const BackendLink& link, const SessionState& state,
                                                StateNeed need);

/// Brings a link to the session's state, in one round trip. False when the server refuses, or is
/// lost (then the link is broken).
net::Task<bool> bring_to_state(BackendLink& link, const SessionState& state, StateNeed need);

/// Asks the server for what is unread of the session's state. False when that fails: then the link
/// is broken and what was unread is lost.
net::Task<bool> read_unread(BackendLink& link, SessionState& state);

/// Pure: a user variable as SQL that gives the same value and type; nothing when there is no such
/// SQL. `text` is what the server wrote, `collation` is COLLATION(@x), `hex` is HEX(@x).
struct ReadVariable {
    std::string name;  // as SQL
    std::uint8_t type = 0;  // of the column definition
    std::uint16_t flags = 0;
    std::optional<std::string> text, collation, hex;
    bool is_mariadb = false;
};
std::optional<std::string> literal_of(const ReadVariable& variable);

}  // namespace pointsman::proxy
