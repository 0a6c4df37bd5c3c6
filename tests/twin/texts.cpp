#include "tests/twin/texts.hpp"

namespace pointsman::twin {

namespace {

constexpr TextRow reads[] = {
    {6, "{hint}SELECT {expr}"},
    {4, "SELECT {expr}, {expr} AS x"},
    {8, "{hint}SELECT id, v, n FROM {t} WHERE id = {1-20}"},
    {5, "SELECT * FROM {t} ORDER BY id LIMIT {0-5}"},
    {3, "SELECT COUNT(*), MIN(n), MAX(v) FROM {t}"},
    {2, "SELECT GROUP_CONCAT(v ORDER BY id) FROM {t}"},
    {2,
     "SELECT a.id, b.v FROM t1 a FORCE INDEX (PRIMARY) STRAIGHT_JOIN t2 b FORCE INDEX (PRIMARY)"
     " ON a.id = b.id ORDER BY a.id LIMIT 4"},
    {2, "WITH c AS (SELECT id FROM {t}) SELECT COUNT(*) FROM c"},
    {1, "TABLE t1 ORDER BY id LIMIT 2"},
    {1, "VALUES ROW({lit}, 1), ROW({lit}, 2)"},
    {2, "SELECT id FROM t1 ORDER BY id LIMIT 1 FOR UPDATE"},
    {1, "SELECT id FROM t1 ORDER BY id LIMIT 1 FOR SHARE NOWAIT"},
    {1, "SELECT /*+ SET_VAR(div_precision_increment={0-9}) */ 1/3"},
    {2, "SELECT REPEAT('long', {1-20000})"},
    {1, "(SELECT 1) UNION (SELECT {int}) ORDER BY 1"},
    {1, "SELECT EXISTS (SELECT * FROM {t}), (SELECT DATABASE())"},
    // The session's own state.
    {10, "SELECT @a, @b, @c, {uv}"},
    {2, "SELECT CHARSET({uv}), COLLATION({uv}), COERCIBILITY({uv}), HEX({uv})"},
    {8, "SELECT {sys}, {sys}"},
    {4, "SHOW VARIABLES LIKE {sysnames}"},
    {2, "SHOW SESSION VARIABLES WHERE Variable_name = 'time_zone' OR Variable_name = 'sql_mode'"},
    {5, "SELECT DATABASE(), SCHEMA(), CURRENT_USER(), USER(), CURRENT_ROLE(), VERSION()"},
    {2, "SELECT CONNECTION_ID() > 0, IS_USED_LOCK('{lock}') = CONNECTION_ID()"},
    // What the statement before left.
    {6, "SELECT LAST_INSERT_ID()"},
    {5, "SELECT ROW_COUNT()"},
    {5, "SELECT FOUND_ROWS()"},
    {3, "SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS(), @@last_insert_id, @@identity"},
    {3, "SELECT SQL_CALC_FOUND_ROWS id FROM {t} ORDER BY id LIMIT 1", hold_once},
    {6, "SHOW WARNINGS"},
    {2, "SHOW WARNINGS LIMIT 1"},
    {2, "SHOW COUNT(*) WARNINGS"},
    {2, "SHOW ERRORS"},
    {2, "SELECT @@warning_count, @@error_count"},
    {2, "GET DIAGNOSTICS @a = NUMBER, @b = ROW_COUNT"},
    {2, "GET DIAGNOSTICS CONDITION 1 @b = RETURNED_SQLSTATE, @c = MESSAGE_TEXT"},
    // Metadata.
    {1, "SHOW TABLES"},
    {1, "SHOW CREATE TABLE {t}"},
    {1, "DESCRIBE {t}"},
    {1, "SHOW COLUMNS FROM {t} LIKE 'v%'"},
    {1, "SHOW COLLATION LIKE 'utf8mb4\\_d%'"},
    {1, "SHOW CREATE PROCEDURE p_out"},
    {1, "SHOW GRANTS"},
    {1, "CHECKSUM TABLE t1"},
    // Mistakes.
    {3, "SELECT nosuch"},
    {2, "SELECT * FROM nowhere.t"},
    {2, "SELEC 1"},
    {1, "SELECT 'open"},
    {1, "SELECT 1 /* open"},
    {1, ""},
    {1, ";"},
    {1, "/* nothing */"},
    {2, "SELECT CAST('x1' AS SIGNED), 1/0"},
};

constexpr TextRow settings[] = {
    {20, "SET {assign}"},
    {6, "SET {assign}, {assign}"},
    {5, "SET {assign}, {uassign}"},
    {14, "SET {uassign}"},
    {4, "SET {uassign}, {uassign}, {uassign}"},
    {6, "SET NAMES {cs}"},
    {3, "SET NAMES utf8mb4 COLLATE {coll}"},
    {1, "SET NAMES latin1, {assign}"},
    {3, "SET CHARACTER SET {cs}"},
    {2, "SET {oneshot}", hold_unknown},
    {2, "SET SESSION TRANSACTION ISOLATION LEVEL {isolevel}"},
    {1, "SET SESSION TRANSACTION READ ONLY"},
    {2, "SET SESSION TRANSACTION READ WRITE"},
    {2, "SET TRANSACTION ISOLATION LEVEL {isolevel}", hold_once},
    {1, "SET TRANSACTION READ ONLY", hold_once},
    {1, "SET @@transaction_isolation = {iso}", hold_once},
    {1, "SET ROLE {role}", hold_unknown | hold_role},
    {1, "SET {immovable}", hold_unknown},
    {8, "USE {db}"},
    {5, "SELECT {uvw} := {expr}", hold_once},
    {3, "SELECT @a := @a + 1, @b := {lit}", hold_once},
    {2, "SELECT {uvw} := id FROM t1 ORDER BY id LIMIT 3", hold_once},
    {2, "SELECT {expr} INTO {uvw}", hold_once},
    {2, "SELECT id, v INTO @a, @b FROM t1 WHERE id = {1-9}"},
    {1, "DO @a := {expr}", hold_once},
    {1, "SET PASSWORD FOR nobody = 'x'"},
    {1, "SET GLOBAL sql_mode = ''"},
    {1, "SET @a = , @b"},
    {2, "SIGNAL SQLSTATE '{sqlstate}' SET MESSAGE_TEXT = 'said', MYSQL_ERRNO = {1000-2000}"},
    {1, "RESET CONNECTION"},
};

constexpr TextRow writes[] = {
    {10, "INSERT INTO {base} (v, n) VALUES ({str}, {int})"},
    {5, "INSERT INTO t1 (v) VALUES ('a'), ('b'), ({str})"},
    {3, "INSERT INTO t1 (id, v) VALUES ({1-99}, 'x')"},
    {2, "INSERT INTO t1 (id, v) VALUES ({1-9}, 'x') ON DUPLICATE KEY UPDATE v = {str}"},
    {2, "INSERT INTO t1 (id) VALUES ({1-9}) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)"},
    {2, "INSERT IGNORE INTO t2 (id, n) VALUES ({1-9}, 'no number')"},
    {2, "INSERT INTO t2 (v, n) SELECT v, n FROM t1 ORDER BY id LIMIT 2"},
    {2, "INSERT INTO {tmp} (id, v) VALUES ({1-30}, {str})"},
    {2, "REPLACE INTO {base} (id, v) VALUES ({1-20}, {expr})"},
    {2, "INSERT INTO t3 (id, v) VALUES ({1-20}, 'm')"},
    {6, "UPDATE {t} SET v = {str} WHERE id = {1-20}"},
    {3, "UPDATE {t} SET n = {int} WHERE id < {1-9}"},
    {2, "UPDATE t1 SET n = LAST_INSERT_ID({1-99}) WHERE id = {1-9}"},
    {2, "UPDATE t1 SET v = REPEAT('z', {1-100}) ORDER BY id LIMIT 2"},
    {1, "UPDATE {t} SET v = {uv}"},
    {5, "DELETE FROM {base} WHERE id > {20-40}"},
    {2, "DELETE FROM {t} WHERE id = {1-20}"},
    {1, "DELETE FROM t3"},
    {2, "SELECT LAST_INSERT_ID({1-99})", hold_once},
    {1, "DO LAST_INSERT_ID({1-99})", hold_once},
    {8, "BEGIN"},
    {2, "START TRANSACTION"},
    {1, "START TRANSACTION READ ONLY"},
    {1, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE"},
    {9, "COMMIT"},
    {5, "ROLLBACK"},
    {1, "COMMIT AND CHAIN"},
    {1, "ROLLBACK WORK AND CHAIN NO RELEASE"},
    {2, "SAVEPOINT {sp}"},
    {2, "ROLLBACK TO SAVEPOINT {sp}"},
    {1, "RELEASE SAVEPOINT {sp}"},
    {2, "SET autocommit = 0"},
    {1, "SET {scope}autocommit = {onoff}"},
    {3, "SET autocommit = 1"},
    {1, "XA START {xid}", hold_xa},
    {1, "XA END {xid}"},
    {1, "XA PREPARE {xid}"},
    {1, "XA COMMIT {xid}"},
    {1, "XA COMMIT {xid} ONE PHASE"},
};

constexpr TextRow objects[] = {
    {4, "CREATE TEMPORARY TABLE {tmp} (id INT, v VARCHAR(60), n INT)", hold_temporary},
    {2, "CREATE TEMPORARY TABLE IF NOT EXISTS {tmp} AS SELECT id, v, n FROM t1", hold_temporary},
    {1, "CREATE TEMPORARY TABLE {tmp} LIKE t1", hold_temporary},
    {1, "ALTER TABLE tmp1 ADD COLUMN extra INT"},
    {2, "DROP TEMPORARY TABLE {tmp}"},
    {1, "DROP TABLE IF EXISTS tmp1"},
    {2, "LOCK TABLES t1 WRITE, t2 READ", hold_table_locks},
    {1, "LOCK TABLES {t} READ", hold_table_locks},
    {3, "UNLOCK TABLES", hold_nothing, hold_table_locks},
    {1, "FLUSH TABLES t1 WITH READ LOCK", hold_table_locks},
    {3, "SELECT GET_LOCK('{lock}', 0)", hold_user_locks},
    {1, "DO GET_LOCK('{lock}', 0)", hold_user_locks},
    {2, "SELECT RELEASE_LOCK('{lock}')"},
    {2, "SELECT RELEASE_ALL_LOCKS()", hold_nothing, hold_user_locks},
    {2, "SELECT IS_FREE_LOCK('{lock}'), IS_USED_LOCK('{lock}') IS NULL"},
    {2, "HANDLER t1 OPEN AS {h}", hold_handler},
    {3, "HANDLER {h} READ FIRST"},
    {2, "HANDLER {h} READ `PRIMARY` NEXT LIMIT 2"},
    {1, "HANDLER {h} CLOSE"},
    {4, "PREPARE {ps} FROM {'inner'}", hold_unknown},
    {1, "PREPARE {ps} FROM @a", hold_unknown},
    {5, "EXECUTE {ps}", hold_temporary | hold_user_locks},
    {3, "EXECUTE {ps} USING {uv}", hold_temporary | hold_user_locks},
    {2, "DEALLOCATE PREPARE {ps}"},
    {3, "CALL p_results({1-9})"},
    {3, "CALL p_out(@a, @b)", hold_once},
    {2, "CALL p_settings({1-9})", hold_unknown},
    {1, "CALL p_temporary()", hold_temporary | hold_unknown},
    {2, "CALL p_transaction({0-3})", hold_unknown},
    {1, "CALL p_signal('{sqlstate}')"},
    {1, "CALL p_lock('{lock}')", hold_user_locks | hold_unknown},
    {1, "CALL p_prepare({1-5})", hold_unknown},
    {1, "CALL p_handled()"},
    {3, "SELECT f_set({int}), {uv}", hold_unknown},
    {2, "SELECT f_insert('f')", hold_unknown},
    {1, "CREATE TABLE scratch (id INT PRIMARY KEY, v VARCHAR(20) DEFAULT 'd')"},
    {1, "CREATE TABLE IF NOT EXISTS scratch AS SELECT id, v FROM t1"},
    {1, "ALTER TABLE scratch ADD COLUMN n{1-3} INT"},
    {1, "DROP TABLE IF EXISTS scratch"},
    {1, "TRUNCATE TABLE t2"},
    {1, "LOAD DATA LOCAL INFILE 'f' INTO TABLE {base} FIELDS TERMINATED BY ',' (v, n)"},
};

constexpr TextRow quiet[] = {
    {1, "SELECT 1"},
    {2, "SELECT id, v, n FROM tw{me}.t1 WHERE id = {1-20}"},
    {1, "SELECT COUNT(*) FROM tw{me}b.t1"},
    {1, "SELECT @@sql_mode, @@time_zone, @@character_set_client"},
    {1, "DO 0"},
};

constexpr TextRow freeing[] = {
    {1, "COMMIT", hold_nothing, hold_transaction},
    {1, "ROLLBACK", hold_nothing, hold_transaction},
    {1, "SET autocommit = 1", hold_nothing, hold_transaction},
    {1,
     "DROP TEMPORARY TABLE IF EXISTS tw{me}.tmp1, tw{me}.tmp2, tw{me}.t2, tw{me}b.tmp1, "
     "tw{me}b.tmp2, tw{me}b.t2",
     hold_nothing, hold_temporary},
    {1, "UNLOCK TABLES", hold_nothing, hold_table_locks},
    {1, "DO RELEASE_ALL_LOCKS()", hold_nothing, hold_user_locks},
    {1, "HANDLER h2 CLOSE", hold_nothing, hold_handler},
    {1, "XA ROLLBACK {xid}", hold_nothing, hold_xa},
    {1, "DO 0", hold_nothing, hold_once},
};

}  // namespace

std::span<const TextRow> read_texts()
{
    return reads;
}
std::span<const TextRow> setting_texts()
{
    return settings;
}
std::span<const TextRow> write_texts()
{
    return writes;
}
std::span<const TextRow> object_texts()
{
    return objects;
}
std::span<const TextRow> quiet_texts()
{
    return quiet;
}
std::span<const TextRow> freeing_texts()
{
    return freeing;
}

}  // namespace pointsman::twin
