#pragma once
// Pure: what is known of a session's state, and where it lives. Fed by what servers report; never
// by guessing from SET text.

#include "protocol/exchange.hpp"
#include "protocol/messages/err.hpp"
#include "protocol/messages/session_track.hpp"
#include "protocol/sql/classifier.hpp"
#include "protocol/sql/result_counts.hpp"

#include "config/endpoint.hpp"

#include "proxy/pool/session_sync.hpp"
#include "proxy/session/found_rows.hpp"
#include "proxy/session/held_things.hpp"
#include "proxy/session/pin.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pointsman::proxy {

/// What one statement did, as its performer saw it.
struct Settled {
    protocol::Command command = protocol::Command::query;
    const protocol::sql::Statement* statement = nullptr;  // of a query or an execution
    const protocol::Report* report = nullptr;
    config::ServerId server{};
    bool on_replica = false;
    bool state_changed = false;  // SESSION_TRACK_STATE_CHANGE was reported
    bool link_tracks_state = true;
    bool rows_tell = true;  // their end is an OK, with what changed; an EOF has no room for it
    /// User variables that the statement assigns, in lower case; nothing: it assigns some that
    /// nobody can name.
    std::optional<std::vector<std::string>> assigned = std::vector<std::string>();
    bool sets_collation = false;    // perhaps, and without a report
    bool collates_results = false;  // SET NAMES … COLLATE
    /// What the statement takes and leaves by name, if may_change_held().
    std::vector<protocol::sql::HeldChange> held = {};
    /// It runs a text that is known, and does nothing to the session but what is said here.
    bool runs_known_text = false;
    bool may_call = false;       // one of several statements may be a CALL
    bool may_lock = false;       // it may have run a routine that takes locks by GET_LOCK()
    bool changes_login = false;  // of its own account, if it worked
    bool is_cut = false;         // its text is longer than what was looked at
    const protocol::sql::Statement* ran = nullptr;  // that of the text, if runs_known_text
};

/// What only the server knows of a session's state, and must be asked for before the session
/// leaves the link.
struct Unread {
    config::ServerId server{};
    std::set<std::string> user_variables;
    bool last_insert_id = false;
    bool collation = false;          // SET NAMES … COLLATE does not report collation_connection
    bool results_collation = false;  // the same one; only with `collation`
    bool user_locks = false;         // a routine may have taken some
    bool changes = false;  // a routine or a trigger may have made some, and the answer had no room
    /// Nothing but `changes`, which the next OK of the link tells as well.
    bool only_changes() const
    {
        return user_variables.empty() && !last_insert_id && !collation && !user_locks;
    }
    bool empty() const { return only_changes() && !changes; }
};

/// Which of its server's trackers the client has set itself (session_track_*).
struct ChosenTracking {
    bool gtids = false;  // and not to OFF
    bool variables = false;
    bool state_change = false;
};

/// Does the statement ask for what those before it left: ROW_COUNT(), FOUND_ROWS(), warnings, an
/// error? (Not LAST_INSERT_ID(), which moves.)
bool asks_for_last_result(const protocol::sql::Statement& statement);

/// Does it leave warnings as they are, and say in its OK how many there are? (Measured: MySQL 9.7.)
constexpr bool repeats_warnings(protocol::Command command)
{
    return command == protocol::Command::init_db || command == protocol::Command::set_option;
}

/// Does it change state of its own, as its text shows? A server tells only that some changed.
bool explains_state_change(const protocol::sql::Statement& statement);

class SessionState {
public:
    /// After login and COM_CHANGE_USER.
    void reset(std::string schema);
    /// The same after COM_RESET_CONNECTION, which leaves roles as they are (measured: MySQL 9.7).
    void reset_connection(std::string schema);
    /// Takes in the session state of one OK packet.
    void note_changes(const std::vector<protocol::TrackedChange>& changes);
    /// The value of a variable that the server set without reporting it.
    void note_silent_variable(const std::string& name, const std::string& value);
    /// Takes in the outcome of one command.
    void settle(const Settled& settled);
    /// The link to `server` is gone, and all that lived there.
    void forget_server(config::ServerId server);

    /// Is there state that nobody but `server` has?
    bool loses_state_with(config::ServerId server) const;
    /// Must the session keep its link to `server` until its next statement at least?
    bool needs_link_to(config::ServerId server) const;
    /// What must be read from the link that is left; then note it with the two below.
    const Unread& unread() const { return unread_; }
    /// May the statement take or leave what a session holds by name? Then its text must be read.
    bool may_change_held(const protocol::sql::Statement& statement) const;
    const HeldThings& held() const { return held_; }
    /// `literal` is SQL that gives the value with its type; nothing: it can't be moved.
    void note_user_variable(const std::string& name, const std::optional<std::string>& literal);
    void note_last_insert_id(std::uint64_t id);
    void note_collation(const std::string& collation);
    /// Does the session hold user locks where they were unread? When nobody knows: yes.
    void note_user_locks(bool holds_some);
    /// Names in lower case of what a routine may have set.
    void note_unread_variables(const std::vector<std::string>& names);
    /// What a routine or trigger did, which was asked for behind it.
    void note_untold_changes(bool some);
    /// What was unread is lost: no statement can be performed any more.
    void lose_unread();
    /// What is there can't be had elsewhere, for a reason that its owner found out.
    void pin_to(config::ServerId server, Pin pin);
    bool is_lost() const { return is_lost_; }
    /// By name in lower case, as SQL literals.
    const VariablesPtr& user_variables() const { return user_variables_; }

    bool in_transaction() const { return transaction_on_.has_value(); }
    std::optional<config::ServerId> transaction_on() const { return transaction_on_; }
    bool in_read_only_transaction() const;
    /// It was ended without the client's doing.
    void end_transaction();
    /// The server that holds state which every statement may depend on.
    std::optional<config::ServerId> pinned_to() const;
    /// The server that holds any state that can't be rebuilt elsewhere.
    std::optional<config::ServerId> bound_to() const;
    std::uint32_t pins() const { return pins_; }
    /// The same, and what keeps a link for a while only.
    std::uint32_t reasons_to_keep_link() const
    {
        return pins_ | (transaction_on_ ? pin_transaction : 0u) |
               (found_rows_on_ ? pin_found_rows : 0u) |
               (last_result_on_ && (keeps_last_result_ || asks_for_results_) ? pin_last_result
                                                                             : 0u);
    }
    /// Where the last statement ran that left something to be asked for: ROW_COUNT(), FOUND_ROWS(),
    /// warnings, an error.
    std::optional<config::ServerId> last_result_on() const { return last_result_on_; }

    /// The last statement failed by an error of the proxy's own, which no server knows of.
    const std::optional<protocol::Err>& own_error() const { return own_error_; }
    void note_own_error(const protocol::Err& error);
    /// From here on `server` knows of it, as if it had failed there.
    void note_error_at(config::ServerId server);

    /// Nobody can tell it any more: the link has done something else since.
    void lose_last_result() { last_result_lost_ = true; }
    /// It asks for what statements leave: from now on it keeps its link after each.
    void expect_questions() { asks_for_results_ = true; }
    bool is_last_result_lost() const { return last_result_lost_; }
    /// What ROW_COUNT() and FOUND_ROWS() are, whatever link is asked; nothing where only the link
    /// knows that it ran on.
    protocol::sql::ResultCounts result_counts() const;
    const FoundRows& found_rows() const { return found_rows_; }
    /// The last statement failed where a transaction may be open, and errors carry no status.
    bool is_status_old() const { return is_status_old_; }
    void lose_found_rows(config::ServerId server) { found_rows_.lose(server); }

    /// A COM_PING or COM_STMT_RESET of the client was answered by the proxy, and its server knows
    /// nothing of it. There both make ROW_COUNT() 0.
    bool owes_ping() const { return owes_ping_; }
    void note_own_ok()
    {
        owes_ping_ = last_result_on_.has_value();
        row_count_ = 0;
    }
    void note_ping_passed_on() { owes_ping_ = false; }

    /// Where its last read on a replica ran.
    std::optional<config::ServerId> last_replica() const { return last_replica_; }

    const VariablesPtr& variables() const { return variables_; }
    const std::string& schema() const { return schema_; }
    /// By COM_RESET_CONNECTION since the login or the last COM_CHANGE_USER.
    bool was_reset() const { return was_reset_; }
    std::uint64_t last_insert_id() const { return last_insert_id_; }
    /// Of the last statement, as COM_PING's OK repeats it (measured: MySQL 9.7).
    std::uint16_t warnings() const { return warnings_; }
    std::uint16_t status() const { return status_; }
    bool autocommit() const;
    /// sql_auto_is_null: an "id IS NULL" finds the last insert's row, so that any read may depend
    /// on LAST_INSERT_ID().
    bool reads_last_insert_id() const { return auto_is_null_; }
    void set_status(std::uint16_t status) { status_ = status; }
    /// How its statements are to be read.
    const protocol::sql::Dialect& dialect() const { return dialect_; }
    void set_server_version(bool mariadb, std::uint32_t version);
    const ChosenTracking& chosen_tracking() const { return chosen_tracking_; }

private:
    void note_variable(const protocol::TrackedVariable& variable);
    void settle_transaction(const Settled& settled);
    void settle_pins(const Settled& settled);
    void settle_held(const Settled& settled);
    void settle_failure(const Settled& settled);
    std::uint32_t pins_left_by(const Settled& settled) const;
    void settle_unread(const Settled& settled);
    void settle_last_result(const Settled& settled);
    void settle_row_count(const Settled& settled);
    void pin(std::uint32_t pins, config::ServerId server);

    VariablesPtr variables_ = no_variables();
    VariablesPtr user_variables_ = no_variables();
    Unread unread_;
    bool is_lost_ = false;
    std::string schema_;
    std::uint16_t status_ = 2;  // SERVER_STATUS_AUTOCOMMIT
    std::optional<config::ServerId> transaction_on_;
    std::uint32_t pins_ = pin_none;
    std::optional<config::ServerId> pin_server_;
    HeldThings held_;  // on pin_server_
    std::optional<config::ServerId> last_result_on_;
    std::optional<protocol::Err> own_error_;  // in place of what is there
    bool last_result_lost_ = false;
    bool is_status_old_ = false;
    bool owes_ping_ = false;
    FoundRows found_rows_;
    std::optional<std::int64_t> row_count_;
    bool asks_for_results_ = false;   // it has asked before, and will again
    bool keeps_last_result_ = false;  // it is likely to be asked for: the link must be there
    std::optional<config::ServerId> found_rows_on_;  // SQL_CALC_FOUND_ROWS: until asked for
    std::optional<config::ServerId> last_replica_;
    std::uint64_t last_insert_id_ = 0;
    std::uint16_t warnings_ = 0;
    protocol::sql::Dialect dialect_;
    bool was_reset_ = false;
    bool auto_is_null_ = false;
    ChosenTracking chosen_tracking_;
    bool variable_changed_ = false;   // since the last settle: explains a reported state change
    bool immovable_changed_ = false;  // a variable that can't be set again elsewhere
};

}  // namespace pointsman::proxy
