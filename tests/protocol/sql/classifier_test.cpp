#include "protocol/sql/classifier.hpp"

#include "tests/protocol/sql/case_file.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pointsman::protocol::sql;
using pointsman::tests::heading_of;
using pointsman::tests::load_statement_cases;
using pointsman::tests::StatementCase;

namespace {

const std::vector<StatementCase>& all_cases()
{
    static const auto cases =
        load_statement_cases(POINTSMAN_SOURCE_DIR "/tests/protocol/sql/cases");
    return cases;
}

}  // namespace

TEST_CASE("every statement of the case files has the facts of its heading")
{
    for (const auto& expected : all_cases()) {
        const Statement found = classify(expected.text, expected.dialect);
        INFO(expected.where << ": " << expected.text);
        CHECK(heading_of(found) == heading_of(expected.expected));
        CHECK((found.access == Access::replica) == (found.reason == PrimaryReason::none));
    }
}

TEST_CASE("a comment before and after a statement changes none of its facts")
{
    for (const auto& one : all_cases()) {
        // What does not end would take the comment in.
        if (classify(one.text, one.dialect).reason == PrimaryReason::not_understood) continue;
        const std::string wrapped = "/* x */ # y\n" + one.text + "\n/* FOR UPDATE */";
        INFO(one.where << ": " << wrapped);
        CHECK(heading_of(classify(wrapped, one.dialect)) == heading_of(one.expected));
    }
}

TEST_CASE("a write behind a read is never sent to a replica")
{
    for (const auto& one : all_cases()) {
        if (one.expected.access != Access::replica) continue;
        const Statement found = classify(one.text + "\n; DELETE FROM t", one.dialect);
        INFO(one.where << ": " << one.text);
        CHECK(found.access == Access::primary);
    }
}

TEST_CASE("a read stays a read in version comments of the server's own age")
{
    for (const auto& one : all_cases()) {
        const bool nests =
            one.text.find("/*") != std::string::npos || one.text.find("*/") != std::string::npos;
        if (nests || one.expected.reason == PrimaryReason::not_understood) continue;
        // A line comment at the end would hide the comment's end.
        const std::string version = one.dialect.mariadb ? "M!100600 " : "!50700 ";
        const std::string text = "/*" + version + one.text + "\n*/";
        INFO(one.where << ": " << text);
        CHECK(heading_of(classify(text, one.dialect)) == heading_of(one.expected));
    }
}

TEST_CASE(
    "any cut of any statement gives facts, and never turns a write into a certain read's text")
{
    for (const auto& one : all_cases()) {
        for (std::size_t length = 0; length <= one.text.size(); ++length) {
            // A copy of exact size, so that the sanitizer sees a read past its end.
            const std::string cut(one.text, 0, length);
            const Statement found = classify(cut, one.dialect);
            CHECK((found.access == Access::replica) == (found.reason == PrimaryReason::none));
            CHECK((found.statement_count == 0) == (found.kind == StatementKind::empty));
        }
    }
}

TEST_CASE("statements are counted, empty ones are not")
{
    CHECK(classify("").statement_count == 0);
    CHECK(classify(" ; ;").statement_count == 0);
    CHECK(classify("SELECT 1").statement_count == 1);
    CHECK(classify("SELECT 1;").statement_count == 1);
    CHECK(classify("SELECT 1; -- done").statement_count == 1);
    CHECK(classify("SELECT 1; SELECT 2").statement_count == 2);
    CHECK(classify("SELECT ';'; SELECT `;` -- ;").statement_count == 2);
    CHECK(classify("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END").statement_count == 1);
    CHECK(classify("CREATE PROCEDURE p() BEGIN SELECT 1; END; SELECT 2").statement_count == 2);
    CHECK(classify(
              "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; SELECT CASE 1 WHEN 2 THEN 3 "
              "END; END; SELECT 2; SELECT 3")
              .statement_count == 3);
}

TEST_CASE("an empty text goes to the primary, which answers that it was empty")
{
    const Statement found = classify("/* nothing */");
    CHECK(found.kind == StatementKind::empty);
    CHECK(found.access == Access::primary);
}

TEST_CASE("more statements than the counter holds are still told apart from one")
{
    std::string text;
    for (int i = 0; i < 70'000; ++i) text += "DO 1;";
    CHECK(classify(text).statement_count == UINT16_MAX);
}

TEST_CASE("huge statements are read in one pass")
{
    std::string list = "SELECT * FROM t WHERE id IN (0";
    for (int i = 1; i < 500'000; ++i) list += ", " + std::to_string(i);
    CHECK(classify(list + ")").access == Access::replica);
    CHECK(classify(list + ") FOR UPDATE").reason == PrimaryReason::locking_read);
    CHECK(classify(std::string(1'000'000, '(') + "SELECT 1").access == Access::replica);
    std::string calls;
    for (int i = 0; i < 100'000; ++i) calls += "f(";
    CHECK(classify("SELECT " + calls).reason == PrimaryReason::unknown_function);
    std::string lists;
    for (int i = 0; i < 50'000; ++i) lists += "f(a, b), ";
    CHECK(classify("SELECT " + lists + "1").reason == PrimaryReason::unknown_function);
    CHECK(classify("SELECT 1 /*!99999 " + std::string(1'000'000, '/') + "*/").access ==
          Access::replica);
    std::string inner = "SELECT 1 /*!99999 ";
    for (int i = 0; i < 100'000; ++i) inner += "/* */ ";
    CHECK(classify(inner + "*/").access == Access::replica);
}

TEST_CASE("long literals of any kind are read in one pass")
{
    const std::size_t many = 500'000;
    std::string backslashes = "SELECT '";
    for (std::size_t i = 0; i < many; ++i) backslashes += "\\'";
    CHECK(classify(backslashes + "'").access == Access::replica);
    CHECK(classify("SELECT '" + std::string(2 * many, '\'') + "'").access == Access::replica);
    CHECK(classify("SELECT '" + std::string(2 * many, '\\') + "' FOR UPDATE").reason ==
          PrimaryReason::locking_read);
    CHECK(classify("SELECT `" + std::string(2 * many, '`') + "`").access == Access::replica);
}
