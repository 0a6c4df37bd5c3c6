"""Servers die, roles move: clients of reads notice nothing, clients of writes are told the truth."""

import contextlib
import subprocess
import threading
import time

import pymysql
import pytest

from process import wait_until
from support import (Background, WHO, error, mariadb_client, name_in, names, rows, sysbench,
                     sysbench_command, where_reads_go)

FOLLOW_LIMIT = 0.2  # seconds until routes follow a primary that was moved by hand


@pytest.fixture(scope="module")
def sbtest(cluster):
    sysbench("oltp_read_write", "prepare", cluster.primary.port)
    cluster.wait_replicated()
    yield
    sysbench("oltp_read_write", "cleanup", cluster.primary.port)


@pytest.mark.parametrize("script, options", [
    ("oltp_point_select", ["--db-ps-mode=disable"]),
    ("oltp_read_only", ["--db-ps-mode=disable", "--skip-trx=on"]),
])
def test_killing_a_replica_under_load_gives_no_client_error(proxy, disturbed, sbtest, script,
                                                            options):
    load = subprocess.Popen(
        sysbench_command(script, "run", proxy.port(), *options, threads=8, seconds=5),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    victim = disturbed.server("db3")
    time.sleep(1)
    reads_before = statements_of(proxy, "db3")
    victim.kill9()
    time.sleep(1)
    victim.start()
    output = load.communicate(timeout=60)[0]
    assert load.returncode == 0, output
    assert "ignored errors:                      0 " in output, output
    assert reads_before > 0
    wait_until(lambda: "db3" in where_reads_go(proxy), 15, "reads on the returned replica")


def statements_of(proxy, server):
    return proxy.metrics().total("pointsman_statements_total", server=server, kind="read")


def test_while_the_primary_hangs_the_replicas_are_seen_as_well_as_ever(proxy, disturbed):
    def failed_looks():
        return sum(proxy.metrics().total("pointsman_probes_total", server=server.name,
                                         result="connection_lost")
                   for server in disturbed.replicas)

    def looks_at_primary(result):
        return proxy.metrics().total("pointsman_probes_total", server=disturbed.primary.name,
                                     result=result)

    before = failed_looks()
    for _ in range(5):  # each breaks a connection that had TLS, once
        timeouts, looks = looks_at_primary("query_timeout"), looks_at_primary("ok")
        disturbed.primary.freeze()
        wait_until(lambda: looks_at_primary("query_timeout") > timeouts, 15, "looks in vain")
        disturbed.primary.thaw()
        wait_until(lambda: looks_at_primary("ok") > looks + 2, 15, "looks at it again")
    assert failed_looks() == before


def test_a_read_under_way_on_a_dying_replica_is_done_elsewhere(proxy, disturbed):
    found = []
    with contextlib.closing(proxy.connect()) as connection:
        reader = threading.Thread(target=lambda: found.append(outcome(connection, LONG_READ)))
        reader.start()
        victim = wait_until(lambda: running(disturbed, "long read"), 10, "the read to run")
        victim.kill9()
        reader.join(60)
        assert name_in(connection, WHO) in names(disturbed.servers) - {victim.name}
    assert found == [("ok", [(1,)])]


LONG_READ = ("WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 900)"
             " SELECT COUNT(*) > 1000 /* long read */ FROM n a JOIN n b JOIN app.whoami"
             " WHERE SHA2(CONCAT(a.i, SHA2(b.i, 512)), 512) < '8'")


def outcome(connection, sql):
    """("ok", rows) or (error code, text)."""
    try:
        return "ok", rows(connection, sql)
    except pymysql.MySQLError as problem:
        return problem.args


def running(cluster, text):
    """The server that runs a statement with this text in it."""
    for server in cluster.servers:
        if server.running and server.scalar(
                "SELECT COUNT(*) FROM performance_schema.processlist"
                " WHERE INFO LIKE %s AND ID <> CONNECTION_ID()", f"%/* {text} */%"):
            return server
    return None


def test_a_write_under_way_on_a_dying_primary_is_reported_as_unknown(proxy, disturbed, table):
    client = subprocess_client(proxy, f"INSERT INTO {table} (v) SELECT SLEEP(30) /* a write */;"
                                      "\nSELECT 'still there';\n")
    victim = wait_until(lambda: running(disturbed, "a write"), 10, "the write to run")
    assert victim is disturbed.primary
    before = proxy.metrics().total("pointsman_outcome_unknown_total")
    victim.kill9()
    output = client.communicate(timeout=30)[0]
    assert "ERROR 1180 (08007)" in output, output
    assert "unknown" in output.lower()
    assert "2013" not in output and "2006" not in output
    assert proxy.metrics().total("pointsman_outcome_unknown_total") == before + 1


def subprocess_client(proxy, sql):
    client = subprocess.Popen(
        ["/usr/bin/mariadb", "--no-defaults", "--comments", "-h127.0.0.1", f"-P{proxy.port()}",
         "-uapp", "-papp_pw"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    client.stdin.write(sql)
    client.stdin.close()
    client.stdin = None
    return client


def test_the_connection_is_closed_after_an_unknown_outcome(proxy, disturbed, table):
    with contextlib.closing(proxy.connect()) as connection:
        results = []
        sql = f"INSERT INTO {table} (v) SELECT SLEEP(30) /* doomed write */"
        writer = threading.Thread(target=lambda: results.append(outcome(connection, sql)))
        writer.start()
        wait_until(lambda: running(disturbed, "doomed write"), 10, "the write to run").kill9()
        writer.join(30)
        assert results[0][0] == 1180
        with pytest.raises(pymysql.MySQLError) as problem:
            rows(connection, "SELECT 1")
        assert problem.value.args[0] in (0, 2006, 2013)  # PyMySQL's own: the server has gone


def test_an_idle_client_survives_the_death_of_a_server_it_has_used(proxy, disturbed, table):
    with contextlib.closing(proxy.connect(database="app")) as connection:
        replica = disturbed.server(name_in(connection, WHO))
        replica.kill9()
        assert name_in(connection, WHO) != replica.name
        rows(connection, f"INSERT INTO {table} (v) VALUES ('x')")


def test_routes_follow_a_primary_moved_by_hand(proxy, disturbed, table):
    delays = []
    for target in ("db2", "db3", "db1"):
        writes = []
        with contextlib.closing(proxy.connect()) as connection:
            def write(connection=connection, writes=writes):
                answer = outcome(connection, f"INSERT INTO {table} (v) VALUES ('x')")
                writes.append((time.monotonic(), answer[0]))
                time.sleep(0.005)
            with Background(write):
                wait_until(lambda: len(writes) > 20, 10, "writes to run")
                moment = disturbed.switch_primary_by_hand(disturbed.server(target))
                wait_until(lambda: any(at > moment and code == "ok" for at, code in writes), 10,
                           "a write on the new primary")
        delays.append(min(at for at, code in writes if at > moment and code == "ok") - moment)
        assert {code for _, code in writes} <= {"ok", 1290}, writes
        wait_until(lambda: set(where_reads_go(proxy)) == names(disturbed.replicas), 10,
                   "reads on the new replicas")
    print("routes followed after", ["%.0f ms" % (delay * 1000) for delay in delays])
    assert sorted(delays)[1] <= FOLLOW_LIMIT, delays  # one may be late on a busy machine


def test_a_second_writable_server_gets_nothing(proxy, disturbed, table):
    second = disturbed.server("db3")
    second.sql("STOP REPLICA; SET GLOBAL super_read_only=OFF, GLOBAL read_only=OFF")
    wait_until(lambda: proxy.metrics().total("pointsman_server_quarantined",
                                             server="db3") == 1, 5, "it to be noticed")
    assert set(where_reads_go(proxy)) == {"db2"}
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, f"INSERT INTO {table} (v) VALUES ('x')")
    assert disturbed.primary.scalar(f"SELECT COUNT(*) FROM {table}") == 1
    assert second.scalar(f"SELECT COUNT(*) FROM {table}") == 0
    assert "db3" in "".join(line for line in open(proxy.log_path)
                            if "level=warn" in line or "level=error" in line)


def test_without_a_primary_writes_wait_and_then_fail_clearly(start_proxy, disturbed, table):
    proxy = start_proxy(routing={"hold_timeout": "1s"})
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, f"INSERT INTO {table} (v) VALUES ('before')")
        disturbed.primary.sql(disturbed.flavour.read_only)
        wait_until(lambda: proxy.metrics().total("pointsman_writes_state", state="open") == 0, 5,
                   "the loss of the primary to be seen")
        started = time.monotonic()
        with error(1290, "primary"):
            rows(connection, f"INSERT INTO {table} (v) VALUES ('refused')")
        assert 0.9 <= time.monotonic() - started <= 4.5  # the default is 5 s
        assert name_in(connection, WHO) in names(disturbed.servers)
        disturbed.primary.sql(disturbed.flavour.writable)
        rows(connection, f"INSERT INTO {table} (v) VALUES ('after')")
    assert disturbed.primary.sql(f"SELECT v FROM {table} ORDER BY id") == [("before",), ("after",)]


def test_writes_that_wait_run_once_when_the_primary_is_back(proxy, disturbed, table):
    disturbed.primary.sql(disturbed.flavour.read_only)
    wait_until(lambda: proxy.metrics().total("pointsman_writes_state", state="open") == 0, 5,
               "the loss of the primary to be seen")
    connections = [proxy.connect() for _ in range(4)]
    results = []
    writers = [threading.Thread(target=lambda c=c: results.append(
        outcome(c, f"INSERT INTO {table} (v) VALUES ('x')")[0])) for c in connections]
    for writer in writers:
        writer.start()
    wait_until(lambda: proxy.metrics().total("pointsman_statements_held_total") >= 4, 4,
               "the writes to wait")
    disturbed.primary.sql(disturbed.flavour.writable)
    for writer in writers:
        writer.join(10)
    for connection in connections:
        connection.close()
    assert results == ["ok"] * 4
    assert disturbed.primary.scalar(f"SELECT COUNT(*) FROM {table}") == 4


def test_a_client_may_log_in_while_there_is_no_primary(proxy, disturbed):
    with contextlib.closing(proxy.connect()):
        pass  # the account is known now
    disturbed.primary.kill9()
    wait_until(lambda: proxy.metrics().total("pointsman_writes_state", state="open") == 0, 5,
               "the loss of the primary to be seen")
    with contextlib.closing(proxy.connect()) as connection:
        assert name_in(connection, WHO) in ("db2", "db3")


def test_statement_errors_of_a_dead_cluster_are_clear(start_proxy, disturbed):
    proxy = start_proxy(routing={"hold_timeout": "500ms"})
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, WHO)
        disturbed.kill()
        with pytest.raises(pymysql.MySQLError) as problem:
            rows(connection, WHO)
        assert problem.value.args[0] not in (1045,)
    answer = mariadb_client(proxy.port(), sql="SELECT 1")
    assert answer.returncode != 0 and "ERROR" in answer.stderr
    proxy.check_alive()
