#include "tests/twin/texts.hpp"

namespace pointsman::twin {

namespace {

constexpr std::string_view rows[] = {
    "DROP DATABASE IF EXISTS tw{me}",
    "DROP DATABASE IF EXISTS tw{me}b",
    "CREATE DATABASE tw{me}",
    "CREATE DATABASE tw{me}b CHARACTER SET latin1",
    "CREATE TABLE tw{me}b.t1 (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(60), n INT)",
    "INSERT INTO tw{me}b.t1 VALUES (1, 'other', 1), (2, 'schema', 2)",
    "USE tw{me}",
    "CREATE TABLE t1 (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(120), n BIGINT)",
    "CREATE TABLE t2 (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, v TEXT, n INT,"
    " d DECIMAL(10,3), b VARBINARY(20), w TIMESTAMP NULL, UNIQUE (n))",
    "CREATE TABLE t3 (id INT PRIMARY KEY, v CHAR(5), n INT) ENGINE=MyISAM",
    "INSERT INTO t1 (v, n) VALUES ('one', 1), ('two', 2), ('three', 3)",
    "INSERT INTO t2 (v, n, d, w) VALUES ('one', 1, 1.5, '2020-01-01 12:00:00'), ('two', 2, -2.5,"
    " NULL)",
    "CREATE VIEW v1 AS SELECT id, v, n FROM t1",
    "CREATE TRIGGER t2_in BEFORE INSERT ON t2 FOR EACH ROW SET @trig = CONCAT('in ', NEW.n)",
    "CREATE FUNCTION f_set(x BIGINT) RETURNS BIGINT BEGIN SET @fx = x; RETURN x + 1; END",
    "CREATE FUNCTION f_insert(x VARCHAR(9)) RETURNS BIGINT BEGIN INSERT INTO t1 (v) VALUES (x);"
    " RETURN LAST_INSERT_ID(); END",
    "CREATE PROCEDURE p_results(IN x INT) BEGIN SELECT x, @a; SELECT id FROM t1 WHERE id < x"
    " ORDER BY id; END",
    "CREATE PROCEDURE p_out(OUT o INT, INOUT io VARCHAR(90)) BEGIN SET o = 7,"
    " io = CONCAT(IFNULL(io, 'null'), '!'); SELECT o; END",
    "CREATE PROCEDURE p_settings(IN x INT) BEGIN SET div_precision_increment = x; SET @a = x;"
    " SET sql_mode = 'PIPES_AS_CONCAT'; SET time_zone = '+01:00'; END",
    "CREATE PROCEDURE p_temporary() BEGIN CREATE TEMPORARY TABLE IF NOT EXISTS tmp1"
    " (id INT, v VARCHAR(60), n INT); INSERT INTO tmp1 VALUES (1, 'p', 1); END",
    "CREATE PROCEDURE p_transaction(IN x INT) BEGIN IF x > 0 THEN START TRANSACTION; END IF;"
    " INSERT INTO t1 (v) VALUES ('p'); IF x > 1 THEN COMMIT; END IF; IF x = 3 THEN"
    " SET autocommit = 0; END IF; END",
    "CREATE PROCEDURE p_signal(IN x CHAR(5)) BEGIN IF x = '45000' THEN SIGNAL SQLSTATE '45000'"
    " SET MESSAGE_TEXT = 'p'; END IF; SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT = 'w'; END",
    "CREATE PROCEDURE p_lock(IN x CHAR(9)) BEGIN DO GET_LOCK(x, 0); END",
    "CREATE PROCEDURE p_prepare(IN x INT) BEGIN SET @text = CONCAT('SELECT ', x);"
    " PREPARE p1 FROM @text; EXECUTE p1; END",
    "CREATE PROCEDURE p_handled() BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN"
    " GET DIAGNOSTICS CONDITION 1 @b = MESSAGE_TEXT; END; INSERT INTO t1 (id) VALUES (1), (1);"
    " SELECT @b; END",
};

}  // namespace

std::span<const std::string_view> setup_texts()
{
    return rows;
}

}  // namespace pointsman::twin
