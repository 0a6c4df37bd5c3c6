#include "failover/mysql_server_control.hpp"

#include "failover/settings.hpp"
#include "failover/survey.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::failover {
namespace {

using health::MysqlError;
using health::MysqlFailure;
using health::ResultSets;

constexpr std::string_view positions_sql =
    "SELECT CONCAT(@@GLOBAL.gtid_executed, IFNULL((SELECT GROUP_CONCAT(CONCAT(',',"
    " RECEIVED_TRANSACTION_SET) SEPARATOR '') FROM performance_schema.replication_connection_status"
    " WHERE RECEIVED_TRANSACTION_SET <> '' AND CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'),"
    " ''))";

// Behind the variables: what the next start brings, the channel, and the account's own privileges.
constexpr std::string_view more_settings_sql =
    " UNION ALL SELECT CONCAT('boot.', i.VARIABLE_NAME), CASE WHEN p.VARIABLE_VALUE IS NOT NULL"
    " THEN p.VARIABLE_VALUE WHEN i.VARIABLE_SOURCE = 'DYNAMIC' THEN 'unknown' ELSE"
    " v.VARIABLE_VALUE END FROM performance_schema.variables_info i"
    " JOIN performance_schema.global_variables v USING (VARIABLE_NAME)"
    " LEFT JOIN performance_schema.persisted_variables p USING (VARIABLE_NAME)"
    " WHERE i.VARIABLE_NAME IN ('super_read_only', 'rpl_semi_sync_source_enabled')"
    " UNION ALL SELECT 'channel.heartbeat', HEARTBEAT_INTERVAL + 0.0"
    " FROM performance_schema.replication_connection_configuration"
    " UNION ALL SELECT 'channel.auto_position', AUTO_POSITION + 0"
    " FROM performance_schema.replication_connection_configuration"
    " UNION ALL SELECT 'channel.retry_interval', CONNECTION_RETRY_INTERVAL"
    " FROM performance_schema.replication_connection_configuration"
    " UNION ALL SELECT 'channel.retry_count', CONNECTION_RETRY_COUNT"
    " FROM performance_schema.replication_connection_configuration"
    " UNION ALL SELECT CONCAT('grant.', PRIVILEGE_TYPE), 'yes'"
    " FROM information_schema.USER_PRIVILEGES WHERE REPLACE(GRANTEE, CHAR(39 USING utf8mb4), '') = "
    "CURRENT_USER()"
    " UNION ALL SELECT 'roles', CURRENT_ROLE()";
constexpr std::string_view tune_sql =
    "CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 0.1, SOURCE_CONNECT_RETRY = 1,"
    " SOURCE_RETRY_COUNT = 86400";
constexpr std::string_view stop_receiver_sql = "STOP REPLICA IO_THREAD";
constexpr std::string_view start_receiver_sql = "START REPLICA IO_THREAD";
constexpr std::string_view writable_sql =
    "SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF";
constexpr std::string_view semi_sync_writable_sql =
    "SET GLOBAL rpl_semi_sync_source_enabled = ON, GLOBAL super_read_only = OFF,"
    " GLOBAL read_only = OFF";
// lock_wait_timeout: should this process die while the statement waits, it gives up by itself.
constexpr std::string_view read_only_sql =
    "SET SESSION lock_wait_timeout = 1; SET GLOBAL super_read_only = ON";

// What would be lost, hang or go on after the fence: prepared XA transactions can be committed on a
// read-only server, DDL cannot be undone, and a lock on tables blocks the fence.
constexpr std::string_view long_statements_sql =
    "SELECT CONCAT('statement ', ID, ' runs since ', TIME, ' s: ', LEFT(IFNULL(STATE, ''), 40))"
    " FROM performance_schema.processlist WHERE COMMAND = 'Query' AND TIME >= 5"
    " AND ID <> CONNECTION_ID() AND (INFO IS NULL OR INFO NOT LIKE 'SELECT%') LIMIT 3";
constexpr std::string_view open_transactions_sql =
    "SELECT p.ID FROM performance_schema.processlist p JOIN information_schema.innodb_trx t"
    " ON t.trx_mysql_thread_id = p.ID WHERE p.COMMAND = 'Sleep' AND p.ID <> CONNECTION_ID()";

// Accounts of the server itself, replicas and this connection stay.
constexpr std::string_view clients_sql =
    "SELECT ID FROM performance_schema.processlist WHERE ID <> CONNECTION_ID()"
    " AND USER NOT IN ('system user', 'event_scheduler', SUBSTRING_INDEX(CURRENT_USER(), '@', 1))"
    " AND COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')";

// The coordinator of an applier that holds, or will find in its relay log, a transaction which has
// not been executed: with all that was received executed, one that was received in part.
constexpr std::string_view half_applied_sql =
    "SELECT t.PROCESSLIST_ID FROM performance_schema.threads t"
    " JOIN performance_schema.replication_applier_status_by_coordinator c USING (THREAD_ID)"
    " WHERE t.PROCESSLIST_ID IS NOT NULL AND c.CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'"
    " AND EXISTS (SELECT 1 FROM (SELECT CHANNEL_NAME, PROCESSING_TRANSACTION AS gtid"
    " FROM performance_schema.replication_applier_status_by_coordinator UNION ALL"
    " SELECT CHANNEL_NAME, APPLYING_TRANSACTION"
    " FROM performance_schema.replication_applier_status_by_worker UNION ALL"
    " SELECT CHANNEL_NAME, QUEUEING_TRANSACTION"
    " FROM performance_schema.replication_connection_status) held"
    " WHERE held.CHANNEL_NAME = c.CHANNEL_NAME AND held.gtid LIKE '%:%' AND NOT"
    " GTID_SUBSET(IF(held.gtid LIKE '%:%', held.gtid, ''), @@GLOBAL.gtid_executed))";
constexpr std::string_view coordinators_sql =
    "SELECT t.PROCESSLIST_ID FROM performance_schema.threads t"
    " JOIN performance_schema.replication_applier_status_by_coordinator c USING (THREAD_ID)"
    " WHERE t.PROCESSLIST_ID IS NOT NULL"
    " AND c.CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'";
constexpr std::string_view auto_position_sql =
    "SELECT COUNT(*) = 1 AND MIN(AUTO_POSITION) = '1'"
    " FROM performance_schema.replication_connection_configuration"
    " WHERE CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'";

/// What is being applied as a whole usually ends within this.
constexpr milliseconds stop_patience{1'000};

Outcome failed(const MysqlError& error)
{
    bool refused = error.failure == MysqlFailure::server_error;
    return {refused ? OutcomeKind::refused : OutcomeKind::unknown, {}, error.text};
}

std::string first_value(const ResultSets& sets)
{
    for (const auto& set : sets)
        for (const auto& row : set.rows)
            for (const auto& field : row) return field.value_or("");
    return {};
}

std::string joined(const ResultSets& sets)
{
    std::string text;
    for (const auto& set : sets)
        for (const auto& row : set.rows)
            if (!row.empty() && row[0]) text += (text.empty() ? "" : "; ") + *row[0];
    return text;
}

/// Verbs that are one statement.
std::string_view statement_for(Verb verb)
{
    switch (verb) {
        case Verb::survey:
            return survey_sql();
        case Verb::new_binary_log:
            return "FLUSH LOCAL BINARY LOGS";
        case Verb::positions:
            return positions_sql;
        case Verb::executed:
            return "SELECT @@GLOBAL.gtid_executed";
        case Verb::start_receiver:
            return start_receiver_sql;
        case Verb::make_writable:
            return writable_sql;
        case Verb::stop_semi_sync:
            return "SET GLOBAL rpl_semi_sync_source_enabled = OFF";
        default:
            return {};
    }
}

}  // namespace

std::string quoted(std::string_view text)
{
    std::string out = "'";
    for (char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

bool requires_tls(const config::ServerTls& tls)
{
    return tls.mode == config::ServerTlsMode::required ||
           tls.mode == config::ServerTlsMode::verify_ca ||
           tls.mode == config::ServerTlsMode::verify_identity;
}

ControlAccess access_of(const config::Config& config)
{
    const auto& own = config.failover;
    bool borrowed = own.user.empty();
    return {borrowed ? config.monitor.user : own.user,
            borrowed ? config.monitor.password.value : own.password.value,
            own.replication_user,
            own.replication_password.value,
            config.server_tls,
            config.probe.connect_timeout};
}

MysqlServerControl::MysqlServerControl(config::Endpoint address, ControlAccess access)
    : address_(std::move(address)), access_(std::move(access))
{
}

Outcome MysqlServerControl::perform(const Order& order)
{
    // Both connections are kept alive by what is asked every few seconds.
    if (order.verb == Verb::survey) (void)run(spare_, "DO 1", order.within);
    if (auto sql = statement_for(order.verb); !sql.empty()) return run(main_, sql, order.within);
    switch (order.verb) {
        case Verb::settings:
            return read_settings(order.within);
        case Verb::set_variable:
            return set_variable(order);
        case Verb::tune_receiver:
            return run_all({std::string(stop_receiver_sql), std::string(tune_sql),
                            std::string(start_receiver_sql)},
                           order.within);
        case Verb::find_blockers:
            return find_blockers(order.within);
        case Verb::wait_executed:
            return wait_executed(order);
        case Verb::stop_receiver:
            return run_all({std::string(stop_receiver_sql), std::string(positions_sql)},
                           order.within);
        case Verb::restart_receiver:
            return run_all({std::string(stop_receiver_sql), std::string(start_receiver_sql),
                            "SELECT SLEEP(0.1)",
                            "SELECT SERVICE_STATE FROM"
                            " performance_schema.replication_connection_status"
                            " WHERE CHANNEL_NAME NOT LIKE 'group\\_replication\\_%' LIMIT 1"},
                           order.within);
        case Verb::inject_empty:
            return inject_empty(order);
        case Verb::restart_replication:
            return run_all({"STOP REPLICA", "START REPLICA"}, order.within);
        case Verb::clone:
        case Verb::clone_new:
            return clone(order);
        case Verb::clone_state:
            return clone_state(order.within);
        case Verb::follow:
            return follow(order);
        case Verb::repoint:
            return repoint(order);
        case Verb::make_read_only:
            return make_read_only(order.within);
        case Verb::promote:
            return promote(writable_sql, order.within);
        case Verb::promote_semi_sync:
            return promote(semi_sync_writable_sql, order.within);
        case Verb::end_transactions:
            return kill_all(open_transactions_sql, order.within);
        case Verb::cut_clients:
            return kill_all(clients_sql, order.within);
        case Verb::lacking:
            return run(main_,
                       "SELECT GTID_SUBTRACT(" + quoted(order.gtids) + ", @@GLOBAL.gtid_executed)",
                       order.within);
        case Verb::forget_source: {
            auto stopped = stop_replication(order.within);
            return stopped.ok() ? run(main_, "RESET REPLICA ALL", order.within) : stopped;
        }
        default:
            break;
    }
    return {OutcomeKind::refused, {}, "unknown order"};
}

std::optional<MysqlError> MysqlServerControl::connect(Connection& connection, milliseconds within)
{
    if (connection && connection->is_open()) return std::nullopt;
    health::ConnectOptions options{address_, access_.user, access_.password, access_.tls,
                                   std::min(access_.connect_timeout, within)};
    auto opened = health::MysqlConnection::connect(options);
    if (!opened) return opened.error();
    connection = std::move(*opened);
    auto id = connection->query("SELECT CONNECTION_ID()", within);
    if (!id) return id.error();
    if (&connection == &main_) main_id_ = first_value(*id);
    return std::nullopt;
}

Outcome MysqlServerControl::run(Connection& connection, std::string_view sql, milliseconds within)
{
    if (auto error = connect(connection, within)) {
        // Nothing was sent yet: whatever was asked for was certainly not done.
        auto outcome = failed(*error);
        outcome.kind = OutcomeKind::refused;
        return outcome;
    }
    auto answer = connection->query(sql, within);
    // Whatever is asked for here may be done twice. A connection that had gone costs no takeover.
    bool again =
        !answer && answer.error().failure == MysqlFailure::lost && !connect(connection, within);
    if (again) answer = connection->query(sql, within);
    if (!answer) return failed(answer.error());
    return {OutcomeKind::done, first_value(*answer), {}};
}

/// One after the other until one fails; the last one's answer.
Outcome MysqlServerControl::run_all(std::initializer_list<std::string> statements,
                                    milliseconds within)
{
    Outcome outcome;
    bool any_done = false;
    for (const auto& sql : statements) {
        outcome = run(main_, sql, within);
        if (!outcome.ok()) {
            // The connection may have gone between two: the first ones were done.
            if (any_done && !main_->is_open()) outcome.kind = OutcomeKind::unknown;
            return outcome;
        }
        any_done = true;
    }
    return outcome;
}

/// While it waits for running statements, other writes wait behind it: late, it is killed.
Outcome MysqlServerControl::make_read_only(milliseconds within)
{
    constexpr milliseconds to_kill{500};
    if (auto error = connect(spare_, access_.connect_timeout)) return failed(*error);
    auto outcome = run(main_, read_only_sql, within);
    if (outcome.kind != OutcomeKind::unknown) return outcome;
    (void)run(spare_, "KILL " + main_id_, to_kill);
    outcome.error =
        "it does not become read-only in time (running statements hold it up): " + outcome.error;
    return outcome;
}

/// STOP REPLICA waits a minute for the rest of a transaction that was received in part, even when
/// nobody will ever send it (measured on 9.7 with several applier workers: 61 s). When it takes
/// long, the applier's coordinator is killed, which rolls the part back and loses nothing.
Outcome MysqlServerControl::stop_replication(milliseconds within)
{
    auto outcome = run(main_, "STOP REPLICA", std::min(within, stop_patience));
    if (outcome.kind != OutcomeKind::unknown) return outcome;
    auto killed = kill_all(coordinators_sql, within);
    if (!killed.ok()) return killed;
    outcome = run(main_, "STOP REPLICA", within);
    if (!outcome.ok() && killed.answer == "0")
        outcome.error +=
            "; it may wait for a transaction received in part, which SYSTEM_USER is "
            "needed to end";
    return outcome;
}

/// The server has executed all that it received as a whole. A transaction received in part would
/// hold STOP REPLICA SQL_THREAD up (see stop_replication) and keep its row locks: it is rolled back
/// while clients work. Without the right to kill its applier (SYSTEM_USER) it keeps them for long.
Outcome MysqlServerControl::promote(std::string_view open_sql, milliseconds within)
{
    auto coordinator = run(main_, half_applied_sql, within);
    if (!coordinator.ok()) return coordinator;
    if (!coordinator.answer.empty()) {
        (void)run(main_, "KILL " + coordinator.answer, within);
        return run(main_, open_sql, within);
    }
    return run_all({"STOP REPLICA SQL_THREAD", std::string(open_sql)}, within);
}

Outcome MysqlServerControl::follow(const Order& order)
{
    if (auto hollow = cannot_follow(order.within); !hollow.ok()) return hollow;
    auto stopped = stop_replication(order.within);
    if (!stopped.ok()) return stopped;
    return change_source(order, ", SOURCE_AUTO_POSITION = 1");
}

/// The applier is not stopped: that could take long (see stop_replication), and the server keeps
/// its relay logs only while the applier runs. A part of a transaction is sent again as a whole.
Outcome MysqlServerControl::repoint(const Order& order)
{
    auto by_gtid = run(main_, auto_position_sql, order.within);
    if (!by_gtid.ok()) return by_gtid;
    if (by_gtid.answer != "1") return follow(order);
    auto stopped = run(main_, stop_receiver_sql, order.within);
    return stopped.ok() ? change_source(order, "") : stopped;
}

/// The credentials are given anew: what a replica keeps of them may be of another source.
Outcome MysqlServerControl::change_source(const Order& order, std::string_view options)
{
    std::string sql = "CHANGE REPLICATION SOURCE TO SOURCE_HOST = " + quoted(order.source.host) +
                      ", SOURCE_PORT = " + std::to_string(order.source.port);
    if (!access_.replication_user.empty())
        sql += ", SOURCE_USER = " + quoted(access_.replication_user) +
               ", SOURCE_PASSWORD = " + quoted(access_.replication_password);
    sql += ", GET_SOURCE_PUBLIC_KEY = 1, SOURCE_SSL = ";
    sql += requires_tls(access_.tls) ? "1" : "0";
    sql += options;
    sql += ", SOURCE_HEARTBEAT_PERIOD = 0.1, SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 86400";
    auto changed = run(main_, sql, order.within);
    if (!changed.ok()) {
        // The server's message may quote the statement; the secret must not travel with it.
        changed.error = "CHANGE REPLICATION SOURCE failed";
        return changed;
    }
    return run(main_, "START REPLICA", order.within);
}

Outcome MysqlServerControl::wait_executed(const Order& order)
{
    auto seconds = std::to_string(static_cast<double>(order.within.count()) / 1000);
    auto sql = "SELECT WAIT_FOR_EXECUTED_GTID_SET(" + quoted(order.gtids) + ", " + seconds + ")";
    constexpr milliseconds to_answer{200};
    auto outcome = run(main_, sql, order.within + to_answer);
    if (outcome.ok() && outcome.answer != "0")
        return {OutcomeKind::refused, {}, "it does not catch up in time"};
    return outcome;
}

/// Kills the connections whose ids the query gives; the answer: how many.
Outcome MysqlServerControl::kill_all(std::string_view ids_sql, milliseconds within)
{
    if (auto error = connect(main_, within)) return failed(*error);
    auto found = main_->query(ids_sql, within);
    if (!found) return failed(found.error());
    std::size_t killed = 0;
    for (const auto& set : *found)
        for (const auto& row : set.rows) {
            if (row.empty() || !row[0]) continue;
            if (run(main_, "KILL " + *row[0], within).ok()) ++killed;
        }
    return {OutcomeKind::done, std::to_string(killed), {}};
}

Outcome MysqlServerControl::find_blockers(milliseconds within)
{
    if (auto error = connect(main_, within)) return failed(*error);
    auto prepared = main_->query("XA RECOVER", within);
    if (!prepared) return failed(prepared.error());
    if (!prepared->empty() && !prepared->front().rows.empty())
        return {OutcomeKind::done, "there are prepared XA transactions (XA RECOVER)", {}};
    auto running = main_->query(long_statements_sql, within);
    if (!running) return failed(running.error());
    return {OutcomeKind::done, joined(*running), {}};
}

Outcome MysqlServerControl::read_settings(milliseconds within)
{
    std::string sql =
        "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema."
        "global_variables WHERE VARIABLE_NAME IN ('boot'";
    for (auto name : advised_variables()) sql += ", " + quoted(name);
    sql += ")";
    sql += more_settings_sql;
    if (auto error = connect(main_, within)) return failed(*error);
    auto found = main_->query(sql, within);
    if (!found) return failed(found.error());
    std::string lines;
    for (const auto& set : *found)
        for (const auto& row : set.rows)
            if (row.size() == 2 && row[0]) lines += *row[0] + "=" + row[1].value_or("") + "\n";
    return {OutcomeKind::done, std::move(lines), {}};
}

Outcome MysqlServerControl::set_variable(const Order& order)
{
    auto known = advised_variables();
    if (std::ranges::find(known, order.setting) == known.end())
        return {OutcomeKind::refused, {}, order.setting + " is none that is ever set here"};
    bool is_number = std::ranges::all_of(order.value, [](char c) { return c >= '0' && c <= '9'; });
    auto value = is_number ? order.value : quoted(order.value);
    return run(main_, "SET GLOBAL " + order.setting + " = " + value, order.within);
}

}  // namespace pointsman::failover
