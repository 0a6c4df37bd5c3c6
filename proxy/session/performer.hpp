#pragma once
// Performs one command that goes to a server: finds the link, brings it to the session's state,
// relays, and on a loss does what the plan's recovery says.

#include "proxy/session/client_command.hpp"
#include "proxy/session/link_state.hpp"
#include "proxy/session/plan.hpp"
#include "proxy/session/read_wait.hpp"
#include "proxy/session/session_core.hpp"

#include <optional>
#include <string>

namespace pointsman::proxy {

/// What to send for a command, other than the client's own bytes.
struct CommandText {
    /// A prepared statement's command: its id is rewritten for the link.
    std::optional<std::uint32_t> statement_id;
    /// Sent in place of the client's packet (payload only), when not empty.
    protocol::Buffer payload;
    bool sets_collation = false;  // perhaps
    bool collates_results = false;
    bool asks_for_conditions = false;  // GET DIAGNOSTICS, but not for ROW_COUNT
    /// The caller has more to do on the link, and releases it afterwards.
    bool keeps_link = false;
    /// User variables that it assigns, in lower case; nothing: some that nobody can name.
    std::optional<std::vector<std::string>> assigned = std::vector<std::string>();
    /// As in Settled.
    std::vector<protocol::sql::HeldChange> held = {};
    bool runs_known_text = false, may_call = false, may_lock = false, changes_login = false;
    /// It is about the ids of connections, as they are on the server that it goes to.
    bool names_ids = false;
    bool lists_processes = false;  // SHOW PROCESSLIST
    bool is_cut = false;           // as in Settled
    std::optional<protocol::sql::Statement> ran = {};
};

class Performer : private ResponseEditor {
public:
    Performer(SessionCore& core, ClientCommand command, CommandFacts facts, CommandText text = {})
        : core_(core), command_(command), facts_(facts), text_(std::move(text))
    {
    }

    /// Performs it; the command is consumed from the buffer. A reason when the session is over.
    net::Task<std::optional<CloseReason>> perform();

    /// The server that finished it; nothing when none did.
    std::optional<config::ServerId> server() const { return finished_at_; }
    /// The link that finished it, with `keeps_link` only; nullptr when none did.
    BackendLink* link() const
    {
        return finished_at_ && text_.keeps_link ? core_.links.held(*finished_at_) : nullptr;
    }
    const protocol::Report& report() const { return report_; }

private:
    using Ended = std::optional<CloseReason>;
    /// What a step of an attempt leads to.
    enum class Next : std::uint8_t { go_on, again, done, close };

    protocol::Buffer edit(protocol::Held held, protocol::Bytes payload) override;
    protocol::Buffer edit_state(protocol::Bytes payload);
    protocol::Buffer edit_prepare_ok(protocol::Bytes payload);
    bool withholds(protocol::Bytes err_payload, std::uint16_t code) override;
    void on_client_turn() override { release_command(); }
    protocol::Buffer edit_answer(protocol::Buffer answer) override;
    protocol::Buffer with_own_ids(const BackendLink& link) const;
    bool shows_edited_text(std::uint16_t code) const;
    void release_command();

    Plan make_plan();
    void choose_route();
    bool choose_link();
    StateNeed state_need() const;
    bool must_read_first() const;
    bool asks_for_lost_result() const;
    bool has_lost_found_rows() const;
    bool has_lost_last_result() const;
    bool is_as_left() const;
    bool shows_warnings() const;
    bool finds_counts();
    bool finds_count_columns();
    bool will_ask_in_vain();
    protocol::Buffer with_counts() const;
    bool asks_for_own_error() const;
    bool asks_behind_nothing() const;
    bool owes_link_something() const;
    net::Task<void> settle_debts(BackendLink& link);
    net::Task<void> say_own_error(BackendLink& link);
    net::Task<Next> obtain_link();
    net::Task<Next> exchange_on(BackendLink& link);
    net::Task<Next> find_link();
    net::Task<Next> take_link(Lease& lease);
    net::Task<Next> open_new_link(Lease& lease);
    net::Task<bool> answers_ping(BackendLink& link);
    bool lives_on_others_links();
    net::Task<Next> on_connect_failure(ConnectFailure failure);
    net::Task<Next> prepare_link(BackendLink& link);
    bool names_statement() const;
    bool is_prepared(const BackendLink& link) const;
    bool fits_types(const LinkStatement& on_link) const;
    void take_types(protocol::Bytes types, LinkStatement& on_link);
    void give_back_refused_types(BackendLink& link);
    net::Task<bool> ensure_prepared(BackendLink& link);
    net::Task<Next> hold(std::string why);
    net::Task<Next> hold_refused_write(BackendLink& link);
    bool is_fenced_transaction() const;
    net::Task<Next> end_fenced_transaction(BackendLink& link);
    bool commits_at_replica() const;
    net::Task<Next> commit_at_replica();
    bool is_write_in_read_only_transaction() const;
    net::Task<Next> refuse_as_read_only(BackendLink& link);
    protocol::Bytes outgoing_bytes(BackendLink& link);
    net::Task<Next> on_failed(BackendLink& link, RelayResult result);
    net::Task<Next> fail(protocol::Err error);
    net::Task<Next> fail_and_close(protocol::Err error, CloseReason reason);
    protocol::Buffer execution_with_types(protocol::Bytes payload, LinkStatement& on_link);
    bool has_room_for(std::size_t bytes) const;
    void append_execution(protocol::Bytes begin, std::size_t grown);
    void settle(BackendLink& link);
    void count(BackendLink& link);
    bool repeats_refused_write() const;

    // performer_loss.cpp
    bool is_one_loss(const BackendLink& link) const;
    net::Task<Next> on_lost(BackendLink& link, bool sent, const RelayResult& result);
    bool hides_shutdown(protocol::Bytes err_payload, std::uint16_t code);
    net::Task<bool> takes_logins(config::ServerId id);
    net::Task<Next> on_shutdown(BackendLink& link, const RelayResult& result);

    // performer_doubt.cpp
    InDoubt in_doubt_on(const BackendLink& link, const Loss& loss) const;
    net::Task<bool> ask_absence(config::ServerId server);
    net::Task<Next> resolve_doubt(InDoubt what, config::ServerId server);

    // performer_wait.cpp
    /// What is known of a replica, against what a read there must see.
    enum class Freshness : std::uint8_t {
        fresh,
        late,     // it may have it, or get it soon: worth a wait
        behind,   // a wait there ended in vain a moment ago, or would be of no use
        unknown,  // nobody knows yet what the session was shown elsewhere
    };
    config::Consistency consistency() const;
    void read_token();
    void see_to_freshness();
    bool primary_may_stand_in() const;
    Freshness judge(config::ServerId server);
    bool has_acknowledged(config::ServerId server);
    protocol::Position lacking_at(config::ServerId server) const;
    void see_to_commits();
    bool stays_at_seen();
    bool is_fresh_at_seen();
    bool finds_fresh_replica();
    void route_to_primary();
    void take_to_primary();
    net::Task<Next> ask_position(BackendLink& link);
    protocol::Bytes with_wait_in_front(BackendLink& link);
    bool may_run_in_vain() const;
    bool goes_with_wait() const;
    net::Task<Next> finish_wait(BackendLink& link);
    net::Task<Next> finish_wait_for_commits(BackendLink& link);
    net::Task<void> drop_answer(BackendLink& link);
    void note_written(const std::string& gtids);
    void note_seen(const BackendLink& link);

    SessionCore& core_;
    ClientCommand command_;
    CommandFacts facts_;
    CommandText text_;

    Route route_;
    BackendLink* link_ = nullptr;
    std::optional<config::ServerId> finished_at_;
    protocol::Report report_;
    std::optional<config::ServerId> avoid_;
    bool redo_on_primary_ = false;
    /// Of a link that had this command.
    struct FirstLoss {
        config::ServerId server{};
        net::TimePoint at{};
    };
    std::optional<FirstLoss> first_loss_;
    bool lost_unsent_ = false;  // a link was lost before anything was sent
    bool doubted_ = false;      // whether it was executed was asked already
    bool state_changed_ = false;
    bool gtids_off_ = false;  // the client switched off that the link reports them
    bool state_lost_ = false;
    /// What the statement asks for of those before it is put in here, and no link is asked.
    bool knows_answer_ = false;
    protocol::sql::ResultCounts counts_;
    std::string counts_text_;                                // of a query
    std::vector<protocol::sql::CountColumn> count_columns_;  // of an execution
    /// The types that were known before this execution's, for one that is refused as a whole.
    struct TypesBefore {
        protocol::Buffer of_statement, on_link;
    };
    std::optional<TypesBefore> types_before_;
    protocol::Buffer own_bytes_;  // what goes out when it is not the client's own packet
    net::TimePoint began_, hold_until_;
    ReadWait wait_;
    std::optional<protocol::Err> said_shutdown_;  // the server, of this command
    CloseReason close_reason_ = CloseReason::internal_error;
};

}  // namespace pointsman::proxy
