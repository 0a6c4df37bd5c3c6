#include "failover/survey.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <utility>

namespace pointsman::failover {
namespace {

// One line for each variable; a plugin that is not loaded has none.
constexpr std::string_view survey_statement =
    "SELECT IFNULL(GROUP_CONCAT(CONCAT(VARIABLE_NAME, '=', VARIABLE_VALUE) SEPARATOR '\\n'), '')"
    " FROM (SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables"
    " WHERE VARIABLE_NAME IN ('log_bin', 'log_replica_updates', 'log_slave_updates',"
    " 'rpl_semi_sync_source_enabled', 'rpl_semi_sync_source_timeout',"
    " 'rpl_semi_sync_source_wait_for_replica_count', 'rpl_semi_sync_replica_enabled')"
    " UNION ALL SELECT 'filters', COUNT(*) FROM"
    " performance_schema.replication_applier_global_filters"
    " UNION ALL SELECT 'uptime', VARIABLE_VALUE FROM performance_schema.global_status"
    " WHERE VARIABLE_NAME = 'Uptime'"
    // Measured on 9.7: DYNAMIC from the first SET GLOBAL or SET PERSIST until the server restarts.
    " UNION ALL SELECT 'read_only_set', COUNT(*) FROM performance_schema.variables_info"
    " WHERE VARIABLE_NAME IN ('read_only', 'super_read_only') AND VARIABLE_SOURCE = 'DYNAMIC'"
    // Writes that have waited for a second; a late one of a long statement is told from a stall by
    // the GTIDs, which move. A full disk shows in the log only, which repeats it every ten minutes.
    " UNION ALL SELECT CONCAT('stall.', CASE"
    " WHEN PROCESSLIST_STATE LIKE 'Waiting for semi-sync ACK%' THEN 'semi_sync'"
    " WHEN PROCESSLIST_STATE <> 'waiting for handler commit' THEN 'lock'"
    " WHEN EXISTS (SELECT 1 FROM performance_schema.error_log WHERE ERROR_CODE = 'MY-000035'"
    " AND LOGGED > NOW(6) - INTERVAL 11 MINUTE) THEN 'disk_full' ELSE 'commit' END) AS cause,"
    " COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_TIME >= 1"
    " AND PROCESSLIST_COMMAND IN ('Query', 'Execute')"
    " AND (PROCESSLIST_STATE LIKE 'Waiting for semi-sync ACK%' OR PROCESSLIST_STATE IN"
    " ('waiting for handler commit', 'Waiting for global read lock', 'Waiting for commit lock'))"
    " GROUP BY cause) v";

Stall stall_in(std::string_view name)
{
    constexpr std::array<std::pair<std::string_view, Stall>, 4> words{
        {{"stall.commit", Stall::commit},
         {"stall.lock", Stall::lock},
         {"stall.disk_full", Stall::disk_full},
         {"stall.semi_sync", Stall::semi_sync}}};
    const auto* at = std::ranges::find(words, name, &decltype(words)::value_type::first);
    return at == words.end() ? Stall::none : at->second;
}

}  // namespace

std::string_view survey_sql()
{
    return survey_statement;
}

Survey parse_survey(std::string_view text)
{
    constexpr std::uint64_t a_day_ms = 86'400'000;
    Survey survey;
    survey.known = true;
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        auto equals = line.find('=');
        if (equals == line.npos) continue;
        auto name = line.substr(0, equals);
        auto value = std::string(line.substr(equals + 1));
        bool on = value == "ON" || value == "1";
        if (name == "log_bin") survey.log_bin = on;
        if (name == "log_replica_updates") survey.log_replica_updates = on;
        if (name == "filters") survey.filters = value != "0";
        if (name == "read_only_set") survey.read_only_since_start = value == "0";
        if (name == "rpl_semi_sync_source_enabled") {
            survey.semi_sync_plugin = true;
            survey.semi_sync_source = on;
        }
        if (name == "rpl_semi_sync_replica_enabled") survey.semi_sync_replica = on;
        survey.stall = std::max(survey.stall, stall_in(name));
        auto number = std::strtoull(value.c_str(), nullptr, 10);
        if (name == "uptime") survey.uptime = std::chrono::seconds(number);
        if (name == "rpl_semi_sync_source_timeout") survey.semi_sync_lossless = number >= a_day_ms;
        if (name == "rpl_semi_sync_source_wait_for_replica_count")
            survey.acks_wanted = static_cast<std::uint32_t>(number);
    }
    return survey;
}

}  // namespace pointsman::failover
