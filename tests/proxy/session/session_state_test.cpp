#include "proxy/session/session_state.hpp"

#include "tests/support/sessions.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;
using protocol::TrackedChange;
using protocol::TrackedSchema;
using protocol::TrackedVariable;

namespace status = protocol::server_status;

namespace {

constexpr std::uint16_t in_trans = status::autocommit | status::in_trans;

std::string value_of(const SessionState& state, std::string_view name)
{
    auto found = state.variables()->find(name);
    return found == state.variables()->end() ? "not there" : found->second;
}

struct Release {
    Done before, after;
    std::uint32_t left;
};

void check_releases(const std::vector<Release>& rows)
{
    for (const auto& row : rows) {
        INFO(row.before.text << " then " << row.after.text);
        const auto state = state_after({row.before, row.after});
        CHECK(state.pins() == row.left);
        CHECK(state.bound_to().has_value() == (row.left != pin_none));
    }
}

}  // namespace

TEST_CASE("status flags say where a transaction is")
{
    SessionState state;
    CHECK_FALSE(state.in_transaction());

    settle(state, {.text = "BEGIN", .status = in_trans});
    CHECK(state.transaction_on() == primary);
    settle(state, {.text = "SELECT 1", .status = in_trans});
    CHECK(state.transaction_on() == primary);

    // An ERR carries no status: the transaction is where it was.
    settle(state, {.text = "INSERT INTO t VALUES (1)", .error_code = 1062});
    CHECK(state.transaction_on() == primary);

    settle(state, {.text = "COMMIT"});
    CHECK_FALSE(state.in_transaction());

    settle(state, {.text = "START TRANSACTION READ ONLY", .status = in_trans, .server = replica1});
    CHECK(state.transaction_on() == replica1);
}

TEST_CASE("without autocommit a transaction begins with the first statement that needs one")
{
    SessionState state;
    settle(state, {.text = "SET autocommit=0", .status = 0});
    CHECK_FALSE(state.in_transaction());
    CHECK_FALSE(state.autocommit());
    settle(state, {.text = "SELECT a FROM t", .status = status::in_trans});
    CHECK(state.transaction_on() == primary);
    settle(state, {.text = "COMMIT", .status = 0});
    CHECK_FALSE(state.in_transaction());
    // An error carries no status: it may have begun one.
    settle(state, {.text = "INSERT INTO t VALUES (1)", .error_code = 1062});
    CHECK(state.transaction_on() == primary);
    settle(state, {.text = "SET autocommit=1", .status = status::autocommit});
    CHECK_FALSE(state.in_transaction());
}

TEST_CASE("user variables and LAST_INSERT_ID() are read before their link is left")
{
    SessionState state;
    settle(state, {.text = "SET @a=1", .assigned = {"a"}});
    CHECK(state.unread().user_variables == std::set<std::string>{"a"});
    CHECK(state.unread().server == primary);
    CHECK(state.loses_state_with(primary));
    CHECK_FALSE(state.loses_state_with(replica1));
    state.note_user_variable("a", "1");
    CHECK(state.unread().empty());
    CHECK_FALSE(state.loses_state_with(primary));
    CHECK(state.user_variables()->at("a") == "1");

    settle(state, {.text = "INSERT INTO t VALUES (5)", .last_insert_id = 5});
    CHECK(state.unread().last_insert_id);
    state.note_last_insert_id(0);
    CHECK(state.unread().empty());
    CHECK(state.last_insert_id() == 0);

    settle(state, {.text = "SET @a=2", .assigned = {"a"}});
    state.forget_server(primary);
    CHECK(state.is_lost());
}

TEST_CASE("each statement that leaves state on its link pins the session")
{
    struct Row {
        Done done;
        std::uint32_t pins;
    };
    const std::vector<Row> rows{
        {{.text = "SELECT 1"}, pin_none},
        {{.text = "INSERT INTO t VALUES (1)"}, pin_none},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"}, pin_temporary_table},
        {{.text = "LOCK TABLES t WRITE"}, pin_lock_tables},
        {{.text = "XA START 'a'"}, pin_xa},
        {{.text = "SET @a=1"}, pin_none},
        {{.text = "SET @a=1", .assigns_unnamed = true}, pin_user_variable},
        {{.text = "SELECT @a:=1", .assigns_unnamed = true}, pin_user_variable},
        {{.text = "PREPARE p FROM 'SELECT 1'"}, pin_prepared_text},
        {{.text = "SELECT GET_LOCK('a', 1)"}, pin_user_lock},
        {{.text = "HANDLER t OPEN"}, pin_handler},
        {{.text = "SET session_track_schema=OFF"}, pin_session_tracking},
        // Links always report a session's own GTIDs; whether it sees them is known here.
        {{.text = "SET session_track_gtids=OWN_GTID",
          .changes = {TrackedVariable{"session_track_gtids", "OWN_GTID"}}},
         pin_none},
        {{.text = "SET session_track_gtids=ALL_GTIDS",
          .changes = {TrackedVariable{"session_track_gtids", "ALL_GTIDS"}}},
         pin_session_variable},
        // A SET that the server reports can be done again elsewhere, but for some variables.
        {{.text = "SET time_zone='+01:00'", .changes = {TrackedVariable{"time_zone", "+01:00"}}},
         pin_none},
        {{.text = "SET sql_log_bin=0", .changes = {TrackedVariable{"sql_log_bin", "OFF"}}},
         pin_session_variable},
        {{.text = "SET time_zone='+01:00'", .link_tracks_state = false}, pin_session_variable},
        // What a SET did without any report, nobody can do again.
        {{.text = "SET ROLE admin"}, pin_role},
        {{.text = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"}, pin_next_transaction},
        // A change that is reported without a name.
        {{.text = "CALL p()", .state_changed = true}, pin_unexplained},
        {{.text = "CALL p()"}, pin_none},
        {{.text = "CALL p()", .link_tracks_state = false}, pin_unexplained},
        {{.text = "SELECT f()", .state_changed = true}, pin_unexplained},
        {{.text = "USE shop", .changes = {TrackedSchema{"shop"}}, .state_changed = true}, pin_none},
        // It may have set a user variable as well, of which nobody tells.
        {{.text = "CALL p()",
          .changes = {TrackedVariable{"time_zone", "+01:00"}},
          .state_changed = true},
         pin_unexplained},
        {{.text = "SET time_zone = '+01:00'",
          .changes = {TrackedVariable{"time_zone", "+01:00"}},
          .state_changed = true},
         pin_none},
        // What failed left nothing.
        {{.text = "CREATE TEMPORARY TABLE t (a INT)", .error_code = 1050}, pin_none},
        {{.text = "SET TRANSACTION READ ONLY", .error_code = 1568}, pin_none},
    };
    for (const auto& row : rows) {
        INFO(row.done.text);
        const auto state = state_after({row.done});
        CHECK(state.pins() == row.pins);
        CHECK(state.bound_to().has_value() == (row.pins != pin_none));
        const bool every_statement = (row.pins & pins_every_statement) != 0;
        CHECK(state.pinned_to().has_value() == every_statement);
    }
}

TEST_CASE("a role pins, whatever was done beside taking it")
{
    const auto beside = state_after({{.text = "SET time_zone='+01:00'; SET ROLE admin",
                                      .changes = {TrackedVariable{"time_zone", "+01:00"}}}});
    CHECK(beside.pins() == pin_role);
    const auto before = state_after({{.text = "SET ROLE admin; SELECT a", .error_code = 1054}});
    CHECK(before.pins() == pin_role);
}

TEST_CASE("SET_VAR explains that a read changed state, but not what a routine does")
{
    const auto pins_of = [](const char* text) {
        return state_after({{.text = text, .state_changed = true}}).pins();
    };
    CHECK(pins_of("SELECT /*+ SET_VAR(sort_buffer_size=1M) */ a FROM t") == pin_none);
    CHECK(pins_of("SELECT /*+ set_var(sort_buffer_size=1M) */ f()") == pin_unexplained);
    CHECK(pins_of("SELECT /*+ MAX_EXECUTION_TIME(9) */ a FROM t") == pin_unexplained);
}

TEST_CASE("what frees a session of its pins")
{
    check_releases({
        {{.text = "LOCK TABLES t WRITE"}, {.text = "SELECT 1"}, pin_lock_tables},
        {{.text = "LOCK TABLES t WRITE"}, {.text = "UNLOCK TABLES"}, pin_none},
        {{.text = "LOCK TABLES t WRITE"},
         {.text = "UNLOCK TABLES", .error_code = 1205},
         pin_lock_tables},
        {{.text = "SET TRANSACTION READ ONLY"}, {.text = "SELECT 1"}, pin_next_transaction},
        {{.text = "SET TRANSACTION READ ONLY"}, {.text = "SELECT a FROM t"}, pin_none},
        {{.text = "SET TRANSACTION READ ONLY"}, {.text = "UPDATE t SET a=1"}, pin_none},
        {{.text = "SET TRANSACTION READ ONLY"}, {.text = "COMMIT"}, pin_none},
        {{.text = "SET TRANSACTION READ ONLY"},
         {.text = "SET TRANSACTION READ WRITE"},
         pin_next_transaction},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"}, {.text = "COMMIT"}, pin_temporary_table},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"}, {.text = "DROP TABLE t"}, pin_none},
        {{.text = "CREATE TEMPORARY TABLE `t` (a INT)"},
         {.text = "drop temporary table if exists x, t"},
         pin_none},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"},
         {.text = "DROP TEMPORARY TABLE t", .error_code = 1051},
         pin_temporary_table},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"},
         {.text = "DROP TABLE shop.t"},
         pin_temporary_table},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"},
         {.text = "DROP TABLE T"},
         pin_temporary_table},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"},
         {.text = "CREATE PROCEDURE p() BEGIN DO 1; DROP TABLE t; END"},
         pin_temporary_table},
        {{.text = "CREATE TEMPORARY TABLE t (a INT)"},
         {.text = "SELECT 1; DROP TABLE t"},
         pin_temporary_table},
    });
}

TEST_CASE("user locks pin until as many are released by name, or all")
{
    check_releases({
        {{.text = "SELECT GET_LOCK('a', 1)"}, {.text = "SELECT RELEASE_LOCK('a')"}, pin_none},
        {{.text = "SELECT GET_LOCK('a', 1)"}, {.text = "DO RELEASE_LOCK('a')"}, pin_none},
        {{.text = "SELECT GET_LOCK('a', 1)"}, {.text = "DO RELEASE_LOCK('b')"}, pin_user_lock},
        {{.text = "DO GET_LOCK('a', 1), GET_LOCK('a', 1)"},
         {.text = "DO RELEASE_LOCK('a')"},
         pin_user_lock},
        {{.text = "DO GET_LOCK('a', 1), GET_LOCK('a', -1)"},
         {.text = "DO RELEASE_LOCK('a'), RELEASE_LOCK('a')"},
         pin_none},
        {{.text = "SELECT GET_LOCK('a', 1)"},
         {.text = "SELECT IF(0, RELEASE_LOCK('a'), 1)"},
         pin_user_lock},
        {{.text = "SELECT GET_LOCK('a', 1)"},
         {.text = "SELECT RELEASE_LOCK('a') FROM t WHERE 0"},
         pin_user_lock},
        {{.text = "SELECT GET_LOCK('a', 1)"},
         {.text = "SELECT RELEASE_LOCK('a') LIMIT 0"},
         pin_user_lock},
        {{.text = "SELECT GET_LOCK(?, 1)"}, {.text = "DO RELEASE_LOCK('a')"}, pin_user_lock},
        {{.text = "SELECT GET_LOCK(?, 1)"}, {.text = "DO RELEASE_ALL_LOCKS()"}, pin_none},
        {{.text = "SELECT GET_LOCK('a' 'b', 1)"}, {.text = "DO RELEASE_LOCK('a')"}, pin_user_lock},
        {{.text = "SELECT IS_FREE_LOCK('a')"}, {.text = "SELECT 1"}, pin_none},
    });
}

TEST_CASE("handlers, transactions, locks and prepared texts pin until they end")
{
    check_releases({
        {{.text = "HANDLER t OPEN AS h"}, {.text = "HANDLER h READ FIRST"}, pin_handler},
        {{.text = "HANDLER t OPEN AS h"}, {.text = "HANDLER t CLOSE"}, pin_handler},
        {{.text = "HANDLER s.t OPEN h"}, {.text = "HANDLER h CLOSE"}, pin_none},
        {{.text = "HANDLER s.t OPEN"}, {.text = "HANDLER t CLOSE"}, pin_none},
        {{.text = "XA START 'a'"}, {.text = "XA PREPARE 'a'"}, pin_xa},
        {{.text = "XA START 'a'"}, {.text = "XA COMMIT 'a' ONE PHASE"}, pin_none},
        {{.text = "XA START 'a'"}, {.text = "XA ROLLBACK 'a'"}, pin_none},
        {{.text = "XA COMMIT 'a'"}, {.text = "XA RECOVER"}, pin_none},
        {{.text = "FLUSH TABLES WITH READ LOCK"}, {.text = "BEGIN"}, pin_lock_tables},
        {{.text = "FLUSH TABLES WITH READ LOCK"}, {.text = "UNLOCK TABLES"}, pin_none},
        {{.text = "LOCK TABLES t READ"}, {.text = "START TRANSACTION"}, pin_none},
        {{.text = "LOCK INSTANCE FOR BACKUP"}, {.text = "UNLOCK TABLES"}, pin_lock_tables},
        {{.text = "LOCK INSTANCE FOR BACKUP"}, {.text = "UNLOCK INSTANCE"}, pin_none},
        {{.text = "PREPARE p FROM 'SELECT 1'"}, {.text = "DEALLOCATE PREPARE P"}, pin_none},
        {{.text = "PREPARE p FROM 'SELECT 1'"}, {.text = "DROP PREPARE p"}, pin_none},
        {{.text = "PREPARE p FROM @x"}, {.text = "DEALLOCATE PREPARE q"}, pin_prepared_text},
        // A text that nobody knows may do anything.
        {{.text = "EXECUTE p"}, {.text = "DEALLOCATE PREPARE p"}, pin_unexplained},
        // So may what failed after it began.
        {{.text = "CALL p()", .error_code = 1644}, {.text = "SELECT 1"}, pin_unexplained},
        {{.text = "CALL p()", .error_code = 1305}, {.text = "SELECT 1"}, pin_none},
        {{.text = "DO 1; SELECT x", .error_code = 1054}, {.text = "SELECT 1"}, pin_none},
        {{.text = "DO 1; HANDLER t OPEN; SELECT x", .error_code = 1054},
         {.text = "SELECT 1"},
         pin_unexplained},
        // Nothing of a body is done when it is stored.
        {{.text = "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a=GET_LOCK('a', 1)"},
         {.text = "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO CREATE TEMPORARY TABLE x (a INT)"},
         pin_none},
    });
}

TEST_CASE("a role outlives a reset of the connection, and its pin with it")
{
    auto state = state_after({{.text = "SET ROLE admin"}, {.text = "LOCK TABLES t READ"}});
    state.reset_connection("shop");
    CHECK(state.pins() == pin_role);
    CHECK(state.pinned_to() == primary);
    CHECK(state.schema() == "shop");
    state.reset("");
    CHECK(state.pins() == pin_none);
    auto other = state_after({{.text = "LOCK TABLES t READ"}});
    other.reset_connection("");
    CHECK_FALSE(other.bound_to());
}

TEST_CASE("a reset ends all that a session had, but not what its server is")
{
    SessionState state;
    state.set_server_version(true, 110400);
    settle(state, {.text = "SET sql_mode=ANSI_QUOTES",
                   .changes = {TrackedVariable{"sql_mode", "ANSI_QUOTES"}, TrackedSchema{"shop"}}});
    settle(state, {.text = "CREATE TEMPORARY TABLE t (a INT)", .status = in_trans});
    settle(state, {.text = "INSERT INTO t VALUES (1)", .status = in_trans, .last_insert_id = 9});
    REQUIRE(state.in_transaction());
    REQUIRE(state.last_insert_id() == 9);

    state.reset("other");

    CHECK(state.pins() == pin_none);
    CHECK_FALSE(state.bound_to());
    CHECK_FALSE(state.in_transaction());
    CHECK_FALSE(state.last_result_on());
    CHECK(state.autocommit());
    CHECK(state.last_insert_id() == 0);
    CHECK(state.schema() == "other");
    CHECK(state.variables()->empty());
    CHECK_FALSE(state.dialect().ansi_quotes);
    CHECK(state.dialect().mariadb);
    CHECK(state.dialect().server_version == 110400);
}

TEST_CASE("variables and the schema are taken from what servers report")
{
    SessionState state;
    state.note_changes({TrackedSchema{"shop"}, TrackedVariable{"time_zone", "+01:00"},
                        TrackedVariable{"autocommit", "OFF"},
                        TrackedVariable{"session_track_gtids", "OFF"}});
    CHECK(state.schema() == "shop");
    CHECK(value_of(state, "time_zone") == "+01:00");
    CHECK(value_of(state, "autocommit") == "not there");
    CHECK(value_of(state, "session_track_gtids") == "not there");

    const auto before = state.variables();
    state.note_changes({TrackedVariable{"time_zone", "+01:00"}});
    CHECK(state.variables() == before);  // nothing new: links at these values stay in step

    state.note_changes({TrackedVariable{"time_zone", "+02:00"}});
    CHECK(value_of(state, "time_zone") == "+02:00");
    CHECK(before->find("time_zone")->second == "+01:00");  // shared values never change
}

TEST_CASE("a variable that was set silently explains no other statement's change")
{
    SessionState state;
    state.note_silent_variable("character_set_client", "latin1");
    CHECK(value_of(state, "character_set_client") == "latin1");
    settle(state, {.text = "CALL p()", .state_changed = true});
    CHECK(state.pins() == pin_unexplained);
}

TEST_CASE("sql_mode decides how statements are read")
{
    struct Row {
        std::string_view modes;
        bool ansi_quotes, no_backslash_escapes;
    };
    constexpr Row rows[] = {
        {"", false, false},
        {"STRICT_TRANS_TABLES", false, false},
        {"REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI", true, false},
        {"NO_BACKSLASH_ESCAPES", false, true},
        {"ANSI_QUOTES,NO_BACKSLASH_ESCAPES", true, true},
    };
    for (const auto& row : rows) {
        INFO(row.modes);
        SessionState state;
        state.note_changes({TrackedVariable{"sql_mode", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"}});
        state.note_changes({TrackedVariable{"sql_mode", std::string(row.modes)}});
        CHECK(state.dialect().ansi_quotes == row.ansi_quotes);
        CHECK(state.dialect().no_backslash_escapes == row.no_backslash_escapes);
    }
}

TEST_CASE("what a statement leaves to be asked for keeps its link")
{
    struct Row {
        Done done;
        config::ServerId on;
        bool keeps_link;
    };
    const std::vector<Row> rows{
        {{.text = "SELECT 1", .server = replica1}, replica1, false},
        {{.text = "SELECT 1/0", .warnings = 1, .server = replica1}, replica1, true},
        {{.text = "SELECT nothing", .error_code = 1054, .server = replica2}, replica2, true},
        {{.text = "INSERT INTO t VALUES (1)", .last_insert_id = 7}, primary, true},
        {{.text = "UPDATE t SET a = 1"}, primary, false},
        {{.text = "SHOW WARNINGS", .server = primary}, primary, true},  // asking does not clear
        {{.text = "SELECT ROW_COUNT()"}, primary, false},               // its answer is known
        {{.text = "SELECT LAST_INSERT_ID()"}, primary, true},           // right behind what kept it
    };
    for (const auto& row : rows) {
        INFO(row.done.text);
        auto state = state_after({{.text = "SELECT 1/0", .warnings = 1}, row.done});
        CHECK(state.last_result_on() == row.on);
        CHECK(state.needs_link_to(row.on) == row.keeps_link);
        CHECK_FALSE(state.is_last_result_lost());
    }
}

TEST_CASE("LAST_INSERT_ID() keeps a link only right behind a statement that did")
{
    const Done insert{.text = "INSERT INTO t VALUES (1)", .last_insert_id = 7};
    const Done ask{.text = "SELECT LAST_INSERT_ID()"};
    CHECK(state_after({insert, ask}).needs_link_to(primary));
    CHECK_FALSE(state_after({insert, {.text = "DO 0"}, ask}).needs_link_to(primary));
}

TEST_CASE("a question for diagnostics that fails leaves an error to be asked for")
{
    const auto state =
        state_after({{.text = "SELECT 1"},
                     {.text = "GET DIAGNOSTICS CONDITION 9 @a = MESSAGE_TEXT", .warnings = 1}});
    CHECK(state.needs_link_to(primary));
}

TEST_CASE("with a server goes all that lived there, and nothing else")
{
    auto state = state_after({{.text = "CREATE TEMPORARY TABLE t (a INT)"},
                              {.text = "BEGIN", .status = in_trans},
                              {.text = "SELECT 1/0", .status = in_trans, .warnings = 1}});

    state.forget_server(replica1);
    CHECK(state.transaction_on() == primary);
    CHECK(state.pinned_to() == primary);
    CHECK(state.last_result_on() == primary);

    state.forget_server(primary);
    CHECK_FALSE(state.in_transaction());
    CHECK_FALSE(state.bound_to());
    CHECK(state.pins() == pin_none);
    CHECK_FALSE(state.last_result_on());
    CHECK((state.status() & status::in_trans) == 0);
    CHECK(state.autocommit());
}

TEST_CASE("LAST_INSERT_ID() is that of the last statement that made one")
{
    auto state = state_after({{.text = "INSERT INTO t VALUES (NULL)", .last_insert_id = 5},
                              {.text = "SELECT 1"},
                              {.text = "UPDATE t SET a=1"}});
    CHECK(state.last_insert_id() == 5);
}

TEST_CASE("a client that chose what is tracked is known to have done so")
{
    auto state = state_after({{.text = "SET session_track_state_change=ON"}});
    CHECK(state.chosen_tracking().state_change);
    CHECK_FALSE(state.chosen_tracking().variables);
    CHECK((state.pins() & pin_session_tracking) != 0);
    state.reset("");
    CHECK_FALSE(state.chosen_tracking().state_change);
}
