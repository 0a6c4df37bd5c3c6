#include "tests/support/sessions.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;

TEST_CASE("FOUND_ROWS() is known where the last SELECT ran, and nowhere once others ran elsewhere")
{
    struct Row {
        std::vector<Done> done;
        std::optional<config::ServerId> on;
        bool is_unset;
    };
    const std::vector<Row> rows{
        {{}, {}, true},
        {{{.text = "SET time_zone = '+01:00'"}}, {}, true},
        {{{.text = "BEGIN"}}, {}, true},
        {{{.text = "SHOW TABLES"}}, {}, false},
        {{{.text = "CALL p()"}}, {}, false},
        {{{.text = "SELECT 1", .server = replica1}}, replica1, false},
        {{{.text = "DO 0"}}, primary, false},  // 1, as of a SELECT
        {{{.text = "SELECT 1"}, {.text = "UPDATE t SET a = 1"}}, primary, false},
        {{{.text = "SELECT 1", .server = replica1}, {.text = "UPDATE t SET a = 1"}}, {}, false},
        {{{.text = "SELECT a", .error_code = 1054}}, {}, false},
        {{{.text = "SELECT 1; SELECT 2"}}, {}, false},
    };
    for (const auto& row : rows) {
        INFO((row.done.empty() ? "nothing" : row.done.back().text));
        const auto state = state_after(row.done);
        CHECK(state.found_rows().on() == row.on);
        CHECK(state.found_rows().is_unset() == row.is_unset);
    }
}

TEST_CASE("FOUND_ROWS() is lost with its link, and by a reset")
{
    auto state = state_after({{.text = "SELECT 1"}});
    state.lose_found_rows(replica1);
    CHECK(state.found_rows().on() == primary);
    state.lose_found_rows(primary);
    CHECK_FALSE(state.found_rows().on());

    auto reset = state_after({{.text = "SELECT 1"}});
    reset.reset_connection("");
    CHECK_FALSE(reset.found_rows().on());
    CHECK_FALSE(reset.found_rows().is_unset());
}

TEST_CASE("what a lost server knew of the last statement is not asked for elsewhere")
{
    auto state = state_after({{.text = "UPDATE t SET a = 1"}});
    state.forget_server(primary);
    CHECK(state.is_last_result_lost());
    settle(state, {.text = "UPDATE t SET a = 1"});
    CHECK_FALSE(state.is_last_result_lost());
}

TEST_CASE("a ping is owed to the server until the next statement, if one ran before")
{
    SessionState state;
    state.note_own_ok();
    CHECK_FALSE(state.owes_ping());
    settle(state, {.text = "UPDATE t SET a = 1"});
    state.note_own_ok();
    CHECK(state.owes_ping());
    settle(state, {.text = "SHOW WARNINGS"});
    CHECK(state.owes_ping());
    settle(state, {.text = "DO 0"});
    CHECK_FALSE(state.owes_ping());
}
