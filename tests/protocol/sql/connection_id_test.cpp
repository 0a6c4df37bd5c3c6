#include "protocol/sql/connection_id.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::protocol::sql;

namespace {

std::string rewritten(std::string_view text)
{
    return with_connection_id(text, {}, 7).value_or("unchanged");
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

TEST_CASE("where the server's own id could matter, or the name is not certain, nothing changes")
{
    for (const auto* text :
         {"SELECT 1",
          "SELECT 'CONNECTION_ID()'",
          "SELECT CONNECTION_ID() + 0",
          "SELECT (CONNECTION_ID())",
          "SELECT CONNECTION_ID() FROM t",
          "SELECT * FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()",
          "SELECT IS_USED_LOCK('x') = CONNECTION_ID()",
          "SELECT CONNECTION_ID() LIMIT 1",
          "SELECT DISTINCT CONNECTION_ID()",
          "SELECT CONNECTION_ID() INTO @a",
          "SELECT CONNECTION_ID() UNION SELECT 1",
          "SELECT db.CONNECTION_ID()",
          "SELECT `CONNECTION_ID`()",
          "SELECT CONNECTION_ID(), IF(CONNECTION_ID(), 1, 2)",
          "SELECT CONNECTION_ID(); SELECT 1",
          "/*! SELECT CONNECTION_ID() */",
          "SELECT /*!80000 CONNECTION_ID() */",
          "SELECT CONNECTION_ID(",
          "SELECT CONNECTION_ID() 'x",
          "INSERT INTO t VALUES (CONNECTION_ID())",
          "SET @a = CONNECTION_ID()",
          "SELECT",
          ""}) {
        INFO(text);
        CHECK_FALSE(with_connection_id(text, {}, 7));
    }
}
