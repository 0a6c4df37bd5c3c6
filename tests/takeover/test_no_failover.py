"""What looks bad and is no reason to replace a primary: nobody takes its role away."""

import contextlib
import os
import time

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
    assert "kind=began" not in log, log[-4000:]
    assert primary.scalar("SELECT @@super_read_only") == 0
    assert all(server.scalar("SELECT @@super_read_only") == 1 for server in cluster.replicas)
