"""Reads go to replicas, everything else to the primary."""

import contextlib

import pymysql
import pytest
from process import wait_until
from pymysql.constants import CLIENT
from support import (WHO, error, name_in, names, rows, value, where_reads_go, where_writes_go)


READS = [
    WHO,
    "select/* comment */name from app.whoami -- end",
    "(SELECT name FROM app.whoami)",
    "WITH c AS (SELECT name FROM app.whoami) SELECT name FROM c",
    "TABLE app.whoami ORDER BY id LIMIT 1",
    "SELECT name FROM app.whoami UNION SELECT name FROM app.whoami",
    "SELECT UPPER(LOWER(name)) FROM app.whoami WHERE id IN (SELECT id FROM app.whoami)",
    "SELECT name FROM app.whoami WHERE 'FOR UPDATE' <> 'x'",
    "/*!80000 SELECT */ name FROM app.whoami",
    "# a comment\nSELECT name FROM app.whoami",
    "SELECT name, CONCAT('a', \"b; DELETE\", COUNT(*)) FROM app.whoami GROUP BY name",
]
PRIMARY_READS = [
    "SELECT name FROM app.whoami FOR UPDATE",
    "SELECT name FROM app.whoami FOR SHARE",
    "SELECT name FROM app.whoami LOCK IN SHARE MODE",
    "SELECT name, @a := 1 FROM app.whoami",
    "SELECT name, GET_LOCK('routing-test', 0) FROM app.whoami",
    "SELECT name, LAST_INSERT_ID() FROM app.whoami",
    "SELECT name, SLEEP(0) FROM app.whoami",
    "SELECT name, app.route_reader() FROM app.whoami",
    "SELECT name /*!80000 , UUID_SHORT() */ FROM app.whoami",
    "SELECT name FROM app.whoami; SELECT 1 FROM app.whoami FOR UPDATE",
]


@pytest.fixture(scope="module", autouse=True)
def functions(cluster):
    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.route_calls (id INT PRIMARY KEY"
                        " AUTO_INCREMENT, who VARCHAR(10))")
    cluster.primary.sql("DROP FUNCTION IF EXISTS app.route_reader")
    cluster.primary.sql("CREATE FUNCTION app.route_reader() RETURNS INT READS SQL DATA"
                        " RETURN (SELECT COUNT(*) FROM app.whoami)")
    cluster.primary.sql("DROP FUNCTION IF EXISTS app.route_writer")
    cluster.primary.sql("CREATE FUNCTION app.route_writer() RETURNS INT BEGIN"
                        " INSERT INTO app.route_calls (who) SELECT name FROM app.whoami;"
                        " RETURN 1; END")
    cluster.wait_replicated()


@pytest.mark.parametrize("sql", READS)
def test_a_read_runs_on_a_replica(client, cluster, sql):
    with client.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    assert {str(word).lower() for word in row} & names(cluster.replicas), row


@pytest.mark.parametrize("sql", PRIMARY_READS)
def test_a_read_that_locks_writes_or_depends_on_the_session_runs_on_the_primary(proxy, sql):
    with contextlib.closing(proxy.connect(client_flag=CLIENT.MULTI_STATEMENTS)) as connection:
        assert name_in(connection, sql) == "db1"


def test_both_replicas_get_reads(proxy, cluster):
    assert names(cluster.replicas) == set(where_reads_go(proxy, connections=30))


def test_writes_run_on_the_primary(client, table):
    assert where_writes_go(client, table) == "db1"


def test_a_write_is_on_the_replicas_soon(client, table, cluster):
    rows(client, f"INSERT INTO {table} (v) VALUES ('x')")
    cluster.wait_replicated()
    assert value(client, f"SELECT v FROM {table}") == "x"


@pytest.mark.parametrize("begin", ["BEGIN", "START TRANSACTION", "begin work",
                                   "START TRANSACTION WITH CONSISTENT SNAPSHOT",
                                   "START TRANSACTION READ WRITE", "/* x */ BEGIN -- y"])
@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_transaction_stays_on_the_primary_until_its_end(client, table, cluster, begin, end):
    rows(client, begin)
    assert name_in(client, WHO) == "db1"
    rows(client, f"INSERT INTO {table} (v) VALUES ('in transaction')")
    assert value(client, f"SELECT COUNT(*) FROM {table}") == 1
    assert name_in(client, WHO) == "db1"
    rows(client, end)
    assert name_in(client, WHO) in names(cluster.replicas)
    assert cluster.primary.scalar(f"SELECT COUNT(*) FROM {table}") == (end == "COMMIT")


def test_without_autocommit_reads_stay_on_the_primary(client, table, cluster):
    rows(client, "SET autocommit = 0")
    assert name_in(client, WHO) == "db1"
    rows(client, f"INSERT INTO {table} (v) VALUES ('x')")
    rows(client, "COMMIT")
    assert name_in(client, WHO) == "db1"
    rows(client, "SET autocommit = 1")
    assert name_in(client, WHO) in names(cluster.replicas)


def test_a_client_that_connects_without_autocommit_keeps_its_snapshot(proxy, table, cluster):
    with contextlib.closing(proxy.connect(autocommit=False)) as connection:
        assert value(connection, f"SELECT COUNT(*) FROM {table}") == 0
        cluster.primary.sql(f"INSERT INTO {table} (v) VALUES ('x')")
        assert value(connection, f"SELECT COUNT(*) FROM {table}") == 0
        connection.commit()
        assert value(connection, f"SELECT COUNT(*) FROM {table}") == 1
        connection.commit()


def test_a_read_only_transaction_runs_on_one_replica(client, table, cluster):
    rows(client, "START TRANSACTION READ ONLY")
    seen = {name_in(client, WHO) for _ in range(10)}
    assert len(seen) == 1 and seen <= names(cluster.replicas)
    rows(client, "COMMIT")
    assert where_writes_go(client, table) == "db1"


def answers(connection, statements):
    """What each statement said, what SHOW WARNINGS says of it, and whether the session is in a
    transaction, and in a read-only one."""
    said = []
    for statement in statements:
        try:
            said.append(rows(connection, statement))
        except pymysql.MySQLError as problem:
            said.append(problem.args)
        said.append(rows(connection, "SHOW WARNINGS"))
        said.append(connection.server_status & 0x2001)
    return said


@pytest.mark.parametrize("write", [
    "INSERT INTO {table} (v) VALUES ('x')", "UPDATE {table} SET v = 'y'", "DELETE FROM {table}",
    "SELECT * FROM {table} FOR UPDATE", "SELECT app.route_writer()", "INSERT INTO app.no_such VALUES (1)",
    "CREATE TEMPORARY TABLE app.scratch (id INT)"])
def test_a_write_in_a_read_only_transaction_gets_the_primarys_answer(client, table, cluster, write):
    statements = ["START TRANSACTION READ ONLY", f"SELECT COUNT(*) FROM {table}",
                  write.format(table=table), f"SELECT COUNT(*) FROM {table}", "COMMIT",
                  f"SELECT COUNT(*) FROM {table}"]
    with contextlib.closing(cluster.primary.connect()) as direct:
        expected = answers(direct, statements)
    cluster.wait_replicated()
    assert (1792, "Cannot execute statement in a READ ONLY transaction.") in expected
    assert answers(client, statements) == expected


@pytest.mark.parametrize("statement", [
    "CREATE TABLE app.made_in_transaction (id INT)", "START TRANSACTION READ WRITE", "BEGIN",
    "START TRANSACTION READ ONLY", "LOCK TABLES {table} WRITE", "TRUNCATE TABLE {table}",
    "DROP TABLE app.no_such_table"])
def test_what_ends_a_read_only_transaction_runs_on_the_primary(client, table, cluster, statement):
    statements = ["START TRANSACTION READ ONLY", f"SELECT COUNT(*) FROM {table}",
                  statement.format(table=table), f"INSERT INTO {table} (v) VALUES ('x')", "COMMIT",
                  "UNLOCK TABLES", f"SELECT COUNT(*) FROM {table}", f"TRUNCATE TABLE {table}",
                  "DROP TABLE IF EXISTS app.made_in_transaction"]
    with contextlib.closing(cluster.primary.connect()) as direct:
        expected = answers(direct, statements)
    cluster.wait_replicated()
    assert answers(client, statements) == expected


def test_hints_overrule(client, cluster):
    assert name_in(client, f"/* route=primary */ {WHO}") == "db1"
    assert name_in(client, f"/* route=replica */ {WHO} FOR SHARE") in names(cluster.replicas)
    for server in cluster.servers:
        assert name_in(client, f"/* route=server:{server.name} */ {WHO}") == server.name


def test_a_write_that_a_hint_sent_to_a_replica_is_done_on_the_primary(client, cluster, proxy):
    before = proxy.metrics().total("pointsman_reads_redone_total")
    calls = cluster.primary.scalar("SELECT COUNT(*) FROM app.route_calls")
    assert value(client, "/* route=replica */ SELECT app.route_writer()") == 1
    assert cluster.primary.scalar("SELECT COUNT(*) FROM app.route_calls") == calls + 1
    assert cluster.primary.scalar(
        "SELECT who FROM app.route_calls ORDER BY id DESC LIMIT 1") == "db1"
    assert proxy.metrics().total("pointsman_reads_redone_total") == before + 1
    assert name_in(client, WHO) in names(cluster.replicas)


def test_a_primary_listener_sends_all_to_the_primary(proxy, table):
    assert set(where_reads_go(proxy, "primary", 5)) == {"db1"}
    with contextlib.closing(proxy.connect(mode="primary")) as connection:
        assert where_writes_go(connection, table) == "db1"


def test_a_replicas_listener_reads_from_replicas_and_refuses_writes(proxy, cluster, table):
    assert set(where_reads_go(proxy, "replicas", 20)) == names(cluster.replicas)
    with contextlib.closing(proxy.connect(mode="replicas")) as connection:
        with error(1290, "read-only"):
            rows(connection, f"INSERT INTO {table} (v) VALUES ('x')")
        rows(connection, "BEGIN")
        assert name_in(connection, WHO) in names(cluster.replicas)
        rows(connection, "ROLLBACK")
    assert cluster.primary.scalar(f"SELECT COUNT(*) FROM {table}") == 0


def test_a_lagging_replica_gets_no_reads(start_proxy, disturbed, table):
    cluster, late = disturbed, disturbed.servers[2]
    proxy = start_proxy(routing={"max_lag": "500ms"})
    late.sql("STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 600;"
             " START REPLICA SQL_THREAD")
    cluster.primary.sql(f"INSERT INTO {table} (v) VALUES ('unseen there')")
    wait_until(lambda: proxy.metrics().total("pointsman_server_takes_reads",
                                             server=late.name) == 0, 5, "the lag to be seen")
    assert set(where_reads_go(proxy, connections=20)) == {"db2"}
    assert proxy.metrics().total("pointsman_server_lag_seconds", server=late.name) >= 0.5
    late.sql("STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0;"
             " START REPLICA SQL_THREAD")
    cluster.wait_replicated()
    wait_until(lambda: proxy.metrics().total("pointsman_server_takes_reads",
                                             server=late.name) == 1, 5, "the lag to be over")


@pytest.mark.parametrize("choice", ["primary", "error"])
def test_reads_without_a_fit_replica(start_proxy, disturbed, choice):
    proxy = start_proxy(routing={"no_replica": choice})
    for replica in disturbed.replicas:
        replica.sql("STOP REPLICA SQL_THREAD")
    wait_until(lambda: proxy.metrics().total("pointsman_server_takes_reads") == 0, 5,
               "no replica to be fit")
    with contextlib.closing(proxy.connect()) as connection:
        if choice == "primary":
            assert name_in(connection, WHO) == "db1"
        else:
            with pytest.raises(pymysql.MySQLError):
                rows(connection, WHO)
            assert name_in(connection, f"/* route=primary */ {WHO}") == "db1"


def test_weights_share_the_reads(start_proxy, cluster):
    servers = [{"name": server.name, "address": f"{server.host}:{server.port}",
                "weight": {"db2": 0}.get(server.name, 100)} for server in cluster.servers]
    proxy = start_proxy()
    proxy.reload(lambda config: config.update(servers=servers))
    wait_until(lambda: set(where_reads_go(proxy, connections=8)) == {"db3"}, 5,
               "the weight to count")
