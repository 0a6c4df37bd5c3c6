"""What statements leave to be asked for (ROW_COUNT(), warnings …) is the session's own or an error."""

import contextlib
import struct

import pytest
from pymysql import MySQLError
from pymysql.constants import CLIENT, COMMAND

from support import error, rows, sessions, value

ONE_LINK = {"max_links": 1, "link_wait_timeout": "200ms"}
WARNS = "SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE'"  # wherever it is said


def command(client, number, argument=b""):
    """The packet that answers it."""
    client._execute_command(number, argument)
    return client._read_packet()


def reset(client):
    assert command(client, 0x1f).is_ok_packet()


@pytest.mark.parametrize("count", ["ROW_COUNT", "row_count"])
def test_diagnostics_tell_the_row_count_whatever_was_read_from_the_link_in_between(start_proxy, count):
    proxy = start_proxy(workers=1, pool=ONE_LINK)
    with sessions(proxy, 1) as (one,):
        rows(one, "SET @a = 1")
        rows(one, f"GET DIAGNOSTICS @b = {count}")
        assert value(one, "SELECT @b") == 0


@pytest.mark.parametrize("asks", ["SHOW WARNINGS",
                                  "SELECT 1 FROM (SELECT @@warning_count AS n) x WHERE n"])
def test_warnings_of_a_link_that_is_brought_to_a_session_are_not_the_sessions(start_proxy, asks):
    proxy = start_proxy(workers=1, pool=ONE_LINK)
    with sessions(proxy, 2) as (one, two):
        rows(one, WARNS)
        rows(one, "DO 0")
        rows(two, "DO 0")
        with contextlib.suppress(MySQLError):  # an honest one
            assert rows(one, asks) == []


def test_a_schema_is_entered_without_warnings_of_the_link(start_proxy):
    proxy = start_proxy(workers=1, pool=ONE_LINK)
    with sessions(proxy, 2) as (one, two):
        rows(one, WARNS)
        rows(one, "DO 0")
        rows(two, "DO 0")
        entered = command(one, COMMAND.COM_INIT_DB, b"app")
        assert struct.unpack("<H", entered._data[5:7]) == (0,)


def test_an_option_is_set_with_the_number_of_warnings_before(start_proxy, cluster):
    """An INSERT's id is read for other links behind it, but not between the two."""
    cluster.primary.sql("CREATE TABLE app.warned (id INT AUTO_INCREMENT PRIMARY KEY, n INT)")
    proxy = start_proxy(workers=1, pool=ONE_LINK)
    with sessions(proxy, 1) as (one,), contextlib.closing(cluster.primary.connect()) as direct:
        answers = []
        for client in (one, direct):
            rows(client, "INSERT IGNORE INTO app.warned (n) VALUES ('no number')")
            answers.append(command(client, COMMAND.COM_SET_OPTION, b"\0\0")._data)
        assert answers[0] == answers[1]


@pytest.fixture(name="schemas")
def fixture_schemas(cluster):
    cluster.primary.sql("CREATE DATABASE IF NOT EXISTS collated CHARACTER SET latin1")
    cluster.primary.sql("GRANT ALL ON collated.* TO app")
    cluster.wait_replicated()
    yield
    cluster.primary.sql("DROP DATABASE collated")
    cluster.wait_replicated()


ASKED = "SELECT DATABASE(), @@character_set_database, @@collation_database"


def test_a_reset_leaves_the_schema_and_not_its_character_set(start_proxy, cluster, schemas):
    proxy = start_proxy(workers=1, pool=ONE_LINK)
    with sessions(proxy, 2) as (one, two), contextlib.closing(cluster.primary.connect()) as direct:
        for step in (lambda client: rows(client, "USE collated"), reset,
                     lambda client: rows(client, "USE collated"), reset,
                     lambda client: rows(client, "SET collation_database = utf8mb4_bin"),
                     lambda client: rows(client, "USE collated")):
            step(one)
            step(direct)
            rows(one, "DO 0")
            rows(two, "DO 0")
            rows(two, "USE collated")
            assert rows(two, ASKED) == [("collated", "latin1", "latin1_swedish_ci")]
            assert rows(one, ASKED) == rows(direct, ASKED)


def test_a_link_that_was_reset_for_another_session_is_in_its_schema_again(start_proxy, schemas):
    proxy = start_proxy(workers=1, pool=ONE_LINK)
    with sessions(proxy, 2) as (one, two):
        rows(one, "USE collated")
        rows(two, "USE collated")
        rows(one, "SET @mine = 1")
        rows(one, "DO 0")
        assert value(two, "SELECT @mine") is None  # not without a reset of the link
        assert rows(two, ASKED) == [("collated", "latin1", "latin1_swedish_ci")]


@pytest.mark.parametrize("text", [
    "SET TRANSACTION READ ONLY; SELECT nosuch",
    "SET sql_mode=''; SET TRANSACTION READ ONLY",
    "SET @@transaction_read_only=1; SELECT nosuch"])
def test_one_of_several_statements_sets_the_next_transaction_of_no_other_session(start_proxy,
                                                                                 table, text):
    proxy = start_proxy(workers=1, pool=ONE_LINK)
    several = {"client_flag": CLIENT.MULTI_STATEMENTS}
    with contextlib.closing(proxy.connect(**several)) as one, sessions(proxy, 1) as (two,):
        with contextlib.suppress(MySQLError):
            rows(one, text)
        rows(one, "DO 0")
        with error(1040):
            rows(two, f"INSERT INTO {table} (v) VALUES ('a')")
        with error(1792):
            rows(one, f"INSERT INTO {table} (v) VALUES ('a')")
        rows(one, "COMMIT")
        rows(two, f"INSERT INTO {table} (v) VALUES ('a')")
