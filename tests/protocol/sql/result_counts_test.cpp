#include "protocol/sql/result_counts.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::protocol::sql;

namespace {

std::string told(std::string_view text, ResultCounts counts = {5, 9, true})
{
    return with_result_counts(text, {}, counts).value_or("not told");
}

constexpr auto row_count = CountColumn::row_count;
constexpr auto found_rows = CountColumn::found_rows;
constexpr auto last_insert_id = CountColumn::last_insert_id;
using Columns = std::vector<CountColumn>;

}  // namespace

TEST_CASE("counts that are known stand in the place of the functions")
{
    CHECK(told("SELECT ROW_COUNT()") == "SELECT CAST(5 AS SIGNED) AS `ROW_COUNT()`");
    CHECK(told("SELECT ROW_COUNT()", {-1, {}, true}) ==
          "SELECT CAST(-1 AS SIGNED) AS `ROW_COUNT()`");
    CHECK(told("select found_rows() n, Row_Count()") ==
          "select CAST(FOUND_ROWS()*0+9 AS SIGNED) n, CAST(5 AS SIGNED) AS `Row_Count()`");
    CHECK(told("SET @a = ROW_COUNT() + 1") == "SET @a = CAST(5 AS SIGNED) + 1");
    CHECK(told("INSERT INTO t VALUES (FOUND_ROWS(), 'ROW_COUNT()')") ==
          "INSERT INTO t VALUES (CAST(FOUND_ROWS()*0+9 AS SIGNED), 'ROW_COUNT()')");
}

TEST_CASE("diagnostics into user variables are a SET")
{
    CHECK(told("GET DIAGNOSTICS @n = ROW_COUNT") == "SET @n=CAST(5 AS SIGNED)");
    CHECK(told("get current diagnostics @`a b` = number, @n = row_count;") ==
          "SET @`a b`=CAST(0 AS UNSIGNED),@n=CAST(5 AS SIGNED)");
    for (auto text :
         {"GET STACKED DIAGNOSTICS @n = ROW_COUNT", "GET DIAGNOSTICS n = ROW_COUNT",
          "GET DIAGNOSTICS CONDITION 1 @n = MESSAGE_TEXT", "GET DIAGNOSTICS",
          "GET DIAGNOSTICS @n = ROW_COUNT; SELECT 1", "GET DIAGNOSTICS @n = ROW_COUNT,"})
        CHECK(told(text) == "not told");
    CHECK(told("GET DIAGNOSTICS @n = NUMBER", {5, 9, false}) == "not told");
}

TEST_CASE("what is not known is not told")
{
    CHECK(told("SELECT ROW_COUNT()", {{}, 9, true}) == "not told");
    CHECK(told("SELECT ROW_COUNT(), FOUND_ROWS()", {5, {}, true}) == "not told");
    CHECK(told("SELECT ROW_COUNT(), @@warning_count", {5, 9, false}) == "not told");
    CHECK(told("SELECT @@error_count", {5, 9, false}) == "not told");
    CHECK(told("SELECT @@error_count") == "SELECT @@error_count");
    CHECK(told("SELECT 1") == "not told");
    CHECK(told("SELECT /*!50000 ROW_COUNT() */") == "not told");
    CHECK(told("CREATE VIEW v AS SELECT ROW_COUNT()") == "not told");
}

TEST_CASE("a SELECT of counts alone is known by its columns")
{
    CHECK(plain_count_columns("SELECT ROW_COUNT()", {}) == Columns{row_count});
    CHECK(plain_count_columns(
              "select found_rows ( ) AS n, ROW_COUNT() `x`, ROW_COUNT() y, LAST_INSERT_ID();",
              {}) == Columns{found_rows, row_count, row_count, last_insert_id});
    for (auto text :
         {"SELECT", "SELECT ROW_COUNT", "SELECT ROW_COUNT() + 1", "SELECT ROW_COUNT() FROM t",
          "SELECT LAST_INSERT_ID(3)", "SELECT ROW_COUNT(), 1", "DO ROW_COUNT()",
          "SELECT ROW_COUNT() INTO @x", "SELECT /*!1 ROW_COUNT() */",
          "SELECT ROW_COUNT(); SELECT ROW_COUNT()", "SELECT ROW_COUNT(),"})
        CHECK(plain_count_columns(text, {}).empty());
}
