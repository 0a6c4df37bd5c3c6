// MysqlServerControl: what brings a server back that cannot follow the primary as it is.

#include "failover/mysql_server_control.hpp"

#include <utility>

namespace pointsman::failover {
namespace {

constexpr std::uint64_t most_injected_at_once = 50;
constexpr std::uint32_t not_restarted = 3707;  // it is a copy, and ends: nobody supervises it
constexpr std::uint32_t no_such_table = 1146;  // the clone plugin makes its tables

constexpr std::string_view clone_state_sql =
    "SELECT CONCAT_WS('\t', s.STATE, IFNULL(s.BEGIN_TIME, ''), IFNULL(s.SOURCE, ''),"
    " CONCAT(s.ERROR_NO, ' ', IFNULL(s.ERROR_MESSAGE, '')), IFNULL(p.STAGE, ''),"
    " IFNULL(p.ESTIMATE, 0), IFNULL(p.DATA, 0)) FROM performance_schema.clone_status s"
    " LEFT JOIN performance_schema.clone_progress p ON p.STATE = 'In Progress' LIMIT 1";
// Its tables are dropped early in a clone, and its GTIDs still say that it has them.
constexpr std::string_view hollow_sql =
    "SELECT COUNT(*) FROM performance_schema.clone_status s"
    " JOIN performance_schema.clone_progress p USING (ID)"
    " WHERE s.STATE <> 'Completed' AND p.STAGE = 'DROP DATA' AND p.STATE <> 'Not Started'";
// Without the privilege a server shows only the schemas that the account may use.
constexpr std::string_view sees_schemas_sql =
    "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SHOW "
    "DATABASES'"
    " AND REPLACE(GRANTEE, CHAR(39 USING utf8mb4), '') = CURRENT_USER()";
constexpr std::string_view own_schemas_sql =
    "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN"
    " ('mysql', 'information_schema', 'performance_schema', 'sys')";

Outcome failed(const health::MysqlError& error)
{
    bool refused = error.failure == health::MysqlFailure::server_error;
    return {refused ? OutcomeKind::refused : OutcomeKind::unknown, {}, error.text};
}

/// Each number of the set as a set of its own, as gtid_next wants it.
std::vector<std::string> one_by_one(const protocol::GtidSet& gtids)
{
    std::vector<std::string> each;
    for (const auto& source : gtids.sources())
        for (const auto& interval : source.intervals)
            for (auto number = interval.first; number <= interval.last; ++number) {
                protocol::GtidSet one;
                one.add(source.uuid, source.tag, {number, number});
                each.push_back(one.to_string());
            }
    return each;
}

}  // namespace

/// A GTID that the server has already is passed over by the server itself, so it may be done twice.
Outcome MysqlServerControl::inject_empty(const Order& order)
{
    auto gtids = protocol::GtidSet::parse(order.gtids);
    if (!gtids) return {OutcomeKind::refused, {}, "its GTIDs cannot be read"};
    // gtid_next makes transactions on a read-only server, too (measured on 9.7).
    auto read_only = run(main_, "SELECT @@GLOBAL.super_read_only", order.within);
    if (!read_only.ok()) return read_only;
    if (read_only.answer != "0") return {OutcomeKind::refused, {}, "it takes no writes"};
    Outcome outcome{OutcomeKind::done, {}, {}};
    std::string sql;
    std::uint64_t collected = 0;
    auto send = [&] {
        outcome = run(main_, sql + "SET gtid_next = 'AUTOMATIC'", order.within);
        sql.clear();
        collected = 0;
        if (!outcome.ok() && main_) main_->close();  // whatever it is in the middle of
        return outcome.ok();
    };
    for (const auto& gtid : one_by_one(*gtids)) {
        sql += "SET gtid_next = '" + gtid + "'; BEGIN; COMMIT; ";
        if (++collected == most_injected_at_once && !send()) return outcome;
    }
    if (collected > 0) send();
    return outcome;
}

/// Of a clone that did not end nothing may be followed but another clone.
Outcome MysqlServerControl::cannot_follow(milliseconds within)
{
    if (auto error = connect(main_, within)) return failed(*error);
    auto found = main_->query(hollow_sql, within);
    if (!found && found.error().code == no_such_table) return {OutcomeKind::done, {}, {}};
    if (!found) return failed(found.error());
    bool hollow = !found->empty() && !found->front().rows.empty() &&
                  found->front().rows.front().front().value_or("0") != "0";
    if (hollow)
        return {OutcomeKind::refused, {}, "a clone into it did not end: it may have no data left"};
    return {OutcomeKind::done, {}, {}};
}

Outcome MysqlServerControl::clone_state(milliseconds within)
{
    if (auto error = connect(main_, within)) return failed(*error);
    auto found = main_->query(clone_state_sql, within);
    if (!found && found.error().code == no_such_table) return {OutcomeKind::done, {}, {}};
    if (!found) return failed(found.error());
    bool any = !found->empty() && !found->front().rows.empty();
    return {OutcomeKind::done, any ? found->front().rows.front().front().value_or("") : "", {}};
}

/// The server goes on when the connection is closed (measured on 9.7), so no thread of ours waits
/// for hours: late means begun. It replicates from nobody meanwhile, so that nobody promotes it.
Outcome MysqlServerControl::clone(const Order& order)
{
    if (order.verb == Verb::clone_new) {
        auto sees = run(main_, sees_schemas_sql, order.within);
        if (!sees.ok()) return sees;
        if (sees.answer == "0")
            return {OutcomeKind::refused,
                    {},
                    "whether it holds data is not seen without SHOW DATABASES"};
        auto schemas = run(main_, own_schemas_sql, order.within);
        if (!schemas.ok()) return schemas;
        if (schemas.answer != "0") return {OutcomeKind::refused, {}, "it holds data"};
    }
    auto read_only = run(main_, "SELECT @@GLOBAL.read_only", order.within);
    if (!read_only.ok()) return read_only;
    if (read_only.answer != "1") return {OutcomeKind::refused, {}, "it takes writes"};
    auto donor = order.source.host + ":" + std::to_string(order.source.port);
    auto allowed = run(main_, "SET GLOBAL clone_valid_donor_list = " + quoted(donor), order.within);
    if (!allowed.ok()) return allowed;
    auto stopped = stop_replication(order.within);
    if (!stopped.ok()) return stopped;
    // With super_read_only it would fail at the first table that it drops.
    auto ready = run_all({"RESET REPLICA ALL", "SET GLOBAL super_read_only = OFF"}, order.within);
    if (!ready.ok()) return ready;
    if (auto error = connect(spare_, order.within)) return failed(*error);
    auto sql = "CLONE INSTANCE FROM " + quoted(access_.user) + "@" + quoted(order.source.host) +
               ":" + std::to_string(order.source.port) + " IDENTIFIED BY " +
               quoted(access_.password) + (requires_tls(access_.tls) ? " REQUIRE SSL" : "");
    auto cloned = spare_->query(sql, order.within);
    if (cloned) return {OutcomeKind::done, {}, {}};
    auto outcome = failed(cloned.error());
    if (cloned.error().code == not_restarted) outcome.kind = OutcomeKind::unknown;
    if (outcome.kind != OutcomeKind::refused) return outcome;
    (void)run(main_, "SET GLOBAL super_read_only = ON", order.within);
    return outcome;
}

}  // namespace pointsman::failover
