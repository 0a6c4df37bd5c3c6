"""What a client has set holds for each of its statements, whichever server runs it."""

import contextlib
import time

import pytest

from c_client import CClient
from process import wait_until
from support import WHO, error, name_in, names, rows, value

ON_REPLICA = "/* route=replica */ "


@pytest.mark.parametrize("setting, sql, expected", [
    ("SET sql_mode = 'PIPES_AS_CONCAT'", "SELECT 'a' || 'b', name FROM app.whoami", "ab"),
    ("SET SESSION sql_mode = 'ANSI_QUOTES'", 'SELECT "name" = name, name FROM app.whoami', 1),
    ("SET @@session.sql_mode = 'NO_BACKSLASH_ESCAPES'",
     r"SELECT LENGTH('\'), name FROM app.whoami", 1),
    ("SET time_zone = '+05:00'", "SELECT FROM_UNIXTIME(0) = '1970-01-01 05:00:00', name"
                                 " FROM app.whoami", 1),
    ("SET group_concat_max_len = 4", "SELECT LENGTH(GROUP_CONCAT(REPEAT('x', 50))), MAX(name)"
                                     " FROM app.whoami", 4),
    ("SET lc_time_names = 'de_DE'", "SELECT MONTHNAME('2024-03-01'), name FROM app.whoami",
     "März"),
    ("SET SESSION transaction_isolation = 'READ-COMMITTED', div_precision_increment = 2",
     "SELECT CAST(1/3 AS CHAR), name FROM app.whoami", "0.33"),
    ("SET sql_select_limit = 1", "SELECT COUNT(*) FROM (SELECT 1 UNION SELECT 2) t", 2),
])
@pytest.mark.parametrize("hint", ["", ON_REPLICA, "/* route=primary */ "])
def test_session_variables_hold_on_every_server(client, setting, sql, expected, hint):
    rows(client, setting)
    assert value(client, hint + sql) == expected


def test_settings_made_between_reads_hold_for_the_next_read(client):
    for expected in (1, 2, 3, 1, 2):
        rows(client, f"SET div_precision_increment = {expected}")
        text = value(client, ON_REPLICA + "SELECT CAST(1/3 AS CHAR) FROM app.whoami")
        assert text == "0." + "3" * expected


@pytest.mark.parametrize("change", ["USE", "COM_INIT_DB"])
def test_the_current_schema_is_followed(proxy, cluster, change):
    with contextlib.closing(proxy.connect(database="sbtest")) as connection:
        assert value(connection, ON_REPLICA + "SELECT DATABASE()") == "sbtest"
        if change == "USE":
            rows(connection, "USE app")
        else:
            connection.select_db("app")
        assert name_in(connection, "SELECT name FROM whoami") in names(cluster.replicas)
        assert value(connection, ON_REPLICA + "SELECT DATABASE()") == "app"
        assert value(connection, "/* route=primary */ SELECT DATABASE()") == "app"


def test_a_refused_schema_change_changes_nothing(client):
    with error(1044, "no_such_schema"):
        client.select_db("no_such_schema")
    assert value(client, "SELECT name FROM whoami").startswith("db")


@pytest.mark.parametrize("charset", ["latin1", "utf8mb4", "utf8mb3"])
def test_text_arrives_in_the_clients_character_set(proxy, cluster, table, charset):
    client_charset = {"utf8mb3": "utf8"}.get(charset, charset)
    with contextlib.closing(proxy.connect(charset=client_charset)) as connection:
        rows(connection, f"INSERT INTO {table} (v) VALUES ('Zoë ß')")
        cluster.wait_replicated()
        for hint in ("", ON_REPLICA, "/* route=primary */ "):
            assert value(connection, f"{hint}SELECT v FROM {table}") == "Zoë ß"
            assert value(connection, f"{hint}SELECT HEX(v) FROM {table}") == "5A6FC3AB20C39F"


def test_set_names_in_the_middle_is_followed(client, table, cluster):
    rows(client, f"INSERT INTO {table} (v) VALUES ('é')")
    cluster.wait_replicated()
    rows(client, WHO)
    client.set_charset("latin1")
    assert value(client, f"SELECT v FROM {table}") == "é"
    client.set_charset("utf8mb4")
    assert value(client, f"SELECT v FROM {table}") == "é"


def test_user_variables_keep_their_values(client):
    rows(client, "SET @x = 5, @y := 'why'")
    assert rows(client, "SELECT @x, @y") == [(5, "why")]
    rows(client, WHO)
    rows(client, "SELECT @x := @x + 1 FROM app.whoami")
    assert value(client, "SELECT @x") == 6
    rows(client, "SELECT id INTO @z FROM app.whoami")
    assert value(client, "SELECT @z + @x") == 7


def test_user_variables_set_by_a_select_are_seen_by_reads(client):
    rows(client, "SET @wanted = 1")
    assert rows(client, "SELECT id FROM app.whoami WHERE id = @wanted") == [(1,)]


def test_temporary_tables_are_seen_only_by_their_session(proxy, client):
    rows(client, "CREATE TEMPORARY TABLE scratch (n INT)")
    rows(client, "INSERT INTO scratch VALUES (1), (2)")
    assert value(client, "SELECT SUM(n) FROM scratch") == 3
    with contextlib.closing(proxy.connect(database="app")) as other:
        with error(1146):
            rows(other, "SELECT * FROM scratch")
    rows(client, "DROP TEMPORARY TABLE scratch")
    with error(1146):
        rows(client, "SELECT * FROM scratch")


def test_a_temporary_table_that_hides_a_real_one(client):
    rows(client, "CREATE TEMPORARY TABLE whoami (name VARCHAR(10))")
    rows(client, "INSERT INTO whoami VALUES ('hidden')")
    assert value(client, "SELECT name FROM whoami") == "hidden"
    rows(client, "DROP TEMPORARY TABLE whoami")
    assert value(client, "SELECT name FROM whoami").startswith("db")


def test_last_insert_id_and_row_count(client, table):
    rows(client, f"INSERT INTO {table} (v) VALUES ('a'), ('b')")
    assert value(client, "SELECT ROW_COUNT()") == 2
    rows(client, f"INSERT INTO {table} (v) VALUES ('c')")
    assert value(client, "SELECT LAST_INSERT_ID()") == 3
    with client.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} (v) VALUES ('d')")
        assert cursor.lastrowid == 4 and cursor.rowcount == 1


def test_found_rows_after_a_read(client):
    rows(client, "SELECT SQL_CALC_FOUND_ROWS n FROM (SELECT 1 n UNION SELECT 2 UNION SELECT 3) t"
                 " LIMIT 1")
    assert value(client, "SELECT FOUND_ROWS()") == 3


def test_warnings_of_a_write_can_be_shown(client, table):
    rows(client, f"INSERT IGNORE INTO {table} (id, v) VALUES ('7abc', 'x')")
    assert [row[1] for row in rows(client, "SHOW WARNINGS")] == [1265]


def test_warnings_of_a_read_can_be_shown(client):
    rows(client, "SELECT CAST('12abc' AS SIGNED) FROM app.whoami")
    assert [row[1] for row in rows(client, "SHOW WARNINGS")] == [1292]
    assert value(client, "SHOW COUNT(*) WARNINGS") == 1


def test_user_locks_are_held_by_the_session(proxy, client):
    assert value(client, "SELECT GET_LOCK('h', 0)") == 1
    rows(client, WHO)
    with contextlib.closing(proxy.connect()) as other:
        assert value(other, "SELECT GET_LOCK('h', 0)") == 0
    assert value(client, "SELECT IS_USED_LOCK('h') IS NOT NULL") == 1
    assert value(client, "SELECT RELEASE_LOCK('h')") == 1


def test_locked_tables_stay_locked(proxy, client, table):
    rows(client, f"LOCK TABLES {table} WRITE")
    assert value(client, f"SELECT COUNT(*) FROM {table}") == 0
    with error(1100):
        rows(client, WHO)
    rows(client, "UNLOCK TABLES")
    assert name_in(client, WHO) != "db1"


def test_savepoints(client, table):
    rows(client, "BEGIN")
    rows(client, f"INSERT INTO {table} (v) VALUES ('kept')")
    rows(client, "SAVEPOINT here")
    rows(client, f"INSERT INTO {table} (v) VALUES ('undone')")
    rows(client, "ROLLBACK TO SAVEPOINT here")
    rows(client, "COMMIT")
    assert rows(client, f"/* route=primary */ SELECT v FROM {table}") == [("kept",)]


def test_ddl_ends_a_transaction(client, table, cluster):
    rows(client, "BEGIN")
    rows(client, f"INSERT INTO {table} (v) VALUES ('x')")
    rows(client, f"ALTER TABLE {table} COMMENT 'ddl'")
    cluster.wait_replicated()
    assert name_in(client, WHO) in names(cluster.replicas)


def test_commit_and_chain_begins_anew(client, cluster):
    rows(client, "BEGIN")
    rows(client, "COMMIT AND CHAIN")
    assert name_in(client, WHO) == "db1"
    rows(client, "ROLLBACK")
    assert name_in(client, WHO) in names(cluster.replicas)


def test_the_reset_command_forgets_the_session_everywhere(client):
    default = value(client, ON_REPLICA + "SELECT CAST(1/3 AS CHAR) FROM app.whoami")
    rows(client, "SET div_precision_increment = 1, @x = 1")
    assert value(client, ON_REPLICA + "SELECT CAST(1/3 AS CHAR) FROM app.whoami") == "0.3"
    client._execute_command(0x1F, b"")  # COM_RESET_CONNECTION
    client._read_ok_packet()
    for hint in (ON_REPLICA, "/* route=primary */ "):
        assert value(client, hint + "SELECT CAST(1/3 AS CHAR) FROM app.whoami") == default
    assert value(client, "SELECT @x") is None


def test_sessions_do_not_see_each_others_state(proxy):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(proxy.connect()))
                       for _ in range(8)]
        for number, connection in enumerate(connections):
            rows(connection, f"SET @mine = {number}, div_precision_increment = {number + 1}")
        for number, connection in enumerate(connections):
            assert value(connection, "SELECT @mine") == number
            text = value(connection, ON_REPLICA + "SELECT CAST(1/3 AS CHAR) FROM app.whoami")
            assert text == "0." + "3" * (number + 1)


def test_to_prepare_a_statement_is_not_to_run_it(proxy, table):
    with contextlib.closing(CClient(proxy)) as client:
        for sql in ("SET SESSION sort_buffer_size = 100000", "SET TRANSACTION READ ONLY",
                    f"CREATE TEMPORARY TABLE {table}_t (a INT)"):
            client.prepare(sql)
        with pytest.raises(AssertionError, match="SQL syntax"):
            client.prepare("SELECT 1; SELECT 2")
        assert client.query(f"INSERT INTO {table} (v) VALUES ('x')") == 0, client.error()
    # The INSERT's id keeps its link until the proxy has seen the client go.
    wait_until(lambda: proxy.metrics().total("pointsman_sessions_pinned") == 0, 10, "no pin")


def test_a_session_with_state_and_a_short_wait_timeout_is_served(proxy, table):
    with contextlib.closing(proxy.connect(database="app")) as connection:
        rows(connection, f"CREATE TEMPORARY TABLE {table}_t (a INT)")
        rows(connection, "SET SESSION wait_timeout = 1")
        for _ in range(5):
            time.sleep(0.4)
            assert value(connection, f"SELECT COUNT(*) FROM {table}_t") == 0
