#include "tests/twin/grammar.hpp"

namespace pointsman::twin {

namespace {

constexpr Word table[] = {
    // Literals. Bytes that are half a character, or a quote's escape, in one character set only.
    {"int", "1~0~2~-7~18446744073709551615~{1-20}~{1-20}"},
    {"str", "'abc'~''~'it''s'~'a\\'b'~\"dq\"~'x;y'~'# no -- comment'~'/* no */'~'\xc3\xa9t\xc3\xa9'~"
            "'\xe6\x97\xa5\xe6\x9c\xac'~'\xe9'~'\xbf\\'~'\xbf\\''~N'n'~_latin1'\xe9'~"
            "_utf8mb4'\xc3\xa9' COLLATE utf8mb4_bin~'a' 'b'~'tab\\t'~'%\\_'"},
    {"lit", "1~{int}~{int}~{str}~{str}~NULL~TRUE~1.50~-0.001~1e3~0xFF~x'4142'~b'101'~"
            "DATE '2020-02-29'~TIMESTAMP '2021-01-01 10:00:00'~TIME '11:12:13'"},
    {"expr", "1~{lit}~{lit}~{uv}~{expr} + {lit}~CONCAT({lit}, {expr})~{expr} || {lit}~"
             "COALESCE({uv}, {lit})~LENGTH({expr})~HEX({expr})~1/3~1/0~"
             "CAST({expr} AS CHAR)~CAST({lit} AS SIGNED)~NOT {lit} BETWEEN -5 AND 5~"
             "IF({expr}, {lit}, {lit})~MONTHNAME('2024-03-01')~WEEK('2024-03-03')~"
             "FROM_UNIXTIME(86400)~DATE_FORMAT('2024-02-01', '%M %W')~{sys}~CHARSET({lit})~"
             "COLLATION({expr})~COERCIBILITY({uv})~CONVERT({str} USING latin1)~(SELECT COUNT(*) "
             "FROM t1)~f_set({int})~JSON_OBJECT('a', {lit})~MD5({str})~REPEAT('x', {1-300})"},
    {"seed", "RAND()~UNIX_TIMESTAMP()~NOW()~CURDATE()"},

    // Names.
    {"t", "t1~t1~t2~t3~v1~tmp1~tmp2~tw{me}.t1~tw{me}b.t1~`t2`"},
    {"base", "t1~t1~t2"},
    {"tmp", "tmp1~tmp2~t2"},
    {"uv", "@a~@a~@b~@c~@`d e`~@'q'~@A~@fx~@trig"},
    {"uvw", "@a~@b~@c~@`d e`~@A"},
    {"db", "tw{me}~tw{me}~tw{me}b~information_schema~nowhere~`tw{me}`"},
    {"lock", "l{me}a~l{me}b~l{me}c"},
    {"h", "h1~h2"},
    {"sp", "s1~s2~`s 3`"},
    {"ps", "p1~p2~P1~`p 3`"},
    {"xid", "'x{me}'~'x{me}','b'~'x{me}','b',7"},
    {"cs", "utf8mb4~latin1~utf8mb3~ascii~gbk~sjis~big5~cp932~gb18030~koi8r~binary~DEFAULT~"
           "'utf8mb4'~nosuch"},
    {"csr", "utf8mb4~latin1~NULL~binary~ucs2~utf16~gbk~DEFAULT"},
    {"coll", "utf8mb4_0900_ai_ci~utf8mb4_bin~utf8mb4_general_ci~utf8mb4_de_pb_0900_as_cs~"
             "utf8mb4_unicode_ci~latin1_swedish_ci~latin1_german2_ci~gbk_bin~sjis_japanese_ci"},
    {"role", "NONE~DEFAULT~ALL~twin_role~ALL EXCEPT twin_role~nosuch"},

    // Variables to look at. Not those that name the server or the connection.
    {"sys", "@@sql_mode~@@session.sql_mode~@@time_zone~@@character_set_client~"
            "@@character_set_connection~@@character_set_results~@@collation_connection~"
            "@@collation_database~@@character_set_database~@@lc_time_names~"
            "@@div_precision_increment~@@group_concat_max_len~@@sql_select_limit~"
            "@@sql_safe_updates~@@auto_increment_increment~@@auto_increment_offset~"
            "@@foreign_key_checks~@@unique_checks~@@transaction_isolation~"
            "@@transaction_read_only~@@autocommit~@@default_week_format~@@max_error_count~"
            "@@sql_notes~@@sql_warnings~@@local.sql_quote_show_create~@@big_tables~"
            "@@optimizer_switch~@@default_storage_engine~@@default_tmp_storage_engine~"
            "@@sql_auto_is_null~@@sql_big_selects~@@sql_buffer_result~@@max_sort_length~"
            "@@net_write_timeout~@@wait_timeout~@@interactive_timeout~@@lock_wait_timeout~"
            "@@innodb_lock_wait_timeout~@@updatable_views_with_limit~@@old_alter_table~"
            "@@windowing_use_high_precision~@@cte_max_recursion_depth~@@insert_id~"
            "@@last_insert_id~@@identity~@@completion_type~@@session.sort_buffer_size~"
            "@@error_count~@@warning_count~@@default_collation_for_utf8mb4~"
            "@@information_schema_stats_expiry~@@resultset_metadata~@@SESSION.TIME_ZONE~"
            "@@global.sql_mode~@@lc_messages~@@myisam_repair_threads~@@show_create_table_verbosity~"
            "@@innodb_strict_mode~@@max_execution_time~@@explicit_defaults_for_timestamp"},
    {"sysnames", "'sql_mode'~'character\\_set\\_c%'~'collation\\_%'~'autocommit'~'lc\\_%'~"
                 "'time\\_zone'~'tx%'~'transaction\\_%'~'auto\\_inc%'~'group%len'~'sql\\_%'"},

    // Settings.
    {"mode", "''~'ANSI'~'ANSI_QUOTES'~'NO_BACKSLASH_ESCAPES'~'PIPES_AS_CONCAT'~'IGNORE_SPACE'~"
             "'STRICT_ALL_TABLES'~'STRICT_TRANS_TABLES,NO_ZERO_DATE'~'HIGH_NOT_PRECEDENCE'~"
             "'NO_AUTO_VALUE_ON_ZERO'~'PAD_CHAR_TO_FULL_LENGTH'~'ONLY_FULL_GROUP_BY'~DEFAULT~"
             "'NO_UNSIGNED_SUBTRACTION'~'REAL_AS_FLOAT'~'nosuch'~@@sql_mode~@@global.sql_mode~"
             "CONCAT(@@sql_mode, ',ANSI_QUOTES')~REPLACE(@@sql_mode, 'ANSI_QUOTES', '')~4~0"},
    {"tz", "'+00:00'~'+05:30'~'-03:00'~SYSTEM~DEFAULT~'nosuch'"},
    {"sqlstate", "45000~01000~02000~42000~23000"},
    {"onoff", "0~1~ON~OFF~DEFAULT~'on'~'off'"},
    {"iso", "'READ-COMMITTED'~'REPEATABLE-READ'~'READ-UNCOMMITTED'~'SERIALIZABLE'~DEFAULT"},
    {"isolevel", "READ COMMITTED~REPEATABLE READ~READ UNCOMMITTED~SERIALIZABLE"},
    {"scope", "~~SESSION ~@@~@@session.~LOCAL ~@@local."},
    {"assign", "{scope}sql_mode={mode}~{scope}sql_mode={mode}~{scope}time_zone={tz}~"
               "{scope}div_precision_increment={0-12}~{scope}group_concat_max_len={4-200}~"
               "{scope}lc_time_names='{locale}'~{scope}sql_select_limit={limit}~"
               "{scope}sql_safe_updates={onoff}~{scope}auto_increment_increment={inc}~"
               "{scope}auto_increment_offset={inc}~{scope}foreign_key_checks={onoff}~"
               "{scope}unique_checks={onoff}~{scope}transaction_isolation={iso}~"
               "{scope}transaction_read_only={onoff}~{scope}default_week_format={0-7}~"
               "{scope}max_error_count={0-5}~{scope}sql_notes={onoff}~"
               "{scope}sql_warnings={onoff}~{scope}sql_quote_show_create={onoff}~"
               "{scope}optimizer_switch='mrr={sw}'~{scope}optimizer_switch=DEFAULT~"
               "{scope}default_storage_engine={eng}~{scope}default_tmp_storage_engine={eng}~"
               "{scope}sql_buffer_result={onoff}~{scope}max_sort_length={4-60}~"
               "{scope}net_write_timeout={50-90}~{scope}wait_timeout={20000-28800}~"
               "{scope}innodb_lock_wait_timeout=1~{scope}updatable_views_with_limit={onoff}~"
               "{scope}windowing_use_high_precision={onoff}~{scope}completion_type={ctype}~"
               "{scope}character_set_results={csr}~{scope}character_set_client={cs}~"
               "{scope}character_set_connection={cs}~{scope}collation_connection={coll}~"
               "{scope}sort_buffer_size={32768-65536}~"
               "{scope}default_collation_for_utf8mb4={c4}~{scope}innodb_strict_mode={onoff}~"
               "{scope}max_execution_time={60000-90000}~{scope}sql_auto_is_null={onoff}~"
               "{scope}big_tables={onoff}~{scope}information_schema_stats_expiry={0-9}~"
               "{scope}nosuch_variable=1~{scope}sql_mode={uvw}~{scope}div_precision_increment='x'~"
               "{scope}show_create_table_verbosity={onoff}"},
    {"immovable", "{scope}timestamp={1000000000-1700000000}~{scope}timestamp=DEFAULT~"
                  "{scope}rand_seed1={1-999}, {scope}rand_seed2={1-999}~"
                  "{scope}timestamp=1000000000.123456"},
    {"oneshot", "{scope}insert_id={30-90}~{scope}last_insert_id={1-99}~{scope}identity={1-99}"},
    {"uassign", "{uvw}={lit}~{uvw}={lit}~{uvw}:={lit}~{uvw}={expr}~{uvw}={uvw}~"
                "{uvw}=(SELECT MAX(id) FROM t1)~{uvw}={sys}"},
    {"locale", "en_US~de_DE~fr_FR~ja_JP~xx_XX"},
    {"limit", "{1-5}~DEFAULT~DEFAULT~18446744073709551615"},
    {"inc", "1~1~2~5~DEFAULT"},
    {"sw", "on~off"},
    {"eng", "InnoDB~MyISAM~MEMORY~DEFAULT~nosuch"},
    {"ctype", "0~NO_CHAIN~CHAIN~DEFAULT"},
    {"c4", "utf8mb4_0900_ai_ci~utf8mb4_general_ci~DEFAULT"},

    // Whole statements that others hold.
    {"hint", "~~~/* route=replica */ ~/* route=primary */ ~/* c */ ~-- c\n~# c\n~/*!80000 */ ~ \t\n~("},
    {"inner", "SELECT {expr}~SELECT ? , {uv}~SELECT id, v FROM t1 WHERE id < ? ORDER BY id~"
              "INSERT INTO t1 (v) VALUES ('p')~SELECT DATABASE()~SET @a = {lit}~"
              "UPDATE t1 SET n = ? WHERE id = 1~SELECT \"v\" FROM t1 ORDER BY id LIMIT 2~"
              "SELECT LAST_INSERT_ID(), {sys}~COMMIT~CREATE TEMPORARY TABLE tmp2 (id INT)~"
              "SET sql_mode={mode}~USE {db}~SELECT * FROM nowhere~SHOW WARNINGS~DROP TEMPORARY "
              "TABLE IF EXISTS tmp2~SELECT 'a' || 'b'~DO GET_LOCK('{lock}', 0)"},
};

}  // namespace

std::span<const Word> words()
{
    return table;
}

}  // namespace pointsman::twin
