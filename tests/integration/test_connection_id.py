"""Who am I: the connection id that a client is told, SELECTs and may KILL by is one and the same."""

import contextlib
import struct
import time

import pymysql
import pytest

from c_client import CClient
from support import WHO, error, rows, value


@pytest.mark.parametrize("text", ["SELECT CONNECTION_ID()", "select connection_id ( )",
                                  "/* app */ SELECT CONNECTION_ID() AS me",
                                  "SELECT (SELECT CONNECTION_ID())",
                                  "SELECT CONNECTION_ID() FROM app.whoami LIMIT 1",
                                  "SELECT * FROM (SELECT CONNECTION_ID()) x"])
def test_a_client_is_told_the_id_that_it_has_and_sees_the_same_column(client, cluster, text):
    def column(connection):
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(text)
            field = cursor._result.fields[0]
            return cursor.fetchone()[0], (field.name, field.org_name, field.type_code,
                                          field.length, field.flags, field.charsetnr)
    with contextlib.closing(pymysql.connect(host=cluster.primary.host, user="app",
                                            port=cluster.primary.port,
                                            password=b"app_pw")) as direct:
        direct_id, as_on_a_server = column(direct)
        assert direct_id == direct.thread_id()
    for hint in ("", WHO, "SET @pinned = 1"):
        if hint:
            rows(client, hint)
        assert column(client) == (client.thread_id(), as_on_a_server)


def test_the_id_is_the_same_in_every_place(client, table):
    me = client.thread_id()
    rows(client, f"INSERT INTO {table} (v) VALUES (CONNECTION_ID())")
    assert rows(client, f"SELECT CONNECTION_ID()-1, v+0 FROM {table} WHERE v=CONNECTION_ID()"
                        " FOR UPDATE") == [(me - 1, me)]
    rows(client, "SET @me=CONNECTION_ID()")
    assert value(client, "SELECT @me") == me


def packets_to_eof(connection):
    payloads = []
    while not payloads or payloads[-1][0] != 0xFE:
        payloads.append(connection._read_packet().get_all_data())
    return payloads[:-1]


def test_prepared_statements_have_it_too(client):
    client._execute_command(0x16, "SELECT CONNECTION_ID()")
    statement = client._read_packet().get_all_data()[1:5]
    assert b"CONNECTION_ID()" in packets_to_eof(client)[0]
    client._execute_command(0x17, statement + struct.pack("<BI", 0, 1))
    packets_to_eof(client)
    (row,) = packets_to_eof(client)
    assert struct.unpack_from("<Q", row, 2) == (client.thread_id(),)


def test_mariadb_as_well(mariadb_proxy):
    with contextlib.closing(mariadb_proxy.connect()) as connection:
        assert value(connection, "SELECT CONNECTION_ID()") == connection.thread_id()


@pytest.mark.parametrize("question", [
    "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()",
    "SELECT p.ID FROM performance_schema.processlist p WHERE p.INFO LIKE '%app''s own%'",
    "SELECT IS_USED_LOCK('who_am_i')",
])
def test_what_lists_connections_tells_the_same_id(client, question):
    assert value(client, "SELECT GET_LOCK('who_am_i', 5)") == 1
    assert value(client, question + " -- app's own") == client.thread_id()


def test_the_process_lists_columns_are_a_servers(client, cluster):
    def columns(connection, text):
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(text)
            return [(field.name, field.type_code) for field in cursor._result.fields]
    with contextlib.closing(cluster.primary.connect(user="app",
                                                    password="app_pw")) as direct:
        for text in ("SHOW PROCESSLIST", "SELECT * FROM information_schema.processlist",
                     "SELECT * FROM performance_schema.processlist",
                     "SELECT info, p.State, Id FROM information_schema.processlist p WHERE ID > 1",
                     "SELECT info, p.State, Id FROM performance_schema.processlist p WHERE ID > 1"):
            assert columns(client, text) == columns(direct, text)


@pytest.mark.parametrize("full", ["", "FULL "])
def test_the_process_list_has_each_session_under_its_own_id(proxy, client, full):
    with contextlib.closing(proxy.connect()) as other:
        rows(other, "BEGIN")
        rows(other, "SELECT COUNT(*) FROM app.whoami FOR UPDATE")
        listed = {row[0]: row for row in rows(client, f"SHOW {full}PROCESSLIST")}
        assert listed[client.thread_id()][7] == f"SHOW {full}PROCESSLIST"
        assert listed[other.thread_id()][1] == "app"
        rows(client, f"KILL {other.thread_id()}")
        with pytest.raises(pymysql.MySQLError):
            rows(other, "COMMIT")


def test_a_session_is_killed_by_the_id_that_it_selected(proxy):
    with contextlib.closing(proxy.connect()) as victim, \
            contextlib.closing(proxy.connect()) as killer:
        rows(killer, f"KILL {value(victim, 'SELECT CONNECTION_ID()')}")
        with pytest.raises(pymysql.MySQLError):
            for _ in range(100):
                rows(victim, WHO)
                time.sleep(0.1)


def test_a_prepared_kill_ends_the_session_that_it_names(proxy):
    with contextlib.closing(proxy.connect()) as victim, \
            contextlib.closing(CClient(proxy)) as killer:
        query = killer.prepare(f"KILL QUERY {victim.thread_id()}")
        assert killer.execute(query) == 0
        assert value(victim, "SELECT 1") == 1
        killer.execute(killer.prepare(f"KILL {victim.thread_id()}"))
        with pytest.raises(pymysql.MySQLError):
            for _ in range(100):
                rows(victim, WHO)
                time.sleep(0.1)


def test_another_accounts_session_is_killed_only_with_the_right_to(proxy, account, client):
    stranger = account("stranger")
    admin = account("admin", grants="CONNECTION_ADMIN ON *.*")
    with contextlib.closing(proxy.connect(stranger, "stranger")) as other:
        with error(1095, "You are not owner of thread"):
            rows(other, f"KILL {client.thread_id()}")
        assert value(client, "SELECT 1") == 1
    with contextlib.closing(proxy.connect(admin, "admin")) as other:
        rows(other, f"KILL QUERY {client.thread_id()}")
        assert value(client, "SELECT 1") == 1


def test_statistics_are_the_proxys_own_as_a_server_writes_them(client):
    rows(client, WHO)
    client._execute_command(0x09, b"")
    words = client._read_packet().get_all_data().decode().split("  ")
    keys = [word.split(": ")[0] for word in words]
    assert keys == ["Uptime", "Threads", "Questions", "Slow queries", "Opens", "Flush tables",
                    "Open tables", "Queries per second avg"]
    numbers = dict(word.split(": ") for word in words)
    assert int(numbers["Threads"]) >= 1 and int(numbers["Questions"]) >= 1
    assert value(client, "SELECT 1") == 1
