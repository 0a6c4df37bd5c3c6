#include "protocol/sql/hint.hpp"

#include "protocol/sql/classifier.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pointsman::protocol::sql;

namespace {

/// "", "primary", "replica" or "server:NAME".
std::string hint_of(std::string_view sql)
{
    const RouteHint hint = classify(sql).hint;
    switch (hint.kind) {
        case RouteHint::Kind::none:
            return "";
        case RouteHint::Kind::primary:
            return "primary";
        case RouteHint::Kind::replica:
            return "replica";
        case RouteHint::Kind::server:
            return "server:" + hint.server;
    }
    return "?";
}

}  // namespace

TEST_CASE("a hint may stand in any plain comment")
{
    CHECK(hint_of("/* route=primary */ SELECT 1") == "primary");
    CHECK(hint_of("/*route=replica*/SELECT 1") == "replica");
    CHECK(hint_of("SELECT /* route=server:db2 */ 1") == "server:db2");
    CHECK(hint_of("SELECT 1 /* route=primary */") == "primary");
    CHECK(hint_of("SELECT 1 -- route=primary") == "primary");
    CHECK(hint_of("-- route=server:db-2.example\r\nSELECT 1") == "server:db-2.example");
    CHECK(hint_of("SELECT 1 # route=replica\nFROM t") == "replica");
    CHECK(hint_of("/* app=shop, route=primary; trace=1 */ SELECT 1") == "primary");
    CHECK(hint_of("/* x */ INSERT INTO t VALUES (1) /* route=primary */") == "primary");
}

TEST_CASE("what only looks like a hint is none")
{
    CHECK(hint_of("SELECT 1") == "");
    CHECK(hint_of("/* route=elsewhere */ SELECT 1") == "");
    CHECK(hint_of("/* route=PRIMARY */ SELECT 1") == "");
    CHECK(hint_of("/* route=primaryish */ SELECT 1") == "");
    CHECK(hint_of("/* noroute=primary */ SELECT 1") == "");
    CHECK(hint_of("/* route = primary */ SELECT 1") == "");
    CHECK(hint_of("/* route=server: */ SELECT 1") == "");
    CHECK(hint_of("/* route=server:" + std::string(300, 'x') + " */ SELECT 1") == "");
    CHECK(hint_of("SELECT '/* route=primary */'") == "");
    CHECK(hint_of("SELECT `-- route=primary`") == "");
    CHECK(hint_of("/*+ route=primary */ SELECT 1") == "");
    CHECK(hint_of("/*!99999 route=primary */ SELECT 1") == "");
    CHECK(hint_of("SELECT 1 --route=primary") == "");
}

TEST_CASE("the first valid hint counts")
{
    CHECK(hint_of("/* route=x route=replica */ SELECT 1 /* route=primary */") == "replica");
    CHECK(hint_of("/* route=x */ SELECT 1; SELECT 2 /* route=primary */") == "primary");
}

TEST_CASE("a hint changes no other fact")
{
    const Statement plain = classify("SELECT 1 FROM t FOR UPDATE");
    const Statement hinted = classify("/* route=replica */ SELECT 1 FROM t FOR UPDATE");
    CHECK(hinted.access == plain.access);
    CHECK(hinted.reason == plain.reason);
}

TEST_CASE("after_gtid stands beside a route or alone, commas and all")
{
    const auto token_of = [](std::string_view sql) { return classify(sql).hint.after_gtid; };
    CHECK(token_of("/* after_gtid=a-b:1-5,c:7 */ SELECT 1") == "a-b:1-5,c:7");
    CHECK(token_of("/*after_gtid=0-1-5*/SELECT 1") == "0-1-5");
    CHECK(token_of("SELECT 1 -- route=replica after_gtid=a:1") == "a:1");
    CHECK(token_of("/* after_gtid=a:1; trace=1 */ /* after_gtid=b:1 */ SELECT 1") == "a:1");
    CHECK(token_of("/* after_gtid=a:1 */ /* route=primary */ SELECT 1") == "a:1");
    CHECK(hint_of("/* after_gtid=a:1 */ /* route=primary */ SELECT 1") == "primary");
    CHECK(token_of("/* route=primary */ /* after_gtid=a:1 */ SELECT 1") == "a:1");
    CHECK(token_of("/* not_after_gtid=a:1 */ SELECT 1").empty());
    CHECK(token_of("SELECT '/* after_gtid=a:1 */'").empty());
}
