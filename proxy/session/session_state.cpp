#include "proxy/session/session_state.hpp"

#include "protocol/server_status.hpp"

#include "proxy/session/next_transaction.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace sql = protocol::sql;
namespace server_status = protocol::server_status;

namespace {

constexpr std::string_view no_max_join_size = "18446744073709551615";

/// What a session holds by name → the pin that it is.
struct PinRow {
    sql::Held what;
    Pin pin;
};
constexpr PinRow pin_rows[] = {
    {sql::Held::temporary_table, pin_temporary_table},
    {sql::Held::table_locks, pin_lock_tables},
    {sql::Held::read_lock, pin_lock_tables},
    {sql::Held::backup_lock, pin_lock_tables},
    {sql::Held::xa, pin_xa},
    {sql::Held::prepared_text, pin_prepared_text},
    {sql::Held::user_lock, pin_user_lock},
    {sql::Held::handler, pin_handler},
};
constexpr std::uint32_t pins_held = pin_temporary_table | pin_lock_tables | pin_xa |
                                    pin_prepared_text | pin_user_lock | pin_handler;
constexpr std::uint32_t effects_held =
    sql::effect_temporary_table | sql::effect_lock_tables | sql::effect_unlock_tables |
    sql::effect_xa | sql::effect_prepared_text | sql::effect_user_lock | sql::effect_handler;

/// Errors of statements that did not begin: no such procedure, no right to it, syntax.
bool refused_at_once(std::uint16_t code)
{
    constexpr std::uint16_t codes[] = {1044, 1045, 1046, 1049, 1064, 1243, 1305, 1318, 1370, 1414};
    return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

/// sql_mode ANSI also contains ANSI_QUOTES; the server reports it expanded.
bool has_mode(std::string_view modes, std::string_view mode)
{
    return modes.find(mode) != std::string_view::npos;
}

/// May a routine or a trigger have run whose changes the answer could not tell?
bool leaves_untold(const Settled& settled)
{
    if (!settled.statement) return false;
    const auto& statement = *settled.statement;
    const auto& report = *settled.report;
    bool runs_routine = statement.has(sql::effect_routine);
    if (report.error_code == 0)
        return runs_routine && report.has_result_set && !settled.rows_tell &&
               statement.kind != sql::StatementKind::call;
    constexpr std::uint16_t er_bad_field = 1054, er_no_such_table = 1146;
    bool began = !refused_at_once(report.error_code) && report.error_code != er_bad_field &&
                 report.error_code != er_no_such_table;
    return began && (runs_routine || statement.statement_count > 1 ||
                     statement.kind == sql::StatementKind::insert ||
                     statement.kind == sql::StatementKind::replace ||
                     statement.kind == sql::StatementKind::update ||
                     statement.kind == sql::StatementKind::delete_);
}

}  // namespace

bool asks_for_last_result(const sql::Statement& statement)
{
    constexpr std::uint32_t asks = sql::effect_reads_last_result | sql::effect_reads_found_rows;
    return (statement.effects & asks) != 0;
}

bool explains_state_change(const sql::Statement& statement)
{
    constexpr std::uint32_t explained = sql::effect_user_variable | sql::effect_system_variable |
                                        sql::effect_schema | sql::effect_temporary_table |
                                        sql::effect_prepared_text | sql::effect_session_tracking;
    // SET_VAR is reported as a change, and taken back with the statement. A read leaves no other,
    // where a trigger might.
    if (statement.has_set_var && statement.access == sql::Access::replica) return true;
    return (statement.effects & explained) != 0 && statement.kind != sql::StatementKind::call &&
           statement.kind != sql::StatementKind::execute;
}

void SessionState::reset(std::string schema)
{
    auto dialect = dialect_;
    auto found_rows = found_rows_;
    *this = SessionState{};
    found_rows_ = found_rows;
    found_rows_.lose();
    dialect_.mariadb = dialect.mariadb;
    dialect_.server_version = dialect.server_version;
    schema_ = std::move(schema);
}

void SessionState::reset_connection(std::string schema)
{
    auto left = pins_ & (pin_role | pin_account);
    auto server = pin_server_;
    reset(std::move(schema));
    was_reset_ = true;
    if (left != pin_none) pin(left, *server);
}

void SessionState::set_server_version(bool mariadb, std::uint32_t version)
{
    dialect_.mariadb = mariadb;
    dialect_.server_version = version;
}

void SessionState::note_variable(const protocol::TrackedVariable& variable)
{
    variable_changed_ = true;
    if (variable.name == "sql_mode") {
        dialect_.ansi_quotes = has_mode(variable.value, "ANSI_QUOTES");
        dialect_.no_backslash_escapes = has_mode(variable.value, "NO_BACKSLASH_ESCAPES");
    }
    if (variable.name == "session_track_gtids") {
        chosen_tracking_.gtids = variable.value != "OFF";
        if (variable.value == "ALL_GTIDS") immovable_changed_ = true;
    }
    if (variable.name == "sql_auto_is_null") auto_is_null_ = variable.value != "OFF";
    if (stays_behind(variable.name)) return;
    if (!can_move(variable.name, variable.value)) immovable_changed_ = true;
    bool sets_results = variable.name == "character_set_results";
    bool has_collation = sets_results && variables_->contains(results_collation);
    if (sets_results) unread_.results_collation = false;
    auto known = variables_->find(variable.name);
    bool is_known = known != variables_->end() && known->second == variable.value;
    if (is_known && !has_collation) return;
    auto changed = std::make_shared<Variables>(*variables_);
    changed->insert_or_assign(variable.name, variable.value);
    if (has_collation) changed->erase(changed->find(results_collation));
    variables_ = std::move(changed);
}

void SessionState::note_silent_variable(const std::string& name, const std::string& value)
{
    if (name == results_collation) {
        auto changed = std::make_shared<Variables>(*variables_);
        changed->insert_or_assign(name, value);
        variables_ = std::move(changed);
        return;
    }
    note_variable({name, value});
    variable_changed_ = immovable_changed_ = false;
}

void SessionState::note_changes(const std::vector<protocol::TrackedChange>& changes)
{
    const std::string* most_rows = nullptr;
    bool told = false;
    for (const auto& change : changes) {
        if (auto* variable = std::get_if<protocol::TrackedVariable>(&change)) {
            note_variable(*variable);
            if (variable->name == "max_join_size") most_rows = &variable->value;
            told = told || variable->name == "sql_big_selects";
        } else if (auto* schema = std::get_if<protocol::TrackedSchema>(&change)) {
            schema_ = schema->name;
            variables_ = without_schema_collation(variables_);
        }
    }
    // SET max_join_size sets this as well, and nobody tells (measured: MySQL 9.7).
    if (most_rows && !told)
        note_variable({"sql_big_selects", *most_rows == no_max_join_size ? "ON" : "OFF"});
}

void SessionState::settle(const Settled& settled)
{
    const auto& report = *settled.report;
    if (report.has_status) status_ = report.status;
    if (settled.on_replica) last_replica_ = settled.server;
    settle_transaction(settled);
    if (settled.is_cut && report.has_several) pin(pin_unexplained, settled.server);
    if (report.error_code == 0)
        settle_pins(settled);
    else
        settle_failure(settled);
    settle_unread(settled);
    if (report.last_insert_id != 0) last_insert_id_ = report.last_insert_id;
    settle_last_result(settled);
    variable_changed_ = immovable_changed_ = false;
}

/// The values that no tracker tells.
void SessionState::settle_unread(const Settled& settled)
{
    bool assigns = !settled.assigned || !settled.assigned->empty();
    // Of several the last may have failed.
    bool some_worked = settled.report->error_code == 0 ||
                       (settled.statement && settled.statement->statement_count > 1);
    bool sets_collation = settled.sets_collation && some_worked;
    bool locks = settled.may_lock && !refused_at_once(settled.report->error_code);
    bool untold = leaves_untold(settled);
    bool tells =
        settled.report->error_code == 0 && (settled.rows_tell || !settled.report->has_result_set);
    if (tells && unread_.server == settled.server) unread_.changes = false;
    if (settled.on_replica && !assigns && !sets_collation && !locks && !untold) return;
    if (untold) unread_.changes = true;
    if (sets_collation) unread_.collation = true;
    if (sets_collation && settled.collates_results) unread_.results_collation = true;
    if (locks) unread_.user_locks = true;
    unread_.server = settled.server;  // what was unread elsewhere has been read before this
    // LAST_INSERT_ID() is not always what the OK says: an explicit value stands there, too.
    if (settled.report->last_insert_id != 0) unread_.last_insert_id = true;
    // To prepare a statement that assigns variables makes them. (Measured: MySQL 9.7.)
    if (!settled.assigned)
        pin(pin_user_variable, settled.server);
    else
        unread_.user_variables.insert(settled.assigned->begin(), settled.assigned->end());
    if (!settled.statement) return;
    const auto& statement = *settled.statement;
    bool may_hide_insert =
        (untold && statement.kind == sql::StatementKind::insert) ||
        statement.kind == sql::StatementKind::call || statement.kind == sql::StatementKind::load ||
        statement.kind == sql::StatementKind::execute || statement.statement_count > 1 ||
        statement.has(sql::effect_last_insert_id);
    if (may_hide_insert) unread_.last_insert_id = true;
}

void SessionState::note_user_variable(const std::string& name,
                                      const std::optional<std::string>& literal)
{
    unread_.user_variables.erase(name);
    auto known = user_variables_->find(name);
    if (literal && known != user_variables_->end() && known->second == *literal) return;
    auto changed = std::make_shared<Variables>(*user_variables_);
    if (literal)
        changed->insert_or_assign(name, *literal);
    else
        changed->erase(name);
    user_variables_ = std::move(changed);
}

void SessionState::note_last_insert_id(std::uint64_t id)
{
    last_insert_id_ = id;
    unread_.last_insert_id = false;
}

void SessionState::note_collation(const std::string& collation)
{
    note_silent_variable("collation_connection", collation);
    if (unread_.results_collation) note_silent_variable(std::string{results_collation}, collation);
    unread_.collation = unread_.results_collation = false;
}

void SessionState::note_unread_variables(const std::vector<std::string>& names)
{
    unread_.user_variables.insert(names.begin(), names.end());
}

void SessionState::note_user_locks(bool holds_some)
{
    unread_.user_locks = false;
    if (!holds_some) return;
    held_.apply({sql::Held::user_lock, sql::HeldChange::Act::take_any, {}, {}}, schema_);
    pin(pin_user_lock, unread_.server);
}

void SessionState::note_untold_changes(bool some)
{
    unread_.changes = false;
    if (some) pin(pin_unexplained, unread_.server);
    if (immovable_changed_) pin(pin_session_variable, unread_.server);
    variable_changed_ = immovable_changed_ = false;
}

void SessionState::pin_to(config::ServerId server, Pin why)
{
    pin(why, server);
    unread_ = {};
}

void SessionState::lose_unread()
{
    unread_ = {};
    is_lost_ = true;
}

bool SessionState::loses_state_with(config::ServerId server) const
{
    return bound_to() == server || (!unread_.user_variables.empty() && unread_.server == server);
}

bool SessionState::needs_link_to(config::ServerId server) const
{
    bool result_there = (keeps_last_result_ || asks_for_results_) && last_result_on_ == server;
    return transaction_on_ == server || bound_to() == server || result_there ||
           found_rows_on_ == server;
}

void SessionState::settle_transaction(const Settled& settled)
{
    // An ERR carries no status: a statement that fails leaves the transaction as it was, but for a
    // deadlock or a lock wait that rolls back; staying on the server is right in every case. With
    // autocommit off it may have begun one.
    if (!settled.report->has_status) {
        if (!transaction_on_ && !autocommit()) transaction_on_ = settled.server;
        is_status_old_ = transaction_on_.has_value();
        return;
    }
    is_status_old_ = false;
    bool open = (status_ & server_status::in_trans) != 0;
    if (!open)
        transaction_on_.reset();
    else if (!transaction_on_)
        transaction_on_ = settled.server;
}

bool SessionState::in_read_only_transaction() const
{
    return transaction_on_ && (status_ & server_status::in_trans_readonly) != 0;
}

void SessionState::end_transaction()
{
    transaction_on_.reset();
    status_ &= ~(server_status::in_trans | server_status::in_trans_readonly);
}

void SessionState::pin(std::uint32_t pins, config::ServerId server)
{
    pins_ |= pins;
    pin_server_ = server;
}

void SessionState::settle_pins(const Settled& settled)
{
    if (used_next_transaction(settled)) pins_ &= ~pin_next_transaction;
    settle_held(settled);
    if (settled.statement && settled.statement->has(sql::effect_session_tracking)) {
        chosen_tracking_.variables |= settled.statement->has(sql::effect_tracked_variables);
        chosen_tracking_.state_change |= settled.statement->has(sql::effect_tracked_state_change);
    }
    auto pins = pins_left_by(settled);
    if (pins != pin_none) pin(pins, settled.server);
    if (pins_ == pin_none) pin_server_.reset();
}

/// Of what the session holds by name only the kinds pin it.
void SessionState::settle_held(const Settled& settled)
{
    if (settled.held.empty()) return;
    for (const auto& change : settled.held) held_.apply(change, schema_);
    pins_ &= ~pins_held;
    for (const auto& row : pin_rows)
        if (held_.holds(row.what)) pin(row.pin, settled.server);
}

std::uint32_t SessionState::pins_left_by(const Settled& settled) const
{
    std::uint32_t pins = pin_none;
    if (immovable_changed_) pins |= pin_session_variable;
    if (!settled.statement) return pins;
    const auto& statement = *settled.statement;
    if (settled.changes_login) pins |= pin_account;
    if (statement.has(sql::effect_session_tracking)) pins |= pin_session_tracking;
    if (!settled.link_tracks_state && statement.has(sql::effect_system_variable))
        pins |= pin_session_variable;
    // MariaDB's links report all.
    if (statement.has(sql::effect_unreported_variable) && !dialect_.mariadb)
        pins |= pin_session_variable;
    if (statement.has(sql::effect_role)) pins |= pin_role;
    // What else no tracker reports: SET TRANSACTION for the next one.
    bool unreported = statement.has(sql::effect_system_variable) && !variable_changed_;
    if (statement.has(sql::effect_next_transaction))
        pins |= pin_next_transaction;
    else if (unreported && settled.link_tracks_state && !settled.state_changed &&
             !statement.has(sql::effect_session_tracking))
        pins |= pin_role;
    bool explained = explains_state_change(statement) || settled.runs_known_text;
    // Another one that is not told apart may have been before it. That a variable changed explains
    // nothing either: a routine may have set a user variable as well.
    explained = explained && !unread_.changes;
    if (settled.state_changed && !explained) pins |= pin_unexplained;
    // Not every change is reported: what a text does that nobody knows may be anything.
    if (statement.kind == sql::StatementKind::execute && !settled.runs_known_text)
        pins |= pin_unexplained;
    // Without that tracker a routine may have left anything behind.
    if (!settled.link_tracks_state && statement.kind == sql::StatementKind::call)
        pins |= pin_unexplained;
    return pins;
}

bool SessionState::may_change_held(const sql::Statement& statement) const
{
    if ((statement.effects & effects_held) != 0) return true;
    if (held_.empty()) return false;
    // A DROP TABLE may mean a temporary one, and a transaction lets go of table locks.
    return statement.kind == sql::StatementKind::ddl || statement.kind == sql::StatementKind::begin;
}

/// An ERR tells nothing of what was done before it.
void SessionState::settle_failure(const Settled& settled)
{
    if (!settled.statement) return;
    const auto& statement = *settled.statement;
    bool several = statement.statement_count > 1;
    bool runs_more = statement.kind == sql::StatementKind::call ||
                     (statement.kind == sql::StatementKind::execute && !settled.runs_known_text);
    bool leaves_some = several && (settled.may_call || (statement.effects & effects_held) != 0);
    bool did_some = leaves_some || (runs_more && !refused_at_once(settled.report->error_code));
    if (did_some) pin(pin_unexplained, settled.server);
    if (!several) return;
    if (statement.has(sql::effect_role)) pin(pin_role, settled.server);
    if (statement.has(sql::effect_next_transaction)) pin(pin_next_transaction, settled.server);
}

void SessionState::forget_server(config::ServerId server)
{
    if (transaction_on_ == server) {
        transaction_on_.reset();
        status_ &= static_cast<std::uint16_t>(~server_status::in_trans);
    }
    if (last_result_on_ == server) {
        last_result_on_.reset();
        last_result_lost_ = true;
    }
    if (found_rows_on_ == server) found_rows_on_.reset();
    found_rows_.lose(server);
    // LAST_INSERT_ID() is at least what the last OK said.
    if (!unread_.empty() && unread_.server == server) {
        if (!unread_.user_variables.empty()) is_lost_ = true;
        unread_ = {};
    }
    if (last_replica_ == server) last_replica_.reset();
    if (pin_server_ != server) return;
    pin_server_.reset();
    pins_ = pin_none;
    held_ = {};
}

bool SessionState::autocommit() const
{
    return (status_ & server_status::autocommit) != 0;
}

std::optional<config::ServerId> SessionState::pinned_to() const
{
    return (pins_ & pins_every_statement) ? pin_server_ : std::nullopt;
}

std::optional<config::ServerId> SessionState::bound_to() const
{
    return pins_ != pin_none ? pin_server_ : std::nullopt;
}

}  // namespace pointsman::proxy
