// What links have their servers report of a session's state.

#include "proxy/pool/connector.hpp"

namespace pointsman::proxy {

namespace {

/// The server then reports these variables with their values when they are set, and says of any
/// other change of state that there was one. Not '*': with it MySQL 9.7 writes statement_id, which
/// every statement changes, into every OK (measured). Unknown names give a warning only, which the
/// client would find by SHOW WARNINGS.
/// https://dev.mysql.com/doc/refman/9.7/en/session-state-tracking.html
constexpr std::string_view variables =
    "SET SESSION session_track_system_variables='auto_increment_increment,"
    "auto_increment_offset,autocommit,big_tables,block_encryption_mode,character_set_client,"
    "character_set_connection,character_set_results,character_set_server,"
    "collation_connection,collation_database,collation_server,completion_type,"
    "cte_max_recursion_depth,default_storage_engine,default_tmp_storage_engine,"
    "default_week_format,div_precision_increment,end_markers_in_json,explain_format,"
    "explicit_defaults_for_timestamp,foreign_key_checks,group_concat_max_len,gtid_next,"
    "information_schema_stats_expiry,innodb_lock_wait_timeout,innodb_strict_mode,"
    "interactive_timeout,join_buffer_size,lc_messages,lc_time_names,lock_wait_timeout,"
    "long_query_time,max_error_count,max_execution_time,max_heap_table_size,max_join_size,"
    "max_length_for_sort_data,max_sort_length,net_read_timeout,net_write_timeout,"
    "optimizer_switch,read_buffer_size,read_rnd_buffer_size,resultset_metadata,"
    "session_track_gtids,show_create_table_verbosity,sort_buffer_size,sql_auto_is_null,"
    "sql_big_selects,sql_buffer_result,sql_log_bin,sql_mode,sql_notes,sql_quote_show_create,"
    "sql_safe_updates,sql_select_limit,sql_warnings,time_zone,timestamp,tmp_table_size,"
    "transaction_isolation,transaction_read_only,unique_checks,updatable_views_with_limit,"
    "wait_timeout,windowing_use_high_precision";
constexpr std::string_view variables_before_8 = ",tx_isolation,tx_read_only";
constexpr std::string_view others =
    "',SESSION session_track_schema=ON,SESSION session_track_state_change=ON,"
    "SESSION session_track_gtids=OWN_GTID";

/// MariaDB 10.2+ refuses unknown names, and has no statement_id.
constexpr std::string_view mariadb_statement =
    "SET SESSION session_track_system_variables='*',SESSION session_track_schema=ON,"
    "SESSION session_track_state_change=ON";

constexpr std::uint32_t version_8 = 80000;

std::string joined(std::initializer_list<std::string_view> parts)
{
    std::string all;
    for (auto part : parts) all += part;
    return all;
}

}  // namespace

std::string_view tracker_statement(const BackendLink& link)
{
    static const auto mysql = joined({variables, others});
    static const auto mysql_before_8 = joined({variables, variables_before_8, others});
    if (link.is_mariadb) return mariadb_statement;
    bool is_old = link.server_version != 0 && link.server_version < version_8;
    return is_old ? mysql_before_8 : mysql;
}

net::Task<void> start_tracking(BackendLink& link)
{
    auto statement = tracker_statement(link);
    auto started = co_await run_statement(link, statement);
    link.tracks_state = started.ok();
}

net::Task<void> track_gtids_again(BackendLink& link)
{
    auto set = co_await run_statement(link, "SET SESSION session_track_gtids=OWN_GTID");
    if (!set.ok()) link.broken = true;
}

}  // namespace pointsman::proxy
