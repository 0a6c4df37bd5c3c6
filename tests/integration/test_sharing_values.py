"""What a session has set and left has the same value and type on every link that it comes to."""

import contextlib
import struct

import pytest
from pymysql.constants import CLIENT, FIELD_TYPE

from mysql_cli import MysqlCli
from support import error, prepared, rows, sessions, value


def with_types(client, sql):
    """Its rows, and what the columns are said to be."""
    with client.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall(), [(f.type_code, f.charsetnr, f.length, f.flags, f.scale)
                                   for f in cursor._result.fields]


def fresh(client):
    """A variable that nobody has set has another type than one that was read in a write."""
    return with_types(client, "SELECT @fresh")


def test_a_variable_keeps_its_type_when_it_moves(start_proxy, cluster):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    values = ["1", "-7", "18446744073709551615", "CAST(5 AS UNSIGNED)", "1.50", "2e0", "1e100",
              "'text'", "_latin1'\xe9' COLLATE latin1_bin", "0x00ff", "NULL", "CONCAT('a',1)",
              "''", "DATE'2024-02-29'", "TIME'-10:00:00'", "TIMESTAMP'2024-12-31 01:02:03.5'",
              "CONVERT('a' USING latin1)", "_gbk'a' COLLATE gbk_bin", "1/0", "NULL+1",
              "NULLIF(1, 1)", "CONCAT(NULL, 'a')", "NULLIF(_latin1'a', 'a')", "CAST(NULL AS DATE)", "@never_set"]

    def seen(client):
        return with_types(client, "SELECT @v, COLLATION(@v), HEX(@v)")

    with sessions(proxy, len(values)) as clients:
        for client, text in zip(clients, values):
            rows(client, f"SET @v={text}")
            rows(client, "DO 0")  # a warning keeps the link no longer
        for client, text in zip(clients, values):
            with contextlib.closing(cluster.primary.connect()) as direct:
                rows(direct, f"SET @v={text}")
                assert seen(client) == seen(direct), text


@pytest.mark.parametrize("write", ["UPDATE {} SET v=@fresh", "DELETE FROM {} WHERE v=@fresh",
                                   "WITH c AS (SELECT @fresh AS x) UPDATE {}, c SET v=x"])
def test_a_variable_that_a_write_makes_by_reading_it_moves_and_stays_its_own(start_proxy, cluster,
                                                                             table, write):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})

    with sessions(proxy, 2) as (one, two), contextlib.closing(cluster.primary.connect()) as direct:
        rows(direct, f"INSERT INTO {table} (v) VALUES ('a')")  # what is not evaluated makes none
        never = fresh(direct)
        for client in (one, direct):
            rows(client, write.format(table))
            rows(client, "DO 0")
        assert fresh(direct) != never, "a server makes it"
        assert fresh(two) == never
        assert fresh(one) == fresh(direct)


def test_a_character_set_that_one_of_several_statements_chose_is_whole_on_every_link(start_proxy):
    """SET NAMES ends a collation that was chosen before, and no tracker tells."""
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    several = {"client_flag": CLIENT.MULTI_STATEMENTS}
    asked = "SELECT @@character_set_connection, @@collation_connection"
    with contextlib.closing(proxy.connect(**several)) as one, \
            contextlib.closing(proxy.connect(**several)) as two:
        for names in ("SELECT 1; SET NAMES ascii", "DO 0; SET NAMES latin1; DO 0"):
            rows(one, "SET collation_connection = 'utf8mb4_general_ci'")
            rows(one, names)
            rows(two, "DO 0")
            character_set = names.split("NAMES ")[1].split(";")[0]
            assert rows(one, asked)[0][0] == character_set
            assert rows(one, asked)[0][1].startswith(character_set)
        with error(1253):
            rows(one, "SET NAMES utf8mb4 COLLATE utf8mb4_bin; SET NAMES utf8mb4 COLLATE latin1_bin")
        rows(one, "DO 0")
        rows(two, "DO 0")
        assert rows(one, asked) == [("utf8mb4", "utf8mb4_bin")]


@pytest.mark.parametrize("names", ["SET NAMES ascii", "SET CHARACTER SET latin1"])
def test_what_a_prepared_statement_chose_is_whole_on_every_link(start_proxy, names):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    asked = "SELECT @@character_set_connection, @@collation_connection"
    with sessions(proxy, 2) as (one, two):
        rows(one, "SET collation_connection = 'utf8mb4_general_ci'")
        with prepared(one, names) as execute:
            execute()
            on_its_link = rows(one, asked)
            rows(two, "DO 0")
            assert rows(one, asked) == on_its_link


@pytest.mark.parametrize("variable, text", [
    ("default_tmp_storage_engine", "SET default_tmp_storage_engine=MyISAM"),
    ("show_create_table_verbosity", "SET sql_mode='', show_create_table_verbosity=ON"),
    ("rand_seed1", "SET sql_mode='', rand_seed1=4"),
    ("net_buffer_length", "SET @x=1, insert_id=4")])
def test_a_variable_is_never_lost_whatever_servers_report_of_it(start_proxy, variable, text):
    """It moves, or its session keeps the link."""
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    with sessions(proxy, 2) as (one, two):
        rows(one, text)
        left = rows(one, f"SELECT @@{variable}")
        if variable in ("default_tmp_storage_engine", "show_create_table_verbosity"):
            assert rows(two, f"SELECT @@{variable}") != left
        else:
            with error(1040):
                rows(two, "DO 0")
        assert rows(one, f"SELECT @@{variable}") == left


@pytest.mark.parametrize("text", ["SET @@transaction_isolation='SERIALIZABLE'",
                                  "SET @@transaction_read_only=ON, sql_mode=''"])
def test_a_setting_of_the_next_transaction_keeps_the_link_no_longer(start_proxy, table, text):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    with sessions(proxy, 2) as (one, two):
        rows(one, text)
        with error(1040):
            rows(two, "DO 0")
        rows(one, f"SELECT * FROM {table} FOR SHARE")
        rows(two, "DO 0")


def test_a_load_leaves_its_id_to_its_session(start_proxy, table, tmp_path):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    file = tmp_path / "rows.txt"
    file.write_text("one\ntwo\n")
    with contextlib.closing(proxy.connect(local_infile=True)) as one, sessions(proxy, 1) as (two,):
        rows(one, f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {table} (v)")
        rows(one, "DO 0")
        assert value(two, "SELECT LAST_INSERT_ID()") == 0
        assert value(one, "SELECT LAST_INSERT_ID()") > 0


def test_a_variable_that_a_preparation_makes_is_its_sessions_own(start_proxy, cluster):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})

    with sessions(proxy, 2) as (one, two), contextlib.closing(cluster.primary.connect()) as direct:
        never = fresh(direct)
        with prepared(one, "SET @fresh = ?"), prepared(direct, "SET @fresh = ?"):
            assert fresh(direct) != never, "a server makes it"
            assert fresh(two) == never
            assert fresh(one) == fresh(direct)


def test_what_a_load_leaves_in_a_variable_moves(start_proxy, table, tmp_path):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    file = tmp_path / "rows.txt"
    file.write_text("1\tone\n2\ttwo\n")
    with contextlib.closing(proxy.connect(local_infile=True)) as one, sessions(proxy, 1) as (two,):
        rows(one, f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {table} (id, @v) SET v=@v")
        rows(one, "DO 0")
        assert value(two, "SELECT @v") is None
        assert value(one, "SELECT @v") == "two"


def test_what_a_session_left_on_one_link_is_not_looked_for_on_another(start_proxy):
    """To close a statement takes every link into hand that the session parked, the one to the
    replica as well, which has none of this."""
    proxy = start_proxy(workers=1)
    with sessions(proxy, 1) as (one,):
        value(one, "SELECT FOUND_ROWS()")  # from now on the link is kept after each statement
        for left, asked, expected in [
                ("SELECT LAST_INSERT_ID(77)", "SELECT LAST_INSERT_ID()", 77),
                ("SELECT @x := 'left'", "SELECT @x", "left"),
                ("SET NAMES utf8mb4 COLLATE utf8mb4_bin", "SELECT @@collation_connection",
                 "utf8mb4_bin")]:
            with prepared(one, "/* route=replica */ SELECT name FROM app.whoami") as execute:
                execute()
                rows(one, left)
            assert value(one, asked) == expected
            rows(one, "DO 1")
            assert value(one, asked) == expected


def test_what_others_executed_a_statement_with_makes_no_difference(start_proxy, cluster):
    """A server compares two strings as numbers when it has compared numbers in that place before."""
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    numbers = [(FIELD_TYPE.LONGLONG, struct.pack("<q", number)) for number in (1, 2)]
    texts = [(FIELD_TYPE.VAR_STRING, bytes([len(text)]) + text) for text in (b"abc", b"abd")]
    statement = "SELECT ? = ? FROM app.whoami FOR UPDATE"
    with contextlib.closing(cluster.primary.connect()) as direct, \
            prepared(direct, statement) as execute:
        equal_texts = execute(*texts)
    with contextlib.closing(cluster.primary.connect()) as direct, \
            prepared(direct, statement) as execute:
        equal_numbers, mixed_texts = execute(*numbers), execute(*texts)
    with sessions(proxy, 2) as (one, two), prepared(one, statement) as as_numbers, \
            prepared(two, statement) as as_texts:
        for _ in range(2):
            assert as_numbers(*numbers) == equal_numbers
            assert as_texts(*texts) == equal_texts
        assert as_numbers(*numbers) == equal_numbers
        assert as_numbers(*texts) == mixed_texts  # its own history shows
        rows(one, "DO 0")  # no warnings any more
        assert as_texts(*texts) == equal_texts


def test_what_max_join_size_sets_beside_itself_moves_too(start_proxy):
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    both = "SELECT @@max_join_size, @@sql_big_selects"
    unlimited = (2**64 - 1, 1)
    with sessions(proxy, 2) as (one, two):
        for statement, expected in [
                ("SET max_join_size = 100", (100, 0)),
                ("SET sql_big_selects = 1", (100, 1)),
                ("SET sql_big_selects = 1, max_join_size = 200", (200, 0)),
                ("SET max_join_size = 300, sql_big_selects = 1", (300, 1)),
                ("SET max_join_size = 18446744073709551615, sql_big_selects = 0", (2**64 - 1, 0)),
                ("SET max_join_size = DEFAULT", unlimited)]:
            rows(one, statement)
            assert rows(two, both) == [unlimited]
            assert rows(one, both) == [expected], statement


def test_dates_in_variables_move(start_proxy, cluster):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})

    def seen(client):
        return with_types(client, "SELECT @d, @t, @s, COLLATION(@s)")

    setting = ("SET @d=DATE'2024-02-28', @t=TIME'11:12:13.5', @s=TIMESTAMP'2024-12-31 01:02:03'")
    with sessions(proxy, 2) as (one, two), \
            contextlib.closing(cluster.primary.connect()) as direct:
        rows(one, setting)
        rows(direct, setting)
        assert value(two, "SELECT @d") is None
        assert seen(one) == seen(direct)


@pytest.mark.parametrize("name", ["foreign_key_checks", "unique_checks", "sql_notes",
                                  "sql_quote_show_create", "updatable_views_with_limit"])
def test_a_switch_that_one_session_used_is_on_in_the_next(start_proxy, name):
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    for _ in range(2):
        with contextlib.closing(proxy.connect()) as connection:
            assert str(value(connection, f"SELECT @@{name}")) in ("1", "YES")
            rows(connection, f"SET SESSION {name} = 0")
            assert str(value(connection, f"SELECT @@{name}")) in ("0", "NO")


@pytest.fixture
def tellers(cluster):
    """Routines that set @told in ways that no server reports."""
    primary = cluster.primary
    primary.sql("CREATE PROCEDURE app.diagnose() BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION"
                " GET DIAGNOSTICS CONDITION 1 @told = RETURNED_SQLSTATE;"
                " SIGNAL SQLSTATE '45007'; SELECT @told; END")
    primary.sql("CREATE PROCEDURE app.pick() BEGIN SELECT '45007' INTO @told; SELECT @told; END")
    yield
    primary.sql("DROP PROCEDURE app.diagnose")
    primary.sql("DROP PROCEDURE app.pick")


@pytest.mark.parametrize("before", ["DO 0", "SET @told = 'old'"])
@pytest.mark.parametrize("routine", ["diagnose", "pick"])
def test_what_a_routine_was_told_is_its_sessions_own(start_proxy, tellers, routine, before):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    ask = "/* route=primary */ SELECT @told"
    with MysqlCli(proxy) as one, MysqlCli(proxy) as two:
        for client in (one, two):  # a question of the client's own, answered by an error, is over
            assert client.value("SELECT 'ready'") == "ready"
        assert one.value(f"{before}; CALL app.{routine}()") == "45007"
        assert one.value("DO 0; SELECT 'x'") == "x"
        assert two.value(ask) == "NULL"
        assert one.value(ask) == "45007"
