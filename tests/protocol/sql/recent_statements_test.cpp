#include "protocol/sql/recent_statements.hpp"

#include "tests/protocol/sql/case_file.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pointsman::protocol::sql;
using pointsman::tests::heading_of;
using pointsman::tests::load_statement_cases;

namespace {

std::string with_other_numbers(const std::string& text)
{
    std::string changed;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        changed += digit ? static_cast<char>('0' + (c - '0' + 7) % 10) : c;
        if (digit && c > '6') changed += "42";
    }
    return changed;
}

}  // namespace

TEST_CASE("texts that differ in numbers only are told from all others")
{
    struct Row {
        const char *a, *b;
        bool same;
    };
    const Row rows[] = {
        {"SELECT a FROM t WHERE id=5", "SELECT a FROM t WHERE id=5", true},
        {"SELECT a FROM t WHERE id=5", "SELECT a FROM t WHERE id=61", true},
        {"SELECT a FROM t WHERE id=123", "SELECT a FROM t WHERE id=1", true},
        {"id BETWEEN 1 AND 22 LIMIT 3", "id BETWEEN 9 AND 8 LIMIT 77777", true},
        {"id IN (1,2,3)", "id IN (10,20,30)", true},
        {"at > '2024-01-02 03:04'", "at > '1999-11-12 13:14'", true},
        {"1", "2", true},
        {"", "", true},

        {"SELECT a FROM t WHERE id=5", "SELECT a FROM t WHERE id=5 FOR UPDATE", false},
        {"SELECT a FROM t WHERE id=5", "SELECT a FROM t WHERE id=5FOR UPDATE", false},
        {"SELECT a FROM t WHERE id=5", "SELECT a FROM t WHERE id=", false},
        {"SELECT a FROM t WHERE id=5", "SELECT a FROM t WHERE id=?", false},
        {"SELECT a FROM t1", "SELECT a FROM t2", false},
        {"SELECT a FROM t1", "SELECT a FROM t12", false},
        {"SELECT 0x41", "SELECT 0x42", false},
        {"SELECT 0x41", "SELECT 1x41", false},
        {"SELECT 1.5", "SELECT 2.5", false},
        {"SELECT 1.5", "SELECT 1.6", false},
        {"SELECT t.1a", "SELECT t.2a", false},
        {"SELECT 1e5", "SELECT 2e5", false},
        {"SELECT 5\xe9", "SELECT 6\xe9", false},
        {"SELECT \xe9"
         "5",
         "SELECT \xe9"
         "6",
         false},
        {"id=12 x", "id=1 2x", false},
        {"id=1,2", "id=1", false},
        {"id=1 ,2", "id=11;2", false},
        {"", "1", false},
    };
    for (const auto& row : rows) {
        INFO(row.a << " | " << row.b);
        CHECK(differ_in_numbers_only(row.a, row.b) == row.same);
        CHECK(differ_in_numbers_only(row.b, row.a) == row.same);
    }
}

TEST_CASE("only plain queries for replicas stand for their like")
{
    const auto holds = [](const char* text) {
        return holds_for_other_numbers(text, classify(text));
    };
    CHECK(holds("SELECT a FROM t WHERE id = 5"));
    CHECK(holds("SELECT a FROM t WHERE id = 5 - 3"));
    CHECK_FALSE(holds("SELECT a FROM t WHERE id = 5 FOR UPDATE"));
    CHECK_FALSE(holds("SELECT a /*!90000 , b */ FROM t WHERE id = 5"));
    CHECK_FALSE(holds("SELECT a FROM t -- route=server:5"));
    CHECK_FALSE(holds("SELECT a FROM t # route=primary"));
    CHECK_FALSE(holds("SELECT a FROM t; SELECT b FROM t"));
    CHECK_FALSE(holds("UPDATE t SET a = 5"));
    CHECK_FALSE(holds("SET autocommit = 0"));
    CHECK_FALSE(holds("SELECT @a + 5"));
}

TEST_CASE("a statement seen before has the facts that reading it gives, whatever came between")
{
    RecentStatements recent;
    const auto cases = load_statement_cases(POINTSMAN_SOURCE_DIR "/tests/protocol/sql/cases");
    for (int round = 0; round < 2; ++round)
        for (const auto& one : cases)
            for (const auto& text : {one.text, with_other_numbers(one.text), one.text}) {
                INFO(one.where << ": " << text);
                CHECK(heading_of(recent.classify(text, one.dialect)) ==
                      heading_of(classify(text, one.dialect)));
            }
}

TEST_CASE("what was read in one dialect is not taken for another")
{
    RecentStatements recent;
    Dialect ansi;
    ansi.ansi_quotes = true;
    const std::string call = "SELECT \"f\" (5) FROM t WHERE id = 7";
    for (int round = 0; round < 2; ++round) {
        CHECK(heading_of(recent.classify(call, {})) == heading_of(classify(call, {})));
        CHECK(heading_of(recent.classify(call, ansi)) == heading_of(classify(call, ansi)));
    }
}
