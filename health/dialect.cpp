#include "health/dialect.hpp"

#include <algorithm>
#include <charconv>

namespace pointsman::health {
namespace {

// The column order of this statement is that of `Mysql8Column` in probe_sql.cpp. One row per
// channel, one row of NULLs for a server that follows nobody. Group Replication's own channels are
// not ours. What is owned is asked before what is executed: a transaction that is committed in
// between is in one of them.
//
// Lag: the ages of the oldest transactions that wait in each place where performance_schema shows
// one: being received, being handed out by the coordinator, being applied. While SOURCE_DELAY holds
// a transaction back it shows in none of them (measured on 9.7.4), so the delay itself is read as
// well.
constexpr std::string_view mysql_8_probe =
    "SELECT @@GLOBAL.read_only, @@GLOBAL.super_read_only, @@GLOBAL.gtid_owned,"
    " @@GLOBAL.gtid_executed,"
    " c.CHANNEL_NAME, c.SOURCE_UUID, k.HOST, k.PORT, c.SERVICE_STATE, a.SERVICE_STATE,"
    " c.LAST_ERROR_MESSAGE, c.RECEIVED_TRANSACTION_SET,"
    " GTID_SUBSET(c.RECEIVED_TRANSACTION_SET, @@GLOBAL.gtid_executed),"
    " IF(c.QUEUEING_TRANSACTION <> '', TIMESTAMPDIFF(MICROSECOND,"
    " c.QUEUEING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP, NOW(6)), NULL),"
    " (SELECT MAX(TIMESTAMPDIFF(MICROSECOND, o.PROCESSING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP, "
    "NOW(6)))"
    " FROM performance_schema.replication_applier_status_by_coordinator o"
    " WHERE o.CHANNEL_NAME = c.CHANNEL_NAME AND o.PROCESSING_TRANSACTION <> ''),"
    " (SELECT MAX(TIMESTAMPDIFF(MICROSECOND, w.APPLYING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP, "
    "NOW(6)))"
    " FROM performance_schema.replication_applier_status_by_worker w"
    " WHERE w.CHANNEL_NAME = c.CHANNEL_NAME AND w.APPLYING_TRANSACTION <> ''),"
    " IF(c.LAST_QUEUED_TRANSACTION <> '', TIMESTAMPDIFF(MICROSECOND,"
    " c.LAST_QUEUED_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP, NOW(6)), NULL),"
    " f.DESIRED_DELAY,"
    " TIMESTAMPDIFF(MICROSECOND, GREATEST(c.LAST_HEARTBEAT_TIMESTAMP,"
    " c.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP,"
    " c.QUEUEING_TRANSACTION_START_QUEUE_TIMESTAMP), NOW(6)),"
    " k.HEARTBEAT_INTERVAL * 1000000, k.AUTO_POSITION"
    " FROM (SELECT 1) one"
    " LEFT JOIN performance_schema.replication_connection_status c"
    " ON c.CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'"
    " LEFT JOIN performance_schema.replication_connection_configuration k USING (CHANNEL_NAME)"
    " LEFT JOIN performance_schema.replication_applier_status a USING (CHANNEL_NAME)"
    " LEFT JOIN performance_schema.replication_applier_configuration f USING (CHANNEL_NAME)";

constexpr Dialect dialects[] = {
    {DialectKind::mysql_8, Flavour::mysql,
     "SELECT @@GLOBAL.server_uuid, @@GLOBAL.server_id, @@GLOBAL.gtid_mode,"
     " @@GLOBAL.wait_timeout, @@GLOBAL.interactive_timeout",
     mysql_8_probe,
     "SELECT CHANNEL_NAME, LAST_ERROR_MESSAGE FROM"
     " performance_schema.replication_applier_status_by_coordinator WHERE LAST_ERROR_NUMBER <> 0"
     " UNION ALL SELECT CHANNEL_NAME, LAST_ERROR_MESSAGE FROM"
     " performance_schema.replication_applier_status_by_worker WHERE LAST_ERROR_NUMBER <> 0"},
    {DialectKind::mysql_5, Flavour::mysql,
     "SELECT @@GLOBAL.server_uuid, @@GLOBAL.server_id, @@GLOBAL.gtid_mode,"
     " @@GLOBAL.wait_timeout, @@GLOBAL.interactive_timeout",
     "SELECT @@GLOBAL.read_only, @@GLOBAL.super_read_only, @@GLOBAL.gtid_owned,"
     " @@GLOBAL.gtid_executed; SHOW SLAVE STATUS",
     ""},
    {DialectKind::mariadb, Flavour::mariadb,
     "SELECT '', @@GLOBAL.server_id, 'ON', @@GLOBAL.wait_timeout, @@GLOBAL.interactive_timeout",
     "SELECT @@GLOBAL.read_only, 0, '', @@GLOBAL.gtid_current_pos; SHOW ALL SLAVES STATUS", ""},
};

const Dialect& of(DialectKind kind)
{
    return *std::ranges::find(dialects, kind, &Dialect::kind);
}

constexpr std::uint32_t first_with_commit_timestamps = 80002;

}  // namespace

const Dialect& dialect_for(std::string_view version)
{
    if (version.find("MariaDB") != version.npos) return of(DialectKind::mariadb);
    auto number = version_number(version);
    return of(number < first_with_commit_timestamps ? DialectKind::mysql_5 : DialectKind::mysql_8);
}

std::uint32_t version_number(std::string_view version)
{
    // MariaDB before 11 may put this before its own version, for old clients.
    constexpr std::string_view replication_prefix = "5.5.5-";
    if (version.starts_with(replication_prefix)) version.remove_prefix(replication_prefix.size());
    std::uint32_t number = 0;
    const char* at = version.data();
    const char* end = at + version.size();
    for (int part = 0; part < 3; ++part) {
        std::uint8_t value = 0;
        auto [rest, error] = std::from_chars(at, end, value);
        if (error != std::errc{}) return 0;
        number = number * 100 + value;
        bool more = rest != end && *rest == '.';
        if (part < 2 && !more) return 0;
        at = more ? rest + 1 : rest;
    }
    return number;
}

}  // namespace pointsman::health
