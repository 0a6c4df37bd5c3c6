"""All kinds of commands and answers, of all sizes, arrive unchanged."""

import contextlib
import random
import struct
import subprocess
import threading
import time

import pymysql
import pytest
from pymysql.constants import CLIENT

import binaries
from c_client import CClient
from support import WHO, error, names, rows, value

PACKET = 0xFFFFFF  # the longest payload of one packet


def test_several_statements_in_one_command(proxy, table):
    with contextlib.closing(proxy.connect(client_flag=CLIENT.MULTI_STATEMENTS)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} (v) VALUES ('a'); SELECT v FROM {table};"
                           f"UPDATE {table} SET v = 'b'; SELECT v, 2 FROM {table}")
            found = [cursor.fetchall()]
            while cursor.nextset():
                found.append(cursor.fetchall())
    assert found == [(), (("a",),), (), (("b", 2),)]


def test_an_error_in_the_middle_of_several_statements(proxy, table):
    with contextlib.closing(proxy.connect(client_flag=CLIENT.MULTI_STATEMENTS)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} (v) VALUES ('a'); SELECT nonsense; SELECT 1")
            with error(1054):
                cursor.nextset()
        assert value(connection, f"/* route=primary */ SELECT COUNT(*) FROM {table}") == 1


def test_a_procedure_with_several_results(client, cluster, table):
    cluster.primary.sql("DROP PROCEDURE IF EXISTS app.several")
    cluster.primary.sql(f"CREATE PROCEDURE app.several(n INT) BEGIN SELECT n;"
                        f" INSERT INTO {table} (v) VALUES (n); SELECT v FROM {table}; END")
    with client.cursor() as cursor:
        cursor.execute("CALL several(3)")
        assert cursor.fetchall() == ((3,),)
        assert cursor.nextset()
        assert cursor.fetchall() == (("3",),)
        assert cursor.nextset() and not cursor.nextset()
    assert value(client, "SELECT 1") == 1


def test_load_data_local(proxy, table, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("".join(f"{number},row {number}\n" for number in range(1, 60_001)))
    with contextlib.closing(proxy.connect(local_infile=True)) as connection:
        rows(connection, f"LOAD DATA LOCAL INFILE '{source}' INTO TABLE {table}"
                         " FIELDS TERMINATED BY ','")
        assert rows(connection, f"/* route=primary */ SELECT COUNT(*), SUM(id), MAX(v)"
                                f" FROM {table}") == [(60_000, 1_800_030_000, "row 9999")]
        with pytest.raises((pymysql.MySQLError, FileNotFoundError)):
            rows(connection, f"LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE {table}")
        assert value(connection, "SELECT 1") == 1


@pytest.mark.parametrize("megabytes", [1, 15, 17, 20])
def test_big_values_go_both_ways(proxy, table, cluster, megabytes):
    text = random.Random(megabytes).randbytes(megabytes * 500_000).hex()
    with contextlib.closing(proxy.connect(max_allowed_packet=64 << 20)) as connection:
        rows(connection, f"INSERT INTO {table} (v) VALUES (%s)", text)
        cluster.wait_replicated()
        assert value(connection, f"/* route=primary */ SELECT v FROM {table}") == text
        assert value(connection, f"SELECT v FROM {table}") == text


@pytest.mark.parametrize("more", [-2, -1, 0, 1, 2, PACKET - 1, PACKET, PACKET + 1])
@pytest.mark.parametrize("hint", ["", "/* route=primary */ "])
def test_commands_and_rows_around_the_packet_limit(proxy, more, hint):
    size = PACKET + more
    with contextlib.closing(proxy.connect(max_allowed_packet=64 << 20)) as connection:
        frame = f"{hint}SELECT LENGTH('') FROM app.whoami"
        sql = frame.replace("''", "'" + "x" * (size - 1 - len(frame)) + "'")
        assert 1 + len(sql) == size  # the command byte counts
        assert value(connection, sql) == size - 1 - len(frame)
        prefix = 4 if size - 4 < 1 << 24 else 9  # the length before a text in a row
        row_text = value(connection, f"{hint}SELECT REPEAT('y', {size - prefix}) FROM app.whoami")
        assert len(row_text) == size - prefix
        assert value(connection, "SELECT 1") == 1


def test_many_rows(client):
    with client.cursor() as cursor:
        cursor.execute("SET SESSION cte_max_recursion_depth = 1000000")
        cursor.execute("WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n"
                       " WHERE i < 200000) SELECT i, REPEAT('z', i % 50) FROM n")
        found = cursor.fetchall()
    assert len(found) == 200_000
    assert all(row == (number, "z" * (number % 50)) for number, row in enumerate(found, 1))


def test_many_columns_and_none(client):
    columns = ", ".join(f"{number} AS c{number}" for number in range(1500))
    assert rows(client, f"SELECT {columns}") == [tuple(range(1500))]
    assert rows(client, "SELECT name FROM app.whoami WHERE FALSE") == []
    assert rows(client, "SELECT NULL, '', 0 FROM app.whoami") == [(None, "", 0)]


@pytest.mark.parametrize("sql, code", [
    ("SELEC 1", 1064), ("SELECT nothing_here", 1054), ("SELECT * FROM app.nothing", 1146),
    ("SELECT * FROM mysql.user", 1142), ("INSERT INTO app.whoami VALUES (1, 'x')", 1062),
    ("", 1065), ("SELECT (SELECT 1 UNION SELECT 2)", 1242),
])
def test_errors_arrive_and_the_connection_stays(client, sql, code):
    with error(code):
        rows(client, sql)
    assert value(client, WHO).startswith("db")


def test_an_error_after_rows_were_sent(client):
    # The third row fails: two rows and then an ERR instead of the end.
    with pytest.raises(pymysql.MySQLError):
        rows(client, "SELECT EXP(n) FROM (SELECT 1 n UNION ALL SELECT 2 UNION ALL SELECT 9999) t")
    assert value(client, "SELECT 1") == 1


def test_pipelined_commands_are_answered_in_order(client):
    packet = lambda sql: struct.pack("<I", 1 + len(sql))[:3] + b"\0\x03" + sql  # noqa: E731
    client._write_bytes(b"".join(packet(b"SELECT %d" % number) for number in range(20)))
    for number in range(20):
        client._next_seq_id = 1
        client._read_query_result()
        assert client._result.rows == ((number,),)


def test_small_commands(client):
    client.ping(reconnect=False)
    client._execute_command(0x09, b"")  # COM_STATISTICS: a text without a header
    assert b"Uptime" in client._read_packet().get_all_data()
    client._execute_command(0x1B, b"\0\0")  # COM_SET_OPTION: several statements allowed
    assert client._read_packet().is_eof_packet()
    assert value(client, "SELECT 1; SELECT 2") == 1
    client._execute_command(0x77, b"")  # no such command
    with error(1047):
        client._read_packet()
    assert value(client, "SELECT 3") == 3


def packets_until(client, is_last):
    payloads = []
    while not payloads or not is_last(payloads[-1]):
        payloads.append(client._read_packet().get_all_data())
    return payloads


def test_a_list_of_fields_is_the_servers(proxy, cluster):
    def fields(connection):
        connection._execute_command(0x04, b"whoami\0n%")
        return packets_until(connection, lambda payload: payload[0] == 0xFE)
    with contextlib.closing(proxy.connect(database="app")) as client, \
            contextlib.closing(cluster.primary.connect(user="app", password="app_pw",
                                                       database="app")) as direct:
        expected = fields(direct)
        assert len(expected) == 2
        assert fields(client) == expected
        assert value(client, WHO).startswith("db")


def test_the_binary_log_streams_through(proxy, cluster, account, table):
    reader = account("pw", grants="REPLICATION SLAVE, REPLICATION CLIENT ON *.*")
    with contextlib.closing(proxy.connect()) as client:
        rows(client, f"INSERT INTO {table} (v) VALUES ('streamed')")
    log, end = cluster.primary.sql("SHOW BINARY LOGS")[-1][:2]

    program = binaries.unpacked_mysql_program("usr/bin/mysqlbinlog")

    def stream(port):
        done = subprocess.run(
            [*program.command, "--no-defaults", "--read-from-remote-server",
             "--host=127.0.0.1",
             f"--port={port}", f"--user={reader}", "--password=pw",
             f"--stop-position={end}", "--base64-output=decode-rows", "-v", log],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout
    assert "'streamed'" in stream(proxy.port("primary"))
    assert stream(proxy.port("primary")) == stream(cluster.primary.port)


def test_another_user_takes_over_the_connection(proxy, account, table):
    user = account("second-pw", grants="ALL ON sbtest.*")
    with contextlib.closing(CClient(proxy)) as client:
        assert client.query(f"INSERT INTO {table} (v) VALUES ('as app')") == 0, client.error()
        assert client.change_user(user, "second-pw", "sbtest") == 0, client.error()
        assert client.query(f"INSERT INTO {table} (v) VALUES ('as the second')") != 0
        assert "INSERT command denied" in client.error()
        assert client.change_user("app", "app_pw", "app") == 0, client.error()
        assert client.query(f"INSERT INTO {table} (v) VALUES ('as app')") == 0, client.error()


def test_taking_over_with_a_wrong_password_is_refused(proxy, account):
    user = account("second-pw")
    with contextlib.closing(CClient(proxy)) as client:
        assert client.change_user(user, "wrong", "app") != 0
        assert f"Access denied for user '{user}'@" in client.error()


def test_binary_prepared_statements(proxy, client, table, cluster):
    rows(client, f"INSERT INTO {table} (v) VALUES ('a'), ('b'), ('c')")
    cluster.wait_replicated()
    with contextlib.closing(CClient(proxy)) as c_client:
        read = c_client.prepare(f"SELECT * FROM {table}")
        write = c_client.prepare(f"INSERT INTO {table} (v) VALUES ('d')")
        assert c_client.execute(read) == 3
        for _ in range(5):
            c_client.execute(write)
        cluster.wait_replicated()
        assert c_client.query("SET @x = 1") == 0
        assert c_client.execute(read) == 8
        assert c_client.library.mysql_stmt_reset(read) == 0
        assert c_client.execute(read) == 8
        assert c_client.library.mysql_stmt_close(read) == 0
        c_client.execute(write)
        assert c_client.library.mysql_stmt_close(write) == 0
    assert value(client, f"/* route=primary */ SELECT COUNT(*) FROM {table}") == 9


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_value_sent_in_pieces(proxy, client, table, size):
    with contextlib.closing(CClient(proxy)) as c_client:
        write = c_client.prepare(f"INSERT INTO {table} (v) VALUES (?)")
        c_client.bind_long_data(write)
        for letter in (b"a", b"b", b"c"):
            c_client.send_long_data(write, letter * size)
        c_client.execute(write)
        c_client.send_long_data(write, b"forgotten")
        assert c_client.library.mysql_stmt_reset(write) == 0
        c_client.send_long_data(write, b"kept")
        c_client.execute(write)
    found = rows(client, f"/* route=primary */ SELECT v FROM {table} ORDER BY id")
    assert found == [("a" * size + "b" * size + "c" * size,), ("kept",)]


@pytest.mark.parametrize("command", [0x17, 0x1A, 0x1C])
def test_a_statement_that_is_not_there_is_answered_as_a_server_does(proxy, cluster, command):
    answers = []
    for connect in (cluster.primary.connect, proxy.connect):
        with contextlib.closing(connect(user="app", password="app_pw")) as connection:
            connection._execute_command(command, struct.pack("<IBI", 77, 0, 1))
            with pytest.raises(pymysql.MySQLError) as refusal:
                connection._read_packet()
            answers.append(refusal.value.args)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("command", [(0x17, struct.pack("<IBI", 77, 0, 1)), (0x10, b""),
                                     (0x1C, struct.pack("<II", 77, 1))])
def test_an_error_of_the_proxys_own_is_known_to_those_who_ask(proxy, cluster, command):
    seen = []
    for connect in (cluster.primary.connect, proxy.connect):
        with contextlib.closing(connect(user="app", password="app_pw")) as connection:
            answers = []
            for question in ("SHOW WARNINGS", "SHOW ERRORS", "SELECT @@error_count, @@warning_count",
                             "SELECT ROW_COUNT()", "SHOW COUNT(*) ERRORS"):
                rows(connection, "SELECT 1")
                connection._execute_command(*command)
                with pytest.raises(pymysql.MySQLError):
                    connection._read_packet()
                answers.append((rows(connection, question), rows(connection, "SHOW WARNINGS")))
            seen.append(answers)
    assert seen[1] == seen[0]
    assert seen[0][0][0], seen  # a server does tell


def test_a_wrong_prepared_statement_is_refused_at_prepare(proxy, cluster):
    with contextlib.closing(CClient(proxy)) as client:
        with pytest.raises(AssertionError, match="no_such_table' doesn't exist"):
            client.prepare("SELECT * FROM no_such_table")
        assert client.query(WHO) == 0, client.error()
    assert names(cluster.replicas)


LONG_READ = ("WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
             " SELECT COUNT(*) FROM n a JOIN n b JOIN n c WHERE SHA2(a.i + b.i * c.i, 512) < '0'")


@pytest.mark.parametrize("hint", ["", "/* route=primary */ "])
def test_killing_a_query_ends_it_and_keeps_the_connection(proxy, client, hint):
    results = []

    def read():
        try:
            rows(client, hint + LONG_READ)
        except pymysql.MySQLError as problem:
            results.append(problem.args[0])

    reader = threading.Thread(target=read)
    reader.start()
    with contextlib.closing(proxy.connect()) as other:
        deadline = time.monotonic() + 20
        while reader.is_alive() and time.monotonic() < deadline:
            time.sleep(0.2)  # a KILL QUERY that comes before the query does nothing
            rows(other, f"KILL QUERY {client.thread_id()}")
    reader.join(60)
    assert results == [1317]
    assert value(client, WHO).startswith("db")


def test_a_kill_may_name_a_variable(proxy, client):
    with contextlib.closing(proxy.connect()) as other:
        rows(other, f"SET @id = {client.thread_id()}")
        rows(other, "KILL QUERY @id")
        assert value(client, WHO).startswith("db")
        rows(other, "KILL @id")
        with pytest.raises(pymysql.MySQLError):
            for _ in range(50):
                rows(client, WHO)
                time.sleep(0.1)


def test_killing_a_connection_closes_it(proxy, client):
    with contextlib.closing(proxy.connect()) as other, \
            contextlib.closing(proxy.connect()) as unharmed:
        rows(other, f"KILL {client.thread_id()}")
        with pytest.raises(pymysql.MySQLError):
            for _ in range(50):
                rows(client, WHO)
                time.sleep(0.1)
        assert value(unharmed, WHO).startswith("db")
        with error(1094):
            rows(other, f"KILL {client.thread_id() + 10_000_000}")
