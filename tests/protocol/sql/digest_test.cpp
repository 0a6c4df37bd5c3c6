#include "protocol/sql/digest.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pointsman::protocol::sql;

namespace {

std::string text_of(std::string_view sql)
{
    return digest(sql).text;
}

}  // namespace

TEST_CASE("literals, comments, blanks and the case of keywords leave a digest")
{
    CHECK(text_of("select  c\nfrom t where id=123 -- x") == "SELECT c FROM t WHERE id = ?");
    CHECK(text_of("SELECT c FROM t WHERE id = 'secret'") == "SELECT c FROM t WHERE id = ?");
    CHECK(text_of("/* x */ SELECT `a` . b FROM db.t") == "SELECT `a`.b FROM db.t");
    CHECK(text_of("SELECT c FROM t WHERE id = -5") == "SELECT c FROM t WHERE id = ?");
    CHECK(text_of("SELECT a -5") == "SELECT a - ?");
    CHECK(text_of("INSERT INTO t VALUES (?, ?)") == "INSERT INTO t VALUES (?+)");
    CHECK(text_of("") == "");
}

TEST_CASE("names keep their case, for they may be different names")
{
    CHECK(text_of("SELECT a FROM T") != text_of("SELECT a FROM t"));
    CHECK(digest("SELECT a FROM T").hash != digest("SELECT a FROM t").hash);
    CHECK(text_of("select t.Count from t") == "SELECT t.Count FROM t");
}

TEST_CASE("lists and rows of literals are one, however long")
{
    CHECK(text_of("SELECT a FROM t WHERE b IN (1, 2, -3, 'x')") ==
          "SELECT a FROM t WHERE b IN (?+)");
    CHECK(text_of("SELECT a FROM t WHERE b IN (1)") == "SELECT a FROM t WHERE b IN (?)");
    CHECK(text_of("INSERT INTO t (a, b) VALUES (1, 2), (3, 4), (5, 6)") ==
          "INSERT INTO t (a, b) VALUES (?+),+");
    std::string rows = "INSERT INTO t VALUES (1, 'x')";
    for (int i = 0; i < 100'000; ++i) rows += ", (" + std::to_string(i) + ", 'y')";
    CHECK(digest(rows).hash == digest("INSERT INTO t VALUES (1, 2), (3, 4)").hash);
}

TEST_CASE("statements that differ in more than literals have different hashes")
{
    CHECK(digest("SELECT a FROM t").hash != digest("SELECT b FROM t").hash);
    CHECK(digest("SELECT a, b").hash != digest("SELECT a b").hash);
    CHECK(digest("SELECT 1 + 2").hash == digest("SELECT 3+4").hash);
}

TEST_CASE("no literal is ever shown, not even one that does not end")
{
    for (const char* sql :
         {"SELECT 'secret", "SELECT \"secret", "SELECT 'x', 'secret'",
          "SELECT 1 FROM t WHERE a = 'sec''ret' -- secret", "SELECT /* secret",
          "CREATE USER a IDENTIFIED BY 'secret'", "SELECT x'5ec7e7', 0x5ec7e7, `secret"}) {
        INFO(sql);
        CHECK(text_of(sql).find("secret") == std::string::npos);
        CHECK(text_of(sql).find("5ec7e7") == std::string::npos);
    }
}

TEST_CASE("a long digest is cut, its hash is not")
{
    std::string columns = "SELECT a0";
    for (int i = 1; i < 10'000; ++i) columns += ", a" + std::to_string(i);
    const Digest one = digest(columns + " FROM t");
    const Digest other = digest(columns + " FROM u");
    CHECK(one.truncated);
    CHECK(one.text.size() == longest_digest_text);
    CHECK(one.text == other.text);
    CHECK(one.hash != other.hash);
    CHECK(digest("SELECT 1", {}, 3).text == "SEL");
}
