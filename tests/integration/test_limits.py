"""Limits on clients: silence, as servers count and word it."""

import contextlib
import struct
import time

import pymysql
import pytest
from pymysql.constants import CLIENT

from pointsman import Pointsman, config_for
from process import wait_until
from support import WHO, error, name_in, rows, value

TLS = {"ssl": {"check_hostname": False}}


def last_words(connection):
    """What comes unasked until the other end hangs up: the payloads of whole packets."""
    connection._sock.settimeout(30)
    data = b""
    while True:
        try:
            piece = connection._sock.recv(4096)
        except ConnectionResetError:
            piece = b""
        if not piece:
            break
        data += piece
    return data


@contextlib.contextmanager
def idle_timeouts(server, **values):
    """The server's own defaults for new sessions, until the end of the block."""
    before = {name: server.scalar(f"SELECT @@GLOBAL.{name}") for name in values}
    for name, seconds in values.items():
        server.sql(f"SET GLOBAL {name}={seconds}")
    yield
    for name, seconds in before.items():
        server.sql(f"SET GLOBAL {name}={seconds}")


@pytest.mark.parametrize("security", [{}, TLS], ids=["plain", "tls"])
@pytest.mark.parametrize("statement", ["SET SESSION wait_timeout=1", "SET @@wait_timeout = 1"])
def test_a_silent_session_ends_after_its_own_wait_timeout_as_on_a_server(
        proxy, cluster, statement, security):
    said = []
    for host in (proxy, None):
        connection = (host.connect(**security) if host
                      else pymysql.connect(host=cluster.primary.host, port=cluster.primary.port,
                                           user="app", password=b"app_pw", **security))
        with contextlib.closing(connection):
            rows(connection, statement)
            assert value(connection, "SELECT @@wait_timeout") == 1
            begun = time.monotonic()
            said.append(last_words(connection))
            assert time.monotonic() - begun > 0.9
    assert said[0] == said[1]
    assert struct.unpack_from("<H", said[0], 5) == (4031,)


def test_a_session_that_speaks_in_time_lives(proxy):
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, "SET wait_timeout=3")
        for _ in range(5):
            time.sleep(0.8)
            assert value(connection, "SELECT 1") == 1


def test_the_servers_defaults_hold_for_sessions_that_set_nothing(start_proxy, cluster):
    with idle_timeouts(cluster.primary, wait_timeout=2, interactive_timeout=28800):
        proxy = start_proxy()
        with contextlib.closing(proxy.connect()) as connection, \
                contextlib.closing(proxy.connect(client_flag=CLIENT.INTERACTIVE)) as interactive:
            assert value(connection, "/* route=primary */ SELECT @@wait_timeout") == 2
            assert b"inactivity" in last_words(connection)
            assert value(interactive, "SELECT 1") == 1
            assert value(interactive, "/* route=primary */ SELECT @@wait_timeout") == 28800


def test_the_operators_limit_shortens_what_a_server_allows(start_proxy):
    proxy = start_proxy(limits={"wait_timeout": "1s", "drain_timeout": "1s"})
    with contextlib.closing(proxy.connect()) as connection:
        assert b"inactivity" in last_words(connection)


def test_state_on_a_link_that_is_not_used_outlives_its_timeout(proxy):
    """User variables live on the primary's link; reads on replicas keep the session awake, and the
    primary must not hang up on the silent link meanwhile."""
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, "SET wait_timeout=2")
        rows(connection, "SET @kept = 41 + 1")
        begun = time.monotonic()
        while time.monotonic() - begun < 5:
            assert name_in(connection, WHO) != "db1"
            time.sleep(0.3)
        assert value(connection, "SELECT @kept") == 42


def test_a_mariadb_session_ends_without_a_word(mariadb_proxy, mariadb_cluster):
    with contextlib.closing(mariadb_proxy.connect()) as connection:
        rows(connection, "SET wait_timeout=1")
        assert last_words(connection) == b""


def test_reset_and_change_user_bring_back_the_servers_timeout(proxy):
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, "SET wait_timeout=1")
        connection._execute_command(0x1F, b"")  # COM_RESET_CONNECTION
        connection._read_ok_packet()
        time.sleep(1.5)
        assert value(connection, "SELECT @@wait_timeout") == 28800


# What statement_timeout does. A query that is interrupted is one that counts: SLEEP would only
# return early.
SLOW = ("SELECT /* {} */ COUNT(*) FROM information_schema.COLLATIONS a,"
        " information_schema.COLLATIONS b, information_schema.COLLATIONS c,"
        " information_schema.COLLATIONS d WHERE SLEEP(0.01) = 7")
INTERRUPTED = "Query execution was interrupted"


# A certain read: it goes to a replica.
SLOW_READ = "SELECT /* {} */ BENCHMARK(2000000000, SHA2('x', 512)) FROM app.whoami"


def is_running(server, mark):
    return server.scalar("SELECT COUNT(*) FROM information_schema.PROCESSLIST"
                         f" WHERE INFO LIKE '%/* {mark} */%' AND ID <> CONNECTION_ID()") > 0


def runs_somewhere(cluster, mark):
    return any(is_running(server, mark) for server in cluster.servers)


@pytest.fixture
def hurried(start_proxy):
    return start_proxy(limits={"statement_timeout": "1s", "drain_timeout": "1s"})


@pytest.mark.parametrize("slow", [SLOW, SLOW_READ], ids=["primary", "replica"])
def test_a_statement_over_its_time_is_ended_and_the_session_lives_on(hurried, cluster, slow):
    with contextlib.closing(hurried.connect()) as connection:
        rows(connection, "SET @kept = 1")
        with error(1317, INTERRUPTED):
            rows(connection, slow.format("over-time"))
        assert not runs_somewhere(cluster, "over-time")
        assert value(connection, "SELECT @kept") == 1
        assert value(connection, "SELECT 41 + 1") == 42
    assert hurried.metrics().total("pointsman_statements_killed_total", reason="timeout") == 1


def test_an_interrupted_write_leaves_its_transaction_open_and_unchanged(hurried, table):
    with contextlib.closing(hurried.connect()) as connection:
        rows(connection, "BEGIN")
        rows(connection, f"INSERT INTO {table} (v) VALUES ('kept')")
        with error(1317, INTERRUPTED):
            rows(connection, f"INSERT INTO {table} (v) SELECT VERSION FROM"
                             " (SELECT SLEEP(0.3) VERSION FROM information_schema.COLLATIONS) s")
        rows(connection, "COMMIT")
        assert rows(connection, f"/* route=primary */ SELECT v FROM {table}") == [("kept",)]


def test_statements_in_time_are_left_alone(hurried):
    with contextlib.closing(hurried.connect()) as connection:
        for _ in range(4):
            assert value(connection, "SELECT SLEEP(0.4)") == 0
        time.sleep(1.5)
        assert value(connection, "SELECT 1") == 1
    assert hurried.metrics().total("pointsman_statements_killed_total") == 0


def test_a_read_that_nobody_waits_for_is_ended(proxy, cluster):
    connection = proxy.connect()
    connection._execute_command(0x03, SLOW_READ.format("abandoned"))
    wait_until(lambda: runs_somewhere(cluster, "abandoned"), 10, "the read to run")
    connection._force_close()
    wait_until(lambda: not runs_somewhere(cluster, "abandoned"), 20, "the read to be ended")


def test_a_write_that_nobody_waits_for_is_done(proxy, cluster, table):
    connection = proxy.connect()
    connection._execute_command(
        0x03, f"INSERT INTO {table} (v) SELECT /* left-alone */ SLEEP(3)")
    wait_until(lambda: is_running(cluster.primary, "left-alone"), 10, "the write to run")
    connection._force_close()
    wait_until(lambda: cluster.primary.scalar(f"SELECT COUNT(*) FROM {table}") == 1, 20,
               "the write to be done")


def test_a_mariadb_statement_over_its_time_is_ended(mariadb_cluster, tmp_path):
    folder = tmp_path / "hurried"
    config = config_for(mariadb_cluster.servers, folder, limits={"statement_timeout": "1s"})
    with Pointsman(folder, config) as proxy, contextlib.closing(proxy.connect()) as connection:
        with error(1317, INTERRUPTED):
            rows(connection, SLOW.format("over-time"))
        assert value(connection, "SELECT 41 + 1") == 42
