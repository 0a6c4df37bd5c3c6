#pragma once
// Session state on the wire: taken out of a server's OK packets, and put into links.

#include "protocol/messages/ok.hpp"

#include "proxy/pool/connector.hpp"
#include "proxy/session/session_state.hpp"

namespace pointsman::proxy {

/// An OK packet as its client may see it.
struct EditedOk {
    protocol::Buffer payload;
    bool state_changed = false;  // SESSION_TRACK_STATE_CHANGE was in it
    bool gtids_off = false;      // the session switched off that its link reports GTIDs
    std::string gtids;           // of what the session committed; empty: nothing was
};

/// Takes the session state of an OK packet into `state` and leaves in it what a server would have
/// sent by its default settings: the schema and five variables, to clients with
/// CLIENT_SESSION_TRACK, GTIDs to those that asked for them; nothing to others. What does not decode passes unchanged.
EditedOk take_tracked_state(protocol::Bytes ok_payload, protocol::Capabilities link,
                            protocol::Capabilities client, SessionState& state);

/// Removes from `ok` what its client did not ask to see.
void hide_untracked(protocol::Ok& ok, protocol::Capabilities client, bool sees_gtids = false);

/// Is there nothing for bring_to_state to do?
bool is_at_state(const BackendLink& link, const SessionState& state, bool on_replica);

/// Brings a link to the session's schema and variables, and one that is not on a replica also to
/// its autocommit and LAST_INSERT_ID(). No round trip when nothing differs. False when the server
/// refuses, or is lost (then the link is broken).
net::Task<bool> bring_to_state(BackendLink& link, const SessionState& state, bool on_replica);

}  // namespace pointsman::proxy
