#include "protocol/sql/functions.hpp"

#include "protocol/sql/folded_table.hpp"

#include <span>

namespace pointsman::protocol::sql {

namespace {

// Servers, for FunctionTraits::servers.
enum ServerBit : std::uint8_t { mysql_5_7 = 1, mysql_8 = 2, mysql_9 = 4, mariadb = 8 };

std::uint8_t server_bit(const Dialect& dialect)
{
    if (dialect.mariadb) return mariadb;
    if (dialect.server_version >= 90000) return mysql_9;
    return dialect.server_version >= 80000 ? mysql_8 : mysql_5_7;
}

// Lists read better filled than one name per line.
// clang-format off

// Keywords after which ( opens an expression, a list or a subquery. None can be called as a
// function.
constexpr std::string_view keywords_before_parenthesis[] = {
    "against", "all", "and", "any", "as", "asc", "between", "both", "by", "case", "columns",
    "cube", "desc", "distinct", "distinctrow", "div", "else", "escape", "except", "exists",
    "explain", "from", "group", "having", "high_priority", "in", "index", "intersect", "join",
    "key", "lateral", "leading", "like", "lock", "match", "not", "of", "on", "or", "outfile",
    "over", "partition", "qualify", "recursive", "regexp", "returning", "rlike", "rollup",
    "select", "some", "sql_big_result", "sql_buffer_result", "sql_cache", "sql_calc_found_rows",
    "sql_no_cache", "sql_small_result", "straight_join", "table", "then", "trailing", "union",
    "unique", "using", "value", "when", "where", "window", "with", "xor",
};

// Types, as in CAST(x AS CHAR(10)) and JSON_TABLE's columns.
constexpr std::string_view type_names[] = {
    "bit", "bigint", "blob", "character", "datetime", "dec", "decimal", "double", "fixed",
    "float", "int", "integer", "longtext", "mediumint", "national", "nchar", "numeric",
    "nvarchar", "precision", "real", "smallint", "text", "tinyint", "varbinary", "varchar",
    "varying", "vector",
};

// Native everywhere, reading their arguments and nothing else, or the clock, or what every link of
// a session shares (user, schema, character set).
constexpr std::string_view pure_functions[] = {
    "ascii", "bin", "bit_length", "char", "char_length", "character_length", "compress", "concat",
    "concat_ws", "conv", "elt", "export_set", "field", "find_in_set", "format", "from_base64",
    "hex", "insert", "instr", "lcase", "left", "length", "locate", "lower", "lpad", "ltrim",
    "make_set", "oct", "octet_length", "ord", "quote", "repeat", "replace", "reverse", "right",
    "rpad", "rtrim", "soundex", "space", "strcmp", "substring_index", "to_base64", "ucase",
    "uncompress", "uncompressed_length", "unhex", "upper", "weight_string", "regexp_instr",
    "regexp_replace", "regexp_substr", "extractvalue", "updatexml", "charset", "coercibility",
    "collation", "abs", "acos", "asin", "atan", "atan2", "ceil", "ceiling", "cos", "cot", "crc32",
    "degrees", "exp", "floor", "greatest", "least", "ln", "log", "log10", "log2", "mod", "pi",
    "pow", "power", "radians", "rand", "round", "sign", "sin", "sqrt", "tan", "truncate",
    "bit_count", "interval", "cast", "coalesce", "convert", "default", "if", "ifnull", "isnull",
    "name_const", "nullif", "row", "values", "binary", "is_ipv4", "is_ipv4_compat",
    "is_ipv4_mapped", "is_ipv6", "inet_aton", "inet_ntoa", "inet6_aton", "inet6_ntoa", "uuid",
    "benchmark", "to_seconds", "addtime", "convert_tz", "current_date", "current_time",
    "current_timestamp", "date", "date_format", "datediff", "day", "dayname", "dayofmonth",
    "dayofweek", "dayofyear", "from_days", "from_unixtime", "get_format", "hour", "last_day",
    "localtime", "localtimestamp", "makedate", "maketime", "microsecond", "minute", "month",
    "monthname", "period_add", "period_diff", "quarter", "sec_to_time", "second", "str_to_date",
    "subtime", "time", "time_format", "time_to_sec", "timediff", "timestamp", "timestampadd",
    "timestampdiff", "to_days", "unix_timestamp", "utc_date", "utc_time", "utc_timestamp", "week",
    "weekday", "weekofyear", "year", "yearweek", "aes_decrypt", "aes_encrypt", 
    "random_bytes", "sha2", "current_user", "database", "schema", "user", "avg",
    "json_arrayagg", "json_objectagg", "json_array", "json_array_append", "json_array_insert",
    "json_contains", "json_contains_path", "json_depth", "json_extract", "json_insert", "json_keys",
    "json_length", "json_merge", "json_merge_patch", "json_merge_preserve", "json_object",
    "json_pretty", "json_quote", "json_remove", "json_replace", "json_search", "json_set",
    "json_type", "json_unquote", "json_valid", "geometrycollection", "linestring", "mbrcontains",
    "mbrdisjoint", "mbrequals", "mbrintersects", "mbroverlaps", "mbrtouches", "mbrwithin",
    "multilinestring", "multipoint", "multipolygon", "point", "polygon", "st_area", "st_asbinary",
    "st_asgeojson", "st_astext", "st_aswkb", "st_aswkt", "st_buffer", "st_centroid", "st_contains",
    "st_convexhull", "st_crosses", "st_difference", "st_dimension", "st_disjoint", "st_distance",
    "st_distance_sphere", "st_endpoint", "st_envelope", "st_equals", "st_exteriorring",
    "st_geomcollfromtext", "st_geomcollfromwkb", "st_geometrycollectionfromtext",
    "st_geometrycollectionfromwkb", "st_geometryfromtext", "st_geometryfromwkb", "st_geometryn",
    "st_geometrytype", "st_geomfromgeojson", "st_geomfromtext", "st_geomfromwkb",
    "st_interiorringn", "st_intersection", "st_intersects", "st_isclosed", "st_isempty",
    "st_issimple", "st_length", "st_linefromtext", "st_linefromwkb", "st_linestringfromtext",
    "st_linestringfromwkb", "st_mlinefromtext", "st_mlinefromwkb", "st_mpointfromtext",
    "st_mpointfromwkb", "st_mpolyfromtext", "st_mpolyfromwkb", "st_multilinestringfromtext",
    "st_multilinestringfromwkb", "st_multipointfromtext", "st_multipointfromwkb",
    "st_multipolygonfromtext", "st_multipolygonfromwkb", "st_numgeometries", "st_numinteriorring",
    "st_numinteriorrings", "st_numpoints", "st_overlaps", "st_pointfromtext", "st_pointfromwkb",
    "st_pointn", "st_polyfromtext", "st_polyfromwkb", "st_polygonfromtext", "st_polygonfromwkb",
    "st_srid", "st_startpoint", "st_symdifference", "st_touches", "st_union", "st_within", "st_x",
    "st_y",
};

constexpr std::string_view of_mysql[] = {
    "any_value", "gtid_subset", "gtid_subtract", "mbrcoveredby", "mbrcovers", "st_buffer_strategy",
    "st_geohash", "st_isvalid", "st_latfromgeohash", "st_longfromgeohash", "st_makeenvelope",
    "st_pointfromgeohash", "st_simplify", "st_validate", "validate_password_strength",
    "st_geomcollfromtxt",
};

constexpr std::string_view since_mysql_8[] = {
    "bin_to_uuid", "format_bytes", "format_pico_time", "geomcollection", "grouping", "is_uuid",
    "json_schema_validation_report", "json_storage_free", "json_storage_size", "regexp_like",
    "st_collect", "st_frechetdistance", "st_hausdorffdistance", "st_latitude",
    "st_lineinterpolatepoint", "st_lineinterpolatepoints", "st_longitude", "st_pointatdistance",
    "st_swapxy", "st_transform", "statement_digest", "statement_digest_text", "uuid_to_bin",
};

constexpr std::string_view since_mysql_8_and_mariadb[] = {
    "cume_dist", "dense_rank", "first_value", "json_overlaps", "json_schema_valid", "json_table",
    "json_value", "lag", "last_value", "lead", "nth_value", "ntile", "percent_rank", "rank",
    "row_number",
};

constexpr std::string_view since_mysql_9[] = {
    "current_user_in", "from_vector", "json_duality_object", "string_to_vector", "to_vector",
    "vector_dim", "vector_to_string",
};

// A component's since MySQL 9.6, and only where it is installed.
constexpr std::string_view until_mysql_8_and_mariadb[] = {
    "md5", "sha", "sha1",
};

// Gone from MySQL 8: there they are free for stored functions.
constexpr std::string_view until_mysql_5_7_and_mariadb[] = {
    "area", "asbinary", "astext", "aswkb", "aswkt", "buffer", "centroid", "contains", "convexhull",
    "crosses", "decode", "des_decrypt", "des_encrypt", "dimension", "disjoint", "encode", "encrypt",
    "endpoint", "envelope", "equals", "exteriorring", "geomcollfromtext", "geomcollfromwkb",
    "geometrycollectionfromtext", "geometrycollectionfromwkb", "geometryfromtext",
    "geometryfromwkb", "geometryn", "geometrytype", "geomfromtext", "geomfromwkb", "glength",
    "interiorringn", "intersects", "isclosed", "isempty", "issimple", "linefromtext", "linefromwkb",
    "linestringfromtext", "linestringfromwkb", "mbrequal", "mlinefromtext", "mlinefromwkb",
    "mpointfromtext", "mpointfromwkb", "mpolyfromtext", "mpolyfromwkb", "multilinestringfromtext",
    "multilinestringfromwkb", "multipointfromtext", "multipointfromwkb", "multipolygonfromtext",
    "multipolygonfromwkb", "numgeometries", "numinteriorrings", "numpoints", "overlaps", "password",
    "pointfromtext", "pointfromwkb", "pointn", "polyfromtext", "polyfromwkb", "polygonfromtext",
    "polygonfromwkb", "srid", "startpoint", "touches", "within", "x", "y",
};

constexpr std::string_view of_mariadb[] = {
    "add_months", "boundary", "chr", "crc32c", "decode_oracle", "isring", "json_array_intersect",
    "json_compact", "json_detailed", "json_equals", "json_exists", "json_key_value", "json_loose",
    "json_normalize", "json_object_filter_keys", "json_object_to_array", "json_query", "kdf",
    "lengthb", "median", "months_between", "natural_sort_key", "nvl", "nvl2", "old_password",
    "percentile_cont", "percentile_disc", "pointonsurface", "sformat", "st_boundary", "st_isring",
    "st_pointonsurface", "st_relate", "sys_guid", "to_char", "to_number", "trunc", "uuid_v4",
    "uuid_v7", "vec_distance", "vec_distance_cosine", "vec_distance_euclidean", "vec_fromtext",
    "vec_totext",
};

// The server's own only when ( follows at once (without sql_mode IGNORE_SPACE).
constexpr std::string_view adjacent_functions[] = {
    "adddate", "bit_and", "bit_or", "bit_xor", "count", "curdate", "curtime", "date_add",
    "date_sub", "extract", "group_concat", "max", "mid", "min", "now", "position", "session_user", "std",
    "stddev", "stddev_pop", "stddev_samp", "subdate", "substr", "substring", "sum",
    "sysdate", "system_user", "trim", "variance", "var_pop", "var_samp",
};

// clang-format on

using enum PrimaryReason;

// Functions that lock, write, wait, or answer about the session or the one server.
constexpr FunctionTraits impure_functions[] = {
    {"get_lock", function, effect_user_lock},
    {"release_lock", function, effect_user_lock},
    {"release_all_locks", function, effect_user_lock},
    {"is_free_lock", function, effect_user_lock},
    {"is_used_lock", function, effect_user_lock},
    {"service_get_read_locks", function, effect_user_lock},
    {"service_get_write_locks", function, effect_user_lock},
    {"service_release_locks", function, effect_user_lock},
    {"last_insert_id", function, effect_last_insert_id},
    {"found_rows", function, effect_reads_found_rows},
    {"row_count", function, effect_reads_last_result},
    {"connection_id", function, effect_connection_id},
    {"ps_current_thread_id", function, effect_connection_id},
    {"ps_thread_id", server_specific, effect_none},
    {"sleep", function, effect_none},
    {"master_pos_wait", function, effect_none},
    {"source_pos_wait", function, effect_none},
    {"master_gtid_wait", function, effect_none},
    {"wait_for_executed_gtid_set", function, effect_none},
    {"wait_until_sql_thread_after_gtids", function, effect_none},
    {"binlog_gtid_pos", server_specific, effect_none},
    {"uuid_short", function, effect_none},
    {"load_file", server_specific, effect_none},
    {"nextval", function, effect_none},
    {"lastval", function, effect_none},
    {"currval", function, effect_none},
    {"setval", function, effect_none},
    {"current_role", function, effect_none},
    {"current_role_in", function, effect_none, false, mysql_9},
    {"roles_graphml", function, effect_none},
    {"version", server_specific, effect_none},
    {"icu_version", server_specific, effect_none},
    {"group_replication_set_as_primary", server_specific, effect_none},
    {"group_replication_switch_to_single_primary_mode", server_specific, effect_none},
    {"group_replication_switch_to_multi_primary_mode", server_specific, effect_none},
    {"group_replication_get_write_concurrency", server_specific, effect_none},
    {"group_replication_set_write_concurrency", server_specific, effect_none},
    {"group_replication_get_communication_protocol", server_specific, effect_none},
    {"group_replication_set_communication_protocol", server_specific, effect_none},
    {"group_replication_disable_member_action", server_specific, effect_none},
    {"group_replication_enable_member_action", server_specific, effect_none},
    {"group_replication_reset_member_actions", server_specific, effect_none},
    {"asynchronous_connection_failover_add_source", server_specific, effect_none},
    {"asynchronous_connection_failover_delete_source", server_specific, effect_none},
    {"asynchronous_connection_failover_add_managed", server_specific, effect_none},
    {"asynchronous_connection_failover_delete_managed", server_specific, effect_none},
    {"asynchronous_connection_failover_reset", server_specific, effect_none},
};

struct NameGroup {
    std::span<const std::string_view> names;
    std::uint8_t servers = 0xff;
    bool only_adjacent = false;
};

constexpr NameGroup harmless[] = {
    {keywords_before_parenthesis},
    {type_names},
    {pure_functions},
    {of_mysql, mysql_5_7 | mysql_8 | mysql_9},
    {since_mysql_8, mysql_8 | mysql_9},
    {since_mysql_8_and_mariadb, mysql_8 | mysql_9 | mariadb},
    {since_mysql_9, mysql_9},
    {until_mysql_8_and_mariadb, mysql_5_7 | mysql_8 | mariadb},
    {until_mysql_5_7_and_mariadb, mysql_5_7 | mariadb},
    {of_mariadb, mariadb},
    {adjacent_functions, 0xff, true},
};

constexpr std::size_t function_count = [] {
    std::size_t count = std::size(impure_functions);
    for (const auto& group : harmless) count += group.names.size();
    return count;
}();

constexpr auto function_rows = [] {
    std::array<FunctionTraits, function_count> rows{};
    std::size_t at = 0;
    for (const auto& group : harmless)
        for (const auto name : group.names)
            rows[at++] = {name, none, effect_none, group.only_adjacent, group.servers};
    for (const auto& traits : impure_functions) rows[at++] = traits;
    return rows;
}();

constexpr FoldedTable<FunctionTraits, 2048> function_table(function_rows);

}  // namespace

const FunctionTraits* find_function(std::string_view name, std::uint32_t hash,
                                    const Dialect& dialect)
{
    const FunctionTraits* traits = function_table.find(name, hash);
    return traits && (traits->servers & server_bit(dialect)) ? traits : nullptr;
}

}  // namespace pointsman::protocol::sql
