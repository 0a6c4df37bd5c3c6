"""What a session left on a link, or what it chose for later, is neither lost nor seen by others."""

import contextlib

import pymysql
import pytest
from pymysql.constants import COMMAND

from support import error, prepared, rows, sessions, value


COM_RESET_CONNECTION = 0x1f


@pytest.fixture
def latin(cluster):
    """A schema with a character set of its own."""
    cluster.primary.sql("CREATE DATABASE latin CHARACTER SET latin1")
    cluster.primary.sql("GRANT ALL ON latin.* TO app")
    yield "latin"
    cluster.primary.sql("DROP DATABASE latin")


@pytest.fixture
def one_link(start_proxy):
    return start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})


def test_a_text_that_is_none_in_its_character_set_stays_with_its_session(one_link):
    with sessions(one_link, 2) as (one, two):
        one._execute_command(COMMAND.COM_QUERY, b"SET @v='\xbf\\'', @w='plain'")
        one._read_query_result()
        rows(one, "DO 0")
        with error(1040):
            rows(two, "DO 0")  # no other link could be given it
        assert value(one, "SELECT HEX(@v)") == "BF27"


@pytest.mark.parametrize("between", ["SELECT 1", "SET time_zone='+01:00'"])
def test_the_next_transaction_is_the_next_that_uses_tables(one_link, table, between):
    with sessions(one_link, 2) as (one, two):
        rows(one, "SET TRANSACTION READ ONLY")
        rows(one, between)
        with error(1040):
            rows(two, "DO 0")
        with error(1792):
            rows(one, f"INSERT INTO {table} (v) VALUES ('a')")
        rows(one, f"SELECT * FROM {table}")
        rows(one, "DO 0")
        rows(two, "DO 0")


def test_a_warning_of_the_proxys_own_settings_is_nobodys(one_link, cluster):
    with sessions(one_link, 2) as (one, two):
        rows(one, "SET character_set_client=utf8mb3")
        for _ in range(2):
            rows(one, "DO 0")
            rows(two, "DO 0")
            rows(one, "SELECT 1")
            rows(two, "SELECT 1")
        rows(one, "DO 0")
        rows(two, "DO 0")
        rows(one, "GET DIAGNOSTICS @n = NUMBER")
        assert value(one, "SELECT @n") == 0


@pytest.mark.parametrize("text", ["SELECT nosuch nosuch, IS_USED_LOCK('l') IS NULL, 2",
                                  "SELECT 1; SELECT CONNECTION_ID(), IS_USED_LOCK('l')"])
def test_a_syntax_error_quotes_the_clients_own_text(one_link, cluster, text):
    with contextlib.closing(one_link.connect()) as client, \
            contextlib.closing(cluster.primary.connect()) as direct:
        told = []
        for connection in (client, direct):
            connection._execute_command(COMMAND.COM_SET_OPTION, b"\x01\x00")  # one at a time
            connection._read_packet()
            with pytest.raises(pymysql.MySQLError) as refused:
                rows(connection, text)
            told.append(refused.value.args)
        assert told[0] == told[1]
        assert value(client, "SELECT IS_USED_LOCK('l') IS NULL") == 1


@pytest.mark.parametrize("text", ["SET identity=57", "SET LOCAL last_insert_id=57",
                                  "SET @@identity=57", "SET time_zone='+01:00', last_insert_id=57"])
def test_an_id_that_was_set_moves(one_link, text):
    with sessions(one_link, 2) as (one, two):
        rows(one, text)
        rows(one, "SET @b=1.5")
        rows(two, "DO 0")
        rows(one, "DO 0")
        rows(two, "DO 0")
        assert value(one, "SELECT LAST_INSERT_ID()") == 57
        assert value(two, "SELECT LAST_INSERT_ID()") == 0


@pytest.mark.parametrize("wide", ["ucs2", "utf16", "utf16le", "utf32"])
def test_results_in_a_wide_character_set_lose_nothing(one_link, table, wide):
    with sessions(one_link, 2) as (one, two):
        rows(one, "SET NAMES utf8mb4 COLLATE utf8mb4_bin")
        rows(one, f"SET @v=_latin1 0xe9, @n=7, character_set_results={wide}")
        rows(one, f"INSERT INTO {table} (id, v) VALUES (DEFAULT, 'a')")
        for _ in range(2):
            rows(one, "DO 0")
            rows(two, "DO 0")
        rows(one, "SET character_set_results=utf8mb4")
        rows(one, "DO 0")
        rows(two, "DO 0")
        assert rows(one, "SELECT HEX(@v), @n + 1, @@collation_connection, LAST_INSERT_ID() > 0") \
            == [("E9", 8, "utf8mb4_bin", 1)]


def test_a_statement_that_is_prepared_anew_leaves_the_collation(one_link):
    with sessions(one_link, 2) as (one, two):
        rows(one, "SET NAMES latin1, @x='it resets the link'")
        with prepared(one, "SELECT 1") as run:
            rows(two, "DO 0")
            rows(one, "SET timestamp=1000000000")  # what is not read from the link while it is kept
            rows(one, "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci")
            run()
            assert value(one, "SELECT @@collation_connection") == "utf8mb4_unicode_ci"


def test_what_a_reset_leaves_of_a_schema_is_the_same_on_every_link(one_link, cluster, latin):
    ask = "/* route=primary */ SELECT @@collation_database, DATABASE()"
    with sessions(one_link, 2) as (one, two), contextlib.closing(cluster.primary.connect()) as direct:
        for client in (one, direct):
            rows(client, f"USE {latin}")
            client._execute_command(COM_RESET_CONNECTION, b"")
            client._read_packet()
        with contextlib.suppress(pymysql.MySQLError):
            rows(two, f"USE {latin}")
        assert rows(one, ask) == rows(direct, ask)
        for client in (one, direct):
            rows(client, "SET CHARACTER SET ascii")
        assert value(one, "SELECT @@collation_connection") == \
            value(direct, "SELECT @@collation_connection")


def test_a_reset_of_the_proxys_own_leaves_the_schemas_collation(one_link, latin):
    with sessions(one_link, 2) as (one, two):
        rows(one, f"USE {latin}")
        rows(two, f"USE {latin}")
        rows(two, "SET @x=1")  # for whose sake the link is reset
        rows(two, "DO 0")
        rows(one, "DO @a")
        assert value(one, "/* route=primary */ SELECT @@collation_database, @a") == \
            "latin1_swedish_ci"


def test_the_id_of_an_insert_that_failed_moves(one_link, cluster, table):
    with sessions(one_link, 2) as (one, two), contextlib.closing(cluster.primary.connect()) as direct:
        for client in (one, direct):
            rows(client, f"DELETE FROM {table}")
            rows(client, f"INSERT INTO {table} (id, v) VALUES (100, 'a')")
            with contextlib.suppress(pymysql.MySQLError):
                rows(client, f"INSERT INTO {table} (id, v) VALUES (DEFAULT, 'b'), (100, 'c')")
            rows(client, "DO 0")
        rows(two, "DO 0")
        assert value(direct, "SELECT LAST_INSERT_ID()") > 100
        assert value(one, "SELECT LAST_INSERT_ID()") > 100
