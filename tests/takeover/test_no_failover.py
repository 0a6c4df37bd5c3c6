"""What looks bad and is no reason to replace a primary: nobody takes its role away."""

import contextlib
import os
import re
import time
import uuid

import pymysql
import pytest

from process import wait_until
from writers import Writers

rare = pytest.mark.skipif("POINTSMAN_CHAOS" not in os.environ, reason="./dev chaos runs it")
WATCHED = 3  # seconds; a real failover begins within half of one


@contextlib.contextmanager
def global_read_lock(cluster):
    """A backup's FLUSH TABLES WITH READ LOCK: every write waits."""
    locker = cluster.primary.connect()
    with locker.cursor() as cursor:
        cursor.execute("FLUSH LOCAL TABLES WITH READ LOCK")
    yield
    locker.close()


@contextlib.contextmanager
def too_many_connections(cluster):
    """Nobody gets in any more: new connections are refused with 1040."""
    primary = cluster.primary
    before = primary.scalar("SELECT @@max_connections")
    primary.sql("SET GLOBAL max_connections = 10")
    held = []
    try:
        with contextlib.suppress(pymysql.OperationalError):
            while len(held) < 20:
                held.append(primary.connect())
        yield
    finally:
        held[0].cursor().execute(f"SET GLOBAL max_connections = {before}")
        for connection in held:
            connection.close()


@contextlib.contextmanager
def read_only_by_hand(cluster):
    cluster.primary.sql("SET GLOBAL super_read_only = ON")
    yield
    cluster.primary.sql("SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF")


@contextlib.contextmanager
def replica_killed(cluster):
    replica = cluster.replicas[0]
    replica.kill9()
    yield
    replica.start()


@contextlib.contextmanager
def replica_frozen(cluster):
    replica = cluster.replicas[0]
    replica.freeze()
    yield
    replica.thaw()


@contextlib.contextmanager
def replication_stopped(cluster):
    """On all replicas: nobody hears of the primary, which is well."""
    for replica in cluster.replicas:
        replica.sql("STOP REPLICA")
    yield
    for replica in cluster.replicas:
        replica.sql("START REPLICA")


@contextlib.contextmanager
def replicas_late(cluster):
    """All of them are a long way behind, and have received everything."""
    def delay(seconds):
        for replica in cluster.replicas:
            replica.sql("STOP REPLICA SQL_THREAD")
            replica.sql(f"CHANGE REPLICATION SOURCE TO SOURCE_DELAY = {seconds}")
            replica.sql("START REPLICA SQL_THREAD")

    delay(60)
    yield
    delay(0)


@contextlib.contextmanager
def replication_broken(cluster):
    """No replica can apply what the primary sends: a table is there only."""
    gtid = f"{uuid.uuid4()}:1"
    with contextlib.closing(cluster.primary.connect()) as link, link.cursor() as cursor:
        for statement in ("SET sql_log_bin = 0", "CREATE TABLE app.here_only (i INT)",
                          "SET sql_log_bin = 1", f"SET gtid_next = '{gtid}'",
                          "INSERT INTO app.here_only VALUES (1)", "SET gtid_next = AUTOMATIC"):
            cursor.execute(statement)
    for replica in cluster.replicas:
        wait_until(lambda replica=replica: not cluster.flavour.replicates(replica), 15,
                   "the applier to stop")
    yield
    for replica in cluster.replicas:
        replica.sql(f"SET gtid_next = '{gtid}'; BEGIN; COMMIT; SET gtid_next = AUTOMATIC;"
                    " START REPLICA")
    cluster.primary.sql("SET sql_log_bin = 0; DROP TABLE app.here_only")


@contextlib.contextmanager
def large_transaction(cluster):
    """200 MB at once: replicas hear of nothing else while they receive it."""
    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.large (id INT PRIMARY KEY, v LONGBLOB)")
    with contextlib.closing(cluster.primary.connect()) as connection:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for number in range(20):
                cursor.execute("INSERT INTO app.large VALUES (%s, REPEAT('a', 10000000))",
                               (number,))
            cursor.execute("COMMIT")
    yield
    cluster.primary.sql("DROP TABLE app.large")


@pytest.mark.parametrize("trouble", [
    global_read_lock, too_many_connections, read_only_by_hand,
    pytest.param(replica_killed, marks=rare), pytest.param(replica_frozen, marks=rare),
    pytest.param(replicas_late, marks=rare), pytest.param(replication_broken, marks=rare),
    pytest.param(replication_stopped, marks=rare), pytest.param(large_transaction, marks=rare)])
def test_a_primary_that_lives_keeps_its_role(cluster, start_proxy, trouble):
    proxy = start_proxy(mode="automatic", durability="strict")
    primary = cluster.primary
    with Writers(proxy, clients=2) as writers:
        wait_until(lambda: len(writers.moments) > 20, 30, "writes")
        with trouble(cluster):
            time.sleep(WATCHED)
        ended = time.monotonic()
        wait_until(lambda: any(moment > ended for moment in writers.moments[-20:]), 60,
                   "writes to go on")
    log = proxy.log_path.read_text()
    begun = set(re.findall(r'kind=began what="(\w+)', log))
    mended = {"rejoin"} if trouble is replication_broken else set()  # replicas are started again
    assert begun <= mended, log[-4000:]
    assert primary.scalar("SELECT @@super_read_only") == 0
    assert all(server.scalar("SELECT @@super_read_only") == 1 for server in cluster.replicas)
