"""Writes that a killed primary never answered: done exactly once, or the client is told."""

import contextlib
import os
import threading
import time

import pymysql
import pytest

from process import wait_until
from test_failover import new_primary
from writers import Writers

WAITING = ("SELECT COUNT(*) FROM performance_schema.processlist WHERE state LIKE %s")


class Blocked:
    """A client whose statement is under way at the primary, and stays so until that is killed."""

    def __init__(self, proxy, statement, before=()):
        self.answer = None  # (code, rows affected)
        self.connection = proxy.connect(database="app")
        with self.connection.cursor() as cursor:
            for each in before:
                cursor.execute(each)
        self._thread = threading.Thread(target=self._run, args=(statement,), daemon=True)
        self._thread.start()

    def _run(self, statement):
        try:
            with self.connection.cursor() as cursor:
                self.answer = (0, cursor.execute(statement))
        except pymysql.MySQLError as problem:
            self.answer = (problem.args[0], None)

    def wait(self):
        self._thread.join(60)
        return self.answer


@contextlib.contextmanager
def lock(server, statement):
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    yield
    with contextlib.suppress(pymysql.Error):
        connection.close()


def wait_for_state(server, state):
    def waits():
        with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(WAITING, (state,))
            return cursor.fetchone()[0] == 1
    wait_until(waits, 20, f"a statement in the state {state}")


@pytest.fixture
def proxy(cluster, start_proxy):
    cluster.primary.sql("TRUNCATE app.w1")
    cluster.wait_replicated(timeout=20)
    proxy = start_proxy(mode="automatic", durability="strict", cooldown="1s",
                        in_doubt_timeout="20s")
    # The role has been seen: what is sent from here on is later than a look at the primary.
    with contextlib.closing(proxy.connect(database="app")) as connection:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO w1 VALUES (0, 0)")
    time.sleep(1)
    return proxy


def lose(cluster):
    old = cluster.primary
    old.kill9()
    wait_until(lambda: new_primary(cluster, old), 40, "a new primary")
    return new_primary(cluster, old)


def test_a_write_that_was_never_done_is_done_on_the_new_primary(cluster, proxy):
    with lock(cluster.primary, "LOCK TABLES app.w1 WRITE"):
        client = Blocked(proxy, "INSERT INTO w1 VALUES (1, 1)")
        wait_for_state(cluster.primary, "Waiting for table metadata lock")
        successor = lose(cluster)
    assert client.wait() == (0, 1)
    assert list(successor.sql("SELECT client FROM app.w1 ORDER BY client")) == [(0,), (1,)]
    with client.connection.cursor() as cursor:
        cursor.execute("INSERT INTO w1 VALUES (2, 1)")  # the session goes on


def test_a_transaction_that_was_never_committed_may_be_begun_anew(cluster, proxy):
    with lock(cluster.primary, "SELECT 1"):
        client = Blocked(proxy, "SELECT 1", ["BEGIN", "INSERT INTO w1 VALUES (1, 1)"])
        client.wait()
    with lock(cluster.primary, "FLUSH TABLES WITH READ LOCK"):
        client._thread = threading.Thread(target=client._run, args=("COMMIT",), daemon=True)
        client._thread.start()
        wait_for_state(cluster.primary, "Waiting for commit lock")
        successor = lose(cluster)
    assert client.wait() == (1213, None)
    assert list(successor.sql("SELECT client FROM app.w1")) == [(0,)]
    with client.connection.cursor() as cursor:
        cursor.execute("INSERT INTO w1 VALUES (2, 1)")


def test_nobody_guesses_while_a_transaction_has_no_owner(cluster, proxy):
    with lock(cluster.primary, "LOCK TABLES app.w1 WRITE"):
        client = Blocked(proxy, "INSERT INTO w1 VALUES (1, 1)")
        wait_for_state(cluster.primary, "Waiting for table metadata lock")
        cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.by_others (a INT)")
        cluster.primary.sql("DROP TABLE app.by_others")
        cluster.wait_replicated(timeout=20)
        successor = lose(cluster)
    assert client.wait() == (1180, None)
    assert list(successor.sql("SELECT client FROM app.w1")) == [(0,)]


KILLS = int(os.environ.get("POINTSMAN_KILLS", "1"))


@pytest.mark.parametrize("transactions", [False, True] * KILLS)
def test_under_load_every_write_is_done_once_or_its_client_is_told(cluster, proxy, transactions):
    with Writers(proxy, transactions=transactions) as writers:
        time.sleep(1)
        moment = time.monotonic()
        successor = lose(cluster)
        wait_until(lambda: any(m > moment + 0.1 for m in writers.moments[-50:]), 30, "writes")
    successor.sql("DELETE FROM app.w1 WHERE client = 0 AND seq = 0")
    writers.check(successor)
    # A transaction that was open is rolled back; all others go on, or nobody knows.
    codes = [code for _, code, _ in writers.errors]
    assert set(codes) <= ({1180, 1213} if transactions else {1180}), writers.errors
    print(f"errors of 8 clients: {codes or 'none'}")
