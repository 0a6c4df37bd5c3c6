#pragma once
// Session state on the wire: taken out of a server's OK packets.

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
/// CLIENT_SESSION_TRACK, and what they asked for; nothing to others. What does not decode passes
/// unchanged. `statement` is the one that it answers, if it is one.
EditedOk take_tracked_state(protocol::Bytes ok_payload, protocol::Capabilities link,
                            protocol::Capabilities client, SessionState& state,
                            const protocol::sql::Statement* statement = nullptr);

/// Removes from `ok` what its client did not ask to see.
void hide_untracked(protocol::Ok& ok, protocol::Capabilities client,
                    const ChosenTracking& chosen = {});

}  // namespace pointsman::proxy
