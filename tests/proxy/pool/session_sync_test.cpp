#include "proxy/pool/session_sync.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace pointsman::proxy;

TEST_CASE("the statement that brings a link to a session's variables, case by case")
{
    struct Row {
        std::string_view what;
        Variables link, session;
        std::string_view statement;  // empty: none
    };
    const std::vector<Row> rows{
        {"nothing anywhere", {}, {}, ""},
        {"a new link and a text", {}, {{"time_zone", "+02:00"}}, "SET SESSION time_zone='+02:00'"},
        {"a number is bare",
         {},
         {{"sort_buffer_size", "262144"}},
         "SET SESSION sort_buffer_size=262144"},
        {"a negative number", {}, {{"x", "-1"}}, "SET SESSION x=-1"},
        {"a fraction",
         {},
         {{"long_query_time", "10.000000"}},
         "SET SESSION long_query_time=10.000000"},
        {"a minus alone is text", {}, {{"x", "-"}}, "SET SESSION x='-'"},
        {"a point alone is text", {}, {{"x", "."}}, "SET SESSION x='.'"},
        {"two points are text", {}, {{"x", "1.2.3"}}, "SET SESSION x='1.2.3'"},
        {"a number and more is text",
         {},
         {{"x", "1;DROP TABLE t"}},
         "SET SESSION x='1;DROP TABLE t'"},
        {"a quote is doubled", {}, {{"x", "it's '"}}, "SET SESSION x='it''s '''"},
        {"an empty value", {}, {{"sql_mode", ""}}, "SET SESSION sql_mode=''"},
        {"an empty result character set is NULL",
         {},
         {{"character_set_results", ""}},
         "SET SESSION character_set_results=NULL"},
        {"setting max_join_size sets sql_big_selects, which comes behind it",
         {{"max_join_size", "100"}, {"sql_big_selects", "OFF"}},
         {{"sql_big_selects", "OFF"}},
         "SET SESSION max_join_size=DEFAULT,SESSION sql_big_selects='OFF'"},
        {"and back",
         {{"max_join_size", "100"}, {"sql_big_selects", "OFF"}},
         {},
         "SET SESSION max_join_size=DEFAULT,SESSION sql_big_selects=DEFAULT"},
        {"what is equal is left out",
         {{"a", "x"}, {"b", "1"}},
         {{"a", "x"}, {"b", "2"}},
         "SET SESSION b=2"},
        {"all equal", {{"a", "x"}}, {{"a", "x"}}, ""},
        {"several, by name, so that a collation comes behind its character set",
         {},
         {{"collation_connection", "utf8mb4_bin"},
          {"character_set_connection", "utf8mb4"},
          {"autocommit", "OFF"}},
         "SET SESSION character_set_connection='utf8mb4',"
         "SESSION collation_connection='utf8mb4_bin'"},
        {"one-shot values stay behind",
         {},
         {{"insert_id", "7"}, {"last_insert_id", "7"}, {"identity", "7"}, {"autocommit", "ON"}},
         ""},
        {"what is tracked stays behind",
         {},
         {{"session_track_gtids", "OWN_GTID"}, {"session_track_schema", "OFF"}},
         ""},
    };
    for (const auto& row : rows) {
        INFO(row.what);
        CHECK(sync_statement(row.link, row.session).value_or("") == row.statement);
    }
}

TEST_CASE("a variable that means something else on another link cannot move")
{
    struct Row {
        std::string_view variable, value;
        bool moves;
    };
    constexpr Row rows[] = {
        {"time_zone", "SYSTEM", true},
        {"sql_mode", "ANSI_QUOTES", true},
        {"gtid_next", "AUTOMATIC", false},
        {"sql_log_bin", "OFF", false},
        {"pseudo_thread_id", "7", false},
        {"rand_seed1", "1", false},
        {"rand_seed2", "1", false},
        // SET timestamp=DEFAULT is reported with the old value (measured: MySQL 9.7).
        {"timestamp", "5.000000", false},
        // A backslash would be read by one sql_mode and kept by another.
        {"init_connect", "a\\b", false},
    };
    for (const auto& row : rows) {
        INFO(row.variable);
        CHECK(can_move(row.variable, row.value) == row.moves);
    }
}

TEST_CASE("the collation of results, which has no name, is set by SET NAMES … COLLATE")
{
    struct Row {
        std::string_view what;
        Variables link, session;
        std::string_view statement;
    };
    const Variables login{{"character_set_client", "utf8mb4"},
                          {"character_set_connection", "utf8mb4"},
                          {"character_set_results", "utf8mb4"},
                          {"collation_connection", "utf8mb4_bin"},
                          {"results_collation", "utf8mb4_bin"}};
    const Variables named{{"character_set_client", "utf8mb4"},
                          {"character_set_connection", "utf8mb4"},
                          {"character_set_results", "utf8mb4"}};
    auto with = [](Variables variables, std::string_view name, std::string_view value) {
        variables.insert_or_assign(std::string{name}, value);
        return variables;
    };
    auto collated = with(with(named, "collation_connection", "utf8mb4_bin"), "results_collation",
                         "utf8mb4_bin");
    const Row rows[] = {
        {"nothing was set", {}, {}, ""},
        {"SET NAMES", {}, named, "SET NAMES 'utf8mb4'"},
        {"back to the login's", named, {}, "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'"},
        {"SET NAMES … COLLATE", named, collated, "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'"},
        {"and away from it", collated, named, "SET NAMES 'utf8mb4'"},
        {"collation_connection alone leaves the login's for results",
         named,
         {{"collation_connection", "utf8mb4_general_ci"}},
         "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin',"
         "SESSION collation_connection='utf8mb4_general_ci'"},
        {"what was collated, and then collation_connection alone",
         collated,
         with(collated, "collation_connection", "utf8mb4_general_ci"),
         "SET SESSION collation_connection='utf8mb4_general_ci'"},
        {"results with the login's collation where the client has another set",
         with({}, "character_set_results", "utf8mb4"),
         {{"character_set_client", "latin1"}},
         "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin',SESSION character_set_client='latin1',"
         "SESSION character_set_connection='utf8mb4',SESSION collation_connection='utf8mb4_bin'"},
        {"results without any",
         named,
         with(named, "character_set_results", ""),
         "SET SESSION character_set_results=NULL"},
        {"results with their set's own where the client has another set",
         {},
         {{"character_set_client", "latin1"}, {"character_set_results", "utf8mb4"}},
         "SET SESSION character_set_client='latin1',SESSION character_set_results='utf8mb4'"},
    };
    for (const auto& row : rows) {
        INFO(row.what);
        CHECK(sync_statement(row.link, row.session, login).value_or("") == row.statement);
    }
}
