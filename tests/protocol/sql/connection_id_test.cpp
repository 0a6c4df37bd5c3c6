#include "protocol/sql/connection_id.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::protocol::sql;

namespace {

std::string rewritten(std::string_view text)
{
    return with_connection_id(text, {}, 7).value_or("unchanged");
}

const SessionIds ids{7, {{12, 7}, {15, 9}}};

Dialect mysql_9()
{
    Dialect dialect;
    dialect.server_version = 90700;
    return dialect;
}

std::string with_ids(std::string_view text, std::string_view schema = "app")
{
    return with_session_ids(text, mysql_9(), schema, ids).value_or("unchanged");
}

}  // namespace

TEST_CASE("a whole column gets the id, under the name that it had")
{
    CHECK(rewritten("SELECT CONNECTION_ID()") == "SELECT CAST(7 AS UNSIGNED) AS `CONNECTION_ID()`");
    CHECK(rewritten("select connection_id ( ) ;") ==
          "select CAST(7 AS UNSIGNED) AS `connection_id ( )` ;");
    CHECK(rewritten("/* app */ SELECT 1, Connection_Id(), f(a, 'CONNECTION_ID()')") ==
          "/* app */ SELECT 1, CAST(7 AS UNSIGNED) AS `Connection_Id()`, f(a, 'CONNECTION_ID()')");
    CHECK(rewritten("SELECT CONNECTION_ID(),CONNECTION_ID()") ==
          "SELECT CAST(7 AS UNSIGNED) AS `CONNECTION_ID()`,"
          "CAST(7 AS UNSIGNED) AS `CONNECTION_ID()`");
}

TEST_CASE("a name of the statement's own stays")
{
    CHECK(rewritten("SELECT CONNECTION_ID() AS id") == "SELECT CAST(7 AS UNSIGNED) AS id");
    CHECK(rewritten("SELECT CONNECTION_ID() id, 2 x") == "SELECT CAST(7 AS UNSIGNED) id, 2 x");
    CHECK(rewritten("SELECT CONNECTION_ID() `i d`") == "SELECT CAST(7 AS UNSIGNED) `i d`");
}

TEST_CASE("in an expression, a clause or a subquery it is the id, too, and names stay")
{
    const std::string id = "CAST(7 AS UNSIGNED)";
    const std::pair<std::string, std::string> rows[] = {
        {"SELECT CONNECTION_ID() + 0", "SELECT " + id + " + 0 AS `CONNECTION_ID() + 0`"},
        {"SELECT (CONNECTION_ID())", "SELECT (" + id + ") AS `(CONNECTION_ID())`"},
        {"SELECT 1, CONNECTION_ID() FROM t LIMIT 1",
         "SELECT 1, " + id + " AS `CONNECTION_ID()` FROM t LIMIT 1"},
        {"SELECT a FROM t WHERE b=CONNECTION_ID()", "SELECT a FROM t WHERE b=" + id},
        {"SELECT DISTINCT CONNECTION_ID()", "SELECT DISTINCT " + id + " AS `CONNECTION_ID()`"},
        {"SELECT CONNECTION_ID() INTO @a", "SELECT " + id + " AS `CONNECTION_ID()` INTO @a"},
        {"SELECT CONNECTION_ID() UNION SELECT 1",
         "SELECT " + id + " AS `CONNECTION_ID()` UNION SELECT 1"},
        {"SELECT CONNECTION_ID(), IF(CONNECTION_ID(), 1, 2)",
         "SELECT " + id + " AS `CONNECTION_ID()`, IF(" + id +
             ", 1, 2) AS `IF(CONNECTION_ID(), 1, 2)`"},
        {"SELECT x.* FROM (SELECT CONNECTION_ID()) x",
         "SELECT x.* FROM (SELECT " + id + " AS `CONNECTION_ID()`) x"},
        {"SELECT (SELECT CONNECTION_ID())",
         "SELECT (SELECT " + id + " AS `CONNECTION_ID()`) AS `(SELECT CONNECTION_ID())`"},
        {"SELECT CONNECTION_ID() DIV a, CONNECTION_ID() IS NULL, CONNECTION_ID()+t.b c FROM t",
         "SELECT " + id + " DIV a AS `CONNECTION_ID() DIV a`, " + id +
             " IS NULL AS `CONNECTION_ID() IS NULL`, " + id + "+t.b c FROM t"},
        {"SELECT CONCAT('`', CONNECTION_ID())",
         "SELECT CONCAT('`', " + id + ") AS `CONCAT('``', CONNECTION_ID())`"},
        {"SELECT EXTRACT(YEAR FROM CONNECTION_ID())",
         "SELECT EXTRACT(YEAR FROM " + id + ") AS `EXTRACT(YEAR FROM CONNECTION_ID())`"},
        {"SELECT CONNECTION_ID(); SELECT 1", "SELECT " + id + " AS `CONNECTION_ID()`; SELECT 1"},
        {"INSERT INTO t VALUES (CONNECTION_ID(), 'CONNECTION_ID()')",
         "INSERT INTO t VALUES (" + id + ", 'CONNECTION_ID()')"},
        {"UPDATE t SET a=CONNECTION_ID() WHERE b=CONNECTION_ID()",
         "UPDATE t SET a=" + id + " WHERE b=" + id},
        {"SET @a = CONNECTION_ID()", "SET @a = " + id},
        {"DO SLEEP(CONNECTION_ID())", "DO SLEEP(" + id + ")"},
        {"WITH c AS (SELECT CONNECTION_ID()) SELECT * FROM c",
         "WITH c AS (SELECT " + id + " AS `CONNECTION_ID()`) SELECT * FROM c"},
    };
    for (const auto& [text, expected] : rows) {
        INFO(text);
        CHECK(rewritten(text) == expected);
    }
}

TEST_CASE("where the server's own id matters, or a name is not certain, nothing changes")
{
    const std::string too_long = "SELECT CONNECTION_ID()+" + std::string(300, '1');
    for (const auto* text :
         {"SELECT 1",
          "SELECT 'CONNECTION_ID()'",
          "SELECT CONNECTION_ID /* () */",
          "SELECT * FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()",
          "SELECT * FROM information_schema.`PROCESSLIST` WHERE id = CONNECTION_ID()",
          "SELECT IS_USED_LOCK('x') = CONNECTION_ID()",
          "SELECT db.CONNECTION_ID()",
          "SELECT `CONNECTION_ID`()",
          "/*! SELECT CONNECTION_ID() */",
          "SELECT /*!80000 CONNECTION_ID() */",
          "SELECT CONNECTION_ID(",
          "SELECT CONNECTION_ID() 'x",
          "SELECT CONNECTION_ID() + 'a' 'b'",
          "SELECT CONCAT('\xc3\xa4', CONNECTION_ID())",
          too_long.c_str(),
          "CREATE VIEW v AS SELECT CONNECTION_ID()",
          "CREATE PROCEDURE p() BEGIN SELECT CONNECTION_ID(); END",
          "SELECT CONNECTION_ID(); CREATE VIEW v AS SELECT CONNECTION_ID()",
          "ALTER TABLE t ALTER a SET DEFAULT (CONNECTION_ID())",
          "KILL CONNECTION_ID()",
          "SELECT",
          ""}) {
        INFO(text);
        CHECK_FALSE(with_connection_id(text, {}, 7));
    }
}

TEST_CASE("the process lists name sessions by the ids that clients know")
{
    const std::string first = "(SELECT ID+CASE ID WHEN 12 THEN -5 WHEN 15 THEN -6 ELSE 0 END AS ";
    const std::string others = ",USER AS USER,HOST AS HOST,DB AS DB,COMMAND AS COMMAND,"
                               "TIME AS TIME,STATE AS STATE,INFO AS INFO";
    const auto moved = first + "ID" + others;
    const auto information = moved + " FROM information_schema.processlist)";
    const std::string me = "CAST(7 AS UNSIGNED)";
    const std::pair<std::string, std::string> rows[] = {
        {"SELECT * FROM information_schema.processlist",
         "SELECT * FROM " + information + " AS processlist"},
        {"SELECT COUNT(*) FROM INFORMATION_SCHEMA.`PROCESSLIST` WHERE ID=CONNECTION_ID()",
         "SELECT COUNT(*) FROM " + moved +
             " FROM INFORMATION_SCHEMA.processlist) AS `PROCESSLIST` WHERE ID=" + me},
        {"SELECT p.id FROM t, information_schema.processlist p JOIN u",
         "SELECT p.id FROM t, " + first + "id" + others +
             " FROM information_schema.processlist) p JOIN u"},
        {"SELECT 1 FROM (information_schema.processlist AS p LEFT JOIN u ON 1)",
         "SELECT 1 FROM (" + information + " AS p LEFT JOIN u ON 1)"},
        {"SELECT 1 FROM t JOIN performance_schema.processlist ON processlist.id=t.id",
         "SELECT 1 FROM t JOIN " + moved +
             ",EXECUTION_ENGINE AS EXECUTION_ENGINE FROM performance_schema.processlist)"
             " AS processlist ON processlist.id=t.id"},
        {"SELECT 1 FROM app.processlist WHERE id=CONNECTION_ID()",
         "SELECT 1 FROM app.processlist WHERE id=" + me},
        {"SELECT information_schema.processlist.id FROM information_schema.processlist",
         "unchanged"},
        {"SELECT 1 FROM information_schema.processlist USE INDEX (x)", "unchanged"},
        {"UPDATE performance_schema.processlist SET id=1", "unchanged"},
        {"SELECT * FROM performance_schema.threads WHERE id=CONNECTION_ID()", "unchanged"},
        {"SELECT * FROM processlist", "unchanged"},
        {"SELECT 1", "unchanged"},
    };
    for (const auto& [text, expected] : rows) {
        INFO(text);
        CHECK(with_ids(text) == expected);
    }
    CHECK(with_ids("SELECT * FROM processlist", "information_schema") ==
          "SELECT * FROM " + information + " AS processlist");
    Dialect mariadb;
    mariadb.mariadb = true;
    const std::string_view list = "SELECT * FROM information_schema.processlist";
    CHECK_FALSE(with_session_ids(list, mariadb, "", ids));
    CHECK_FALSE(with_session_ids(list, mysql_9(), "", {}));
}

TEST_CASE("the holder of a lock is told by its session")
{
    const std::string owner = "(CASE IS_USED_LOCK('a') WHEN 12 THEN CAST(7 AS UNSIGNED) WHEN 15 "
                              "THEN CAST(9 AS UNSIGNED) ELSE IS_USED_LOCK('a') END)";
    CHECK(with_ids("SELECT IS_USED_LOCK('a') = CONNECTION_ID()") ==
          "SELECT " + owner + " = CAST(7 AS UNSIGNED) AS `IS_USED_LOCK('a') = CONNECTION_ID()`");
    CHECK(with_ids("DO IS_USED_LOCK('a')") == "DO " + owner);
    CHECK(with_ids("SELECT IS_USED_LOCK('a'") == "unchanged");
}
