#include "proxy/session/kill.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using namespace pointsman::proxy;

TEST_CASE("KILL is understood in its plain forms")
{
    struct Row {
        std::string_view text;
        std::uint64_t id;
        bool query_only;
    };
    constexpr Row rows[] = {
        {"KILL 5", 5, false},
        {"kill 1073741824", 1073741824, false},
        {"KILL CONNECTION 5", 5, false},
        {"Kill Query 5", 5, true},
        {"  KILL\t\n QUERY \r 5 ; ", 5, true},
        {"KILL 18446744073709551615", 18446744073709551615u, false},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        const auto kill = parse_kill(row.text);
        REQUIRE(kill);
        CHECK(kill->connection_id == row.id);
        CHECK(kill->query_only == row.query_only);
    }
}

TEST_CASE("any other KILL is left to the server")
{
    constexpr std::string_view texts[] = {
        "",
        "KILL",
        "KILL ",
        "KILL QUERY",
        "KILL CONNECTION ",
        "KILL @a",
        "KILL -1",
        "KILL +1",
        "KILL 1.5",
        "KILL 1 2",
        "KILL 5 /* x */",
        "KILL /* x */ 5",
        "KILL QUERY CONNECTION 5",
        "KILL HARD 5",
        "KILL 18446744073709551616",
        "KILL5",
        "SELECT 5",
        "KILLER 5",
    };
    for (const auto text : texts) {
        INFO(text);
        CHECK_FALSE(parse_kill(text));
    }
}
