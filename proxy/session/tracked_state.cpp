#include "proxy/session/tracked_state.hpp"

#include "protocol/server_status.hpp"

#include <algorithm>
#include <array>

namespace pointsman::proxy {

namespace {

namespace server_status = protocol::server_status;

/// session_track_system_variables' default in MySQL and MariaDB.
constexpr std::array<std::string_view, 5> tracked_by_default{
    "time_zone", "autocommit", "character_set_client", "character_set_results",
    "character_set_connection"};

/// Where the client chose a tracker, its link reports by that choice.
bool is_seen(const protocol::TrackedChange& change, const ChosenTracking& chosen)
{
    if (std::holds_alternative<protocol::TrackedGtids>(change)) return chosen.gtids;
    if (std::holds_alternative<protocol::TrackedStateChange>(change)) return chosen.state_change;
    auto* variable = std::get_if<protocol::TrackedVariable>(&change);
    // Schemas by default; transactions MySQL 9.7 tells though session_track_transaction_info is
    // OFF.
    if (!variable || chosen.variables) return true;
    return std::find(tracked_by_default.begin(), tracked_by_default.end(), variable->name) !=
           tracked_by_default.end();
}

/// MySQL has an entry for them, MariaDB a variable.
void take_gtids(const protocol::TrackedChange& change, EditedOk& edited)
{
    if (auto* tracked = std::get_if<protocol::TrackedGtids>(&change)) edited.gtids = tracked->gtids;
    auto* variable = std::get_if<protocol::TrackedVariable>(&change);
    if (!variable) return;
    if (variable->name == "last_gtid") edited.gtids = variable->value;
    if (variable->name == "session_track_gtids") edited.gtids_off = variable->value == "OFF";
}

}  // namespace

void hide_untracked(protocol::Ok& ok, protocol::Capabilities client, const ChosenTracking& chosen)
{
    if (!(ok.status & server_status::session_state_changed)) return;
    // The flag alone is a server's answer to a change of what it tracks.
    bool nothing_to_hide = ok.session_state.empty();
    if (nothing_to_hide && (client & protocol::capability::session_track)) return;
    auto changes = protocol::decode_session_state(ok.session_state);
    if (changes && (client & protocol::capability::session_track)) {
        std::erase_if(*changes, [&](const auto& change) { return !is_seen(change, chosen); });
        ok.session_state = protocol::encode_session_state(*changes);
    } else {
        ok.session_state.clear();
    }
    if (ok.session_state.empty())
        ok.status &= static_cast<std::uint16_t>(~server_status::session_state_changed);
}

EditedOk take_tracked_state(protocol::Bytes ok_payload, protocol::Capabilities link,
                            protocol::Capabilities client, SessionState& state,
                            const protocol::sql::Statement* statement)
{
    EditedOk edited{{ok_payload.begin(), ok_payload.end()}, false, false, {}};
    auto ok = protocol::decode_ok(ok_payload, link);
    if (!ok) return edited;
    auto changes = protocol::decode_session_state(ok->session_state);
    // What can't be read is a change that nobody can name.
    edited.state_changed = !changes;
    if (!changes) return edited;
    state.note_changes(*changes);
    for (const auto& change : *changes) {
        if (auto* tracked = std::get_if<protocol::TrackedStateChange>(&change))
            edited.state_changed = edited.state_changed || tracked->changed;
        take_gtids(change, edited);
    }
    auto chosen = state.chosen_tracking();
    // The list counts from its own SET on; that states are told of, from the next statement on.
    if (statement && statement->has(protocol::sql::effect_tracked_variables))
        chosen.variables = true;
    hide_untracked(*ok, client, chosen);
    edited.payload = protocol::encode_ok(*ok, client);
    return edited;
}

}  // namespace pointsman::proxy
