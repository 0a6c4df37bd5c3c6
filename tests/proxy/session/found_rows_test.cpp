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

TEST_CASE("ROW_COUNT() is what the last response said, FOUND_ROWS() how many rows were sent")
{
    struct Row {
        Done done;
        std::optional<std::int64_t> row_count;
        std::optional<std::uint64_t> found_rows;
    };
    constexpr auto unknown = std::nullopt;
    const std::vector<Row> rows{
        {{.text = "SELECT a FROM t", .rows = 3}, -1, 3},
        {{.text = "SELECT a FROM t LIMIT 0", .rows = 0}, -1, 0},
        {{.text = "SELECT a FROM t LIMIT 2 UNION SELECT 1", .rows = 3}, -1, 3},
        {{.text = "TABLE t", .rows = 2}, -1, 2},
        {{.text = "SELECT a FROM t LIMIT 2 OFFSET 1", .rows = 2}, -1, unknown},
        {{.text = "SELECT a FROM t LIMIT 1, 2", .rows = 2}, -1, unknown},
        {{.text = "SELECT a FROM (SELECT a FROM t LIMIT 1, 2) x", .rows = 2}, -1, unknown},
        {{.text = "SELECT SQL_CALC_FOUND_ROWS a FROM t LIMIT 2", .rows = 2}, -1, unknown},
        {{.text = "SELECT a FROM t INTO @x", .affected_rows = 1}, 1, unknown},
        {{.text = "DO 0"}, 0, 1},
        {{.text = "UPDATE t SET a = 1", .affected_rows = 4}, 4, unknown},
        {{.text = "UPDATE t SET a = 1; SELECT 2", .rows = 1, .affected_rows = 4}, -1, unknown},
        {{.text = "CALL p()", .affected_rows = 4}, 4, unknown},
        {{.text = "SELECT x", .error_code = 1054}, -1, unknown},
        {{.text = "SHOW TABLES", .rows = 9}, -1, unknown},
        // These leave the number of rows that were found before.
        {{.text = "SET @x = 1"}, 0, 7},
        {{.text = "BEGIN"}, 0, 7},
        {{.text = "ROLLBACK"}, 0, 7},
        {{.text = "CREATE TABLE x (a INT)"}, 0, 7},
        {{.text = "PREPARE s FROM 'SELECT 1'"}, 0, 7},
        {{.text = "", .command = protocol::Command::init_db}, 0, 7},
        {{.text = "", .error_code = 1049, .command = protocol::Command::init_db}, -1, 7},
        {{.text = "", .command = protocol::Command::stmt_prepare}, -1, 7},
        {{.text = "GET DIAGNOSTICS @n = NUMBER"}, -1, unknown},
    };
    for (const auto& row : rows) {
        INFO(row.done.text);
        const auto counts =
            state_after({{.text = "SELECT a FROM t", .rows = 7}, row.done}).result_counts();
        CHECK(counts.row_count == row.row_count);
        CHECK(counts.found_rows == row.found_rows);
    }
}

TEST_CASE("what servers that nobody measured count is not known here")
{
    auto state = state_after({{.text = "SELECT a FROM t", .rows = 7}});
    state.set_server_version(true, 101100);
    CHECK_FALSE(state.result_counts().row_count);
    CHECK_FALSE(state.result_counts().found_rows);
    state.set_server_version(false, 50744);
    CHECK_FALSE(state.result_counts().found_rows);
}

TEST_CASE("an answer of ours counts as a server's would")
{
    auto state = state_after({{.text = "UPDATE t SET a = 1", .affected_rows = 4}});
    state.note_own_ok();
    CHECK(state.result_counts().row_count == 0);
    state.note_own_error({});
    CHECK(state.result_counts().row_count == -1);
}
