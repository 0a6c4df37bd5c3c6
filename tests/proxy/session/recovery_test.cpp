// What the loss of a server means for the command under way: plan.hpp, on_backend_lost.

#include "proxy/session/plan.hpp"

#include "tests/support/sessions.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;
using protocol::Command;

namespace status = protocol::server_status;

namespace {

constexpr std::uint16_t in_trans = status::autocommit | status::in_trans;

const std::vector<Done> fresh{};
const std::vector<Done> transaction{{.text = "BEGIN", .status = in_trans}};
const std::vector<Done> bound{{.text = "CREATE TEMPORARY TABLE t (a INT)"}};
const std::vector<Done> user_variable{{.text = "SET @a=1", .assigned = {"a"}}};

struct When {
    bool answer_begun = false;
    bool sent = true;
    bool may_retry = true;
    config::ServerId server = primary;
};

Recovery recovery_of(const std::vector<Done>& history, std::string_view text, When when = {},
                     Command command = Command::query)
{
    const auto statement = protocol::sql::classify(text);
    const auto state = state_after(history);
    const CommandFacts facts{command, text.empty() ? nullptr : &statement, {}};
    return on_backend_lost(
        {facts, state, when.server, when.answer_begun, when.sent, when.may_retry});
}

InDoubt doubt_of(const std::vector<Done>& history, std::string_view text, When when = {},
                 Command command = Command::query)
{
    const auto statement = protocol::sql::classify(text);
    const auto state = state_after(history);
    const CommandFacts facts{command, &statement, {}};
    return in_doubt({facts, state, when.server, when.answer_begun, when.sent, when.may_retry});
}

constexpr std::string_view writes[] = {
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a=1",
    "DELETE FROM t",
    "REPLACE INTO t VALUES (1)",
    "CREATE TABLE t (a INT)",
    "DROP TABLE t",
    "TRUNCATE t",
    "CALL p()",
    "SELECT f()",
    "SELECT a FROM t INTO OUTFILE '/tmp/a'",
    "SELECT GET_LOCK('a', 1)",
    "SELECT SLEEP(1)",
    "SELECT a FROM t FOR UPDATE",
    "SET GLOBAL max_connections=5",
    "GRANT SELECT ON *.* TO joe",
    "XA COMMIT 'a'",
    "LOAD DATA INFILE 'a' INTO TABLE t",
    "EXECUTE p",
    "DO f()",
    "FLUSH TABLES",
    "KILL 5",
    "not sql at all",
    "SELECT 1; UPDATE t SET a=1",
    "WITH x AS (SELECT 1) DELETE FROM t",
    "EXPLAIN ANALYZE UPDATE t SET a=1",
    "SET @a=1; INSERT INTO t VALUES (@a)",
    "CREATE TEMPORARY TABLE t (a INT)",
};

}  // namespace

TEST_CASE("a write that was sent is never done again")
{
    for (const auto text : writes) {
        INFO(text);
        for (const auto command : {Command::query, Command::stmt_execute})
            CHECK(recovery_of(fresh, text, {}, command) == Recovery::outcome_unknown);
    }
}

TEST_CASE("what ends a session is not repeated")
{
    CHECK(recovery_of(fresh, "COMMIT RELEASE") == Recovery::outcome_unknown);
}

TEST_CASE("a command of which nothing was sent is done again, whatever it is")
{
    for (const auto text : writes) {
        INFO(text);
        CHECK(recovery_of(fresh, text, {.sent = false}) == Recovery::retry);
    }
}

TEST_CASE("once an answer has begun, nothing is done again")
{
    constexpr std::string_view texts[] = {"SELECT 1", "UPDATE t SET a=1", "COMMIT", "BEGIN"};
    for (const auto text : texts)
        for (const auto& history : {fresh, transaction, bound}) {
            INFO(text);
            CHECK(recovery_of(history, text, {.answer_begun = true}) == Recovery::cut);
        }
}

TEST_CASE("what comes to the same when done twice is retried")
{
    constexpr std::string_view texts[] = {
        "SELECT 1",
        "SELECT a FROM t WHERE b=1",
        "SHOW TABLES",
        "BEGIN",
        "START TRANSACTION READ ONLY",
        "COMMIT",
        "ROLLBACK AND CHAIN",
        "SET time_zone='+01:00'",
        "SET NAMES utf8mb4",
        "USE shop",
        "SELECT @a",
        "SET TRANSACTION READ ONLY",
        "SHOW PROCESSLIST",
        "DESCRIBE t",
    };
    for (const auto text : texts) {
        INFO(text);
        CHECK(recovery_of(fresh, text) == Recovery::retry);
        CHECK(recovery_of(fresh, text, {.may_retry = false}) == Recovery::state_lost);
    }
}

TEST_CASE("commands without a statement, lost under way")
{
    struct Row {
        Command command;
        Recovery recovery;
    };
    constexpr Row rows[] = {
        {Command::init_db, Recovery::retry},
        {Command::statistics, Recovery::retry},
        {Command::field_list, Recovery::retry},
        {Command::stmt_prepare, Recovery::retry},
        {Command::stmt_reset, Recovery::retry},
        {Command::reset_connection, Recovery::retry},
        {Command::stmt_fetch, Recovery::outcome_unknown},
        {Command::process_kill, Recovery::outcome_unknown},
        {Command::refresh, Recovery::outcome_unknown},
        {Command::create_db, Recovery::outcome_unknown},
        {Command::drop_db, Recovery::outcome_unknown},
        {Command::query, Recovery::outcome_unknown},
    };
    for (const auto& row : rows) {
        INFO(protocol::traits_of(row.command).name);
        CHECK(recovery_of(fresh, "", {}, row.command) == row.recovery);
    }
}

TEST_CASE("a transaction whose server is lost is rolled back, unless it was ending")
{
    struct Row {
        std::string_view text;
        Recovery recovery;
    };
    constexpr Row rows[] = {
        {"SELECT 1", Recovery::transaction_aborted},
        {"UPDATE t SET a=1", Recovery::transaction_aborted},
        {"SAVEPOINT a", Recovery::transaction_aborted},
        {"ROLLBACK", Recovery::transaction_aborted},
        {"COMMIT", Recovery::outcome_unknown},
        {"COMMIT AND CHAIN", Recovery::outcome_unknown},
        {"COMMIT RELEASE", Recovery::outcome_unknown},
        {"BEGIN", Recovery::outcome_unknown},
        {"SET autocommit=1", Recovery::outcome_unknown},
        {"CREATE TABLE t (a INT)", Recovery::outcome_unknown},
        {"XA COMMIT 'a'", Recovery::outcome_unknown},
        {"UPDATE t SET a=1; COMMIT", Recovery::outcome_unknown},
        // These may hold a COMMIT that nobody here has seen.
        {"CALL p()", Recovery::outcome_unknown},
        {"EXECUTE p", Recovery::outcome_unknown},
        {"not sql at all", Recovery::outcome_unknown},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        CHECK(recovery_of(transaction, row.text) == row.recovery);
        CHECK(recovery_of(transaction, row.text, {.sent = false}) == Recovery::transaction_aborted);
    }
}

TEST_CASE("commands without a statement, in a transaction whose server is lost")
{
    struct Row {
        Command command;
        Recovery recovery;
    };
    constexpr Row rows[] = {
        {Command::init_db, Recovery::transaction_aborted},
        {Command::stmt_fetch, Recovery::transaction_aborted},
        {Command::statistics, Recovery::transaction_aborted},
        {Command::create_db, Recovery::outcome_unknown},
        {Command::drop_db, Recovery::outcome_unknown},
        {Command::refresh, Recovery::outcome_unknown},
        {Command::query, Recovery::outcome_unknown},
    };
    for (const auto& row : rows) {
        INFO(protocol::traits_of(row.command).name);
        CHECK(recovery_of(transaction, "", {}, row.command) == row.recovery);
    }
}

TEST_CASE("a transaction elsewhere does not suffer from a lost server")
{
    CHECK(recovery_of(transaction, "SELECT 1", {.server = replica1}) == Recovery::retry);
}

TEST_CASE("state that only the lost server had ends the session")
{
    for (const auto& history : {bound, user_variable}) {
        CHECK(recovery_of(history, "SELECT @a") == Recovery::state_lost);
        CHECK(recovery_of(history, "SELECT 1", {.sent = false}) == Recovery::state_lost);
        CHECK(recovery_of(history, "UPDATE t SET a=1") == Recovery::outcome_unknown);
        CHECK(recovery_of(history, "SELECT 1", {.server = replica1}) == Recovery::retry);
    }
}

TEST_CASE("what may not be retried is not, sent or unsent")
{
    CHECK(recovery_of(fresh, "SELECT 1", {.may_retry = false}) == Recovery::state_lost);
    CHECK(recovery_of(fresh, "UPDATE t SET a=1", {.sent = false, .may_retry = false}) ==
          Recovery::state_lost);
}

TEST_CASE("a plain write that was certainly not executed can be sent again, and nothing else")
{
    for (auto text : {"INSERT INTO t VALUES (1)", "UPDATE t SET a=1", "DELETE FROM t",
                      "REPLACE INTO t VALUES (1)", "CREATE TABLE t (a INT)"}) {
        INFO(text);
        CHECK(doubt_of(fresh, text) == InDoubt::statement);
        CHECK(doubt_of(fresh, text, {}, Command::stmt_execute) == InDoubt::statement);
        CHECK(doubt_of(fresh, text, {}, Command::stmt_prepare) == InDoubt::undecidable);
        CHECK(doubt_of(fresh, text, {.answer_begun = true}) == InDoubt::undecidable);
        CHECK(doubt_of(bound, text) == InDoubt::undecidable);
        CHECK(doubt_of(user_variable, text) == InDoubt::undecidable);
        CHECK(doubt_of(transaction, text) == InDoubt::undecidable);
    }
    for (auto text : {"CALL p()", "SELECT f()", "SELECT GET_LOCK('a', 1)", "XA COMMIT 'a'",
                      "SET GLOBAL max_connections=5", "UPDATE t SET a=1; UPDATE t SET a=2",
                      "UPDATE t SET a=(@b:=1)", "CREATE TEMPORARY TABLE t (a INT)", "EXECUTE p",
                      "INSERT INTO t VALUES (LAST_INSERT_ID())", "COMMIT", "not sql at all"}) {
        INFO(text);
        CHECK(doubt_of(fresh, text) == InDoubt::undecidable);
    }
}

TEST_CASE("of a COMMIT that was certainly not executed the client can be told that")
{
    CHECK(doubt_of(transaction, "COMMIT") == InDoubt::commit);
    CHECK(doubt_of(transaction, "COMMIT", {}, Command::stmt_execute) == InDoubt::commit);
    CHECK(doubt_of(transaction, "COMMIT; SELECT 1") == InDoubt::undecidable);
    CHECK(doubt_of(transaction, "CREATE TABLE t (a INT)") == InDoubt::undecidable);
    CHECK(doubt_of(transaction, "XA COMMIT 'a'") == InDoubt::undecidable);
}
