#include "protocol/sql/user_variables.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::protocol::sql;

namespace {

std::string names(std::string_view text)
{
    auto found = assigned_variables(text, Dialect{});
    if (!found) return "unknown";
    std::string joined;
    for (const auto& name : *found) joined += (joined.empty() ? "" : ",") + name;
    return joined;
}

}  // namespace

TEST_CASE("the user variables that a statement may assign")
{
    struct Row {
        std::string_view text, names;
    };
    const Row rows[] = {
        {"SET @a=1", "a"},
        {"set @A = 1, @`b c` = 2, @'d' = 3", "a,b c,d"},
        {"SET @`a``b` = 1", "a`b"},
        {"SET sql_mode='', @x:=@y", "x,y"},
        {"SELECT @a := @a + 1 FROM t", "a"},
        {"SELECT a, b INTO @x, @y FROM t", "x,y"},
        {"CALL p(1, @out)", "out"},
        {"LOAD DATA LOCAL INFILE 'f' INTO TABLE t (@a, b) SET c=@a", "a"},
        {"INSERT INTO t VALUES (@a)", "a"},  // INTO: perhaps one too many
        {"PREPARE s FROM @text", "text"},
        {"SELECT @a", ""},
        {"SELECT * FROM t WHERE a=@a", ""},
        {"UPDATE t SET a=@a", "a"},  // makes it, if it is not there
        {"DELETE FROM t WHERE a=@a", "a"},
        {"WITH c AS (SELECT @a AS x) UPDATE t, c SET v=x", "a"},
        {"REPLACE t VALUES (@a)", "a"},
        {"(SELECT @a)", ""},
        {"SELECT 1; SET @b=2", "b"},
        {"SELECT '@a' /* @b */", ""},
        {"EXECUTE s USING @a", "unknown"},  // what was prepared may assign others
        {"SET @\xc3\xa4=1", "unknown"},     // names are compared by a collation
        {"SET @'a\\'b'=1", "unknown"},
        {"SET @a='unterminated", "unknown"},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        CHECK(names(row.text) == row.names);
    }
}
