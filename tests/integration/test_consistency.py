"""Reads see what they must (routing.consistency) while replicas lag: a session's own writes, nothing
older than what it has read, other sessions' writes on request. Each test has its counterpart without
consistency, where stale reads are seen: so the replicas do lag, and the test can fail."""

import contextlib
import threading
import time

import pymysql
import pytest
from c_client import CClient
from process import wait_until
from support import Background, error, rows, value

LAGGING = {"max_lag": "1min"}


def proxy_with(start_proxy, consistency, **routing):
    return start_proxy(routing={**LAGGING, "consistency": consistency, **routing})


@contextlib.contextmanager
def stuttering(servers):
    """The servers apply in jerks: they stand still 30 ms, then run 10 ms."""
    stopping = threading.Event()

    def stutter(server):
        with contextlib.closing(server.connect()) as connection:
            while not stopping.is_set():
                rows(connection, "FLUSH TABLES WITH READ LOCK")
                stopping.wait(0.03)
                rows(connection, "UNLOCK TABLES")
                stopping.wait(0.01)

    threads = [threading.Thread(target=stutter, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(60)


@contextlib.contextmanager
def delayed(servers, seconds):
    """The servers apply each transaction so much later."""
    def delay(server, by):
        server.sql("STOP REPLICA SQL_THREAD")
        server.sql(f"CHANGE REPLICATION SOURCE TO SOURCE_DELAY={by}")
        server.sql("START REPLICA SQL_THREAD")

    for server in servers:
        delay(server, seconds)
    try:
        yield
    finally:
        for server in servers:
            delay(server, 0)


@pytest.fixture
def number(table, cluster):
    """A table with one row that counts up."""
    cluster.primary.sql(f"INSERT INTO {table} VALUES (1, '0')")
    cluster.wait_replicated()
    return table


def write(connection, table, n):
    rows(connection, f"UPDATE {table} SET v = '{n}' WHERE id = 1")


def read(connection, table, hint=""):
    return int(value(connection, f"{hint} SELECT v FROM {table} WHERE id = 1"))


def stale_reads(writer, reader, table, pairs, seconds=60):
    """How many of so many reads do not see the write right before them; ends early with time."""
    stale, until = 0, time.monotonic() + seconds
    first = read(writer, table, "/* route=primary */") + 1
    for n in range(first, first + pairs):
        write(writer, table, n)
        stale += read(reader, table) < n
        if time.monotonic() > until:
            break
    return stale


def outcome(proxy, name):
    return proxy.metrics().total("pointsman_read_freshness_total", outcome=name)


def reads_at(proxy, servers):
    return sum(proxy.metrics().total("pointsman_statements_total", server=server.name, kind="read")
               for server in servers)


def wait_until_all_read(proxy, cluster):
    wait_until(lambda: all(proxy.metrics().total("pointsman_server_takes_reads",
                                                 server=replica.name) == 1
                           for replica in cluster.replicas), 20, "all replicas to be read")


@pytest.mark.parametrize("consistency", ["session", "none"])
def test_a_session_reads_its_own_writes(cluster, number, start_proxy, consistency):
    proxy = proxy_with(start_proxy, consistency, consistency_timeout="2s")
    with contextlib.closing(proxy.connect()) as connection, stuttering(cluster.replicas):
        stale = stale_reads(connection, connection, number, 600 if consistency == "session" else 100)
    if consistency == "none":
        assert stale > 0
        return
    assert stale == 0
    assert outcome(proxy, "waited") > 30
    assert reads_at(proxy, cluster.replicas) > 30


@pytest.mark.parametrize("consistency", ["session", "none"])
def test_replicas_seconds_behind_are_not_waited_for_long(cluster, number, start_proxy, consistency):
    proxy = proxy_with(start_proxy, consistency)
    with contextlib.closing(proxy.connect()) as connection, delayed(cluster.replicas, 3):
        wait_until_all_read(proxy, cluster)
        stale = stale_reads(connection, connection, number, 300)
    if consistency == "none":
        assert stale > 0
        return
    assert stale == 0
    assert outcome(proxy, "timed_out") > 0
    assert outcome(proxy, "not_tried") > 0


def times_back(proxy, cluster, table, hints, reads=400, enough=None):
    """How often a session sees less than it saw before, while somebody else counts up; ends early
    when that was `enough` times."""
    counter = iter(range(1, 1_000_000))
    seen, back = 0, 0
    with contextlib.closing(cluster.primary.connect()) as writer, \
            contextlib.closing(proxy.connect()) as reader:
        with Background(lambda: write(writer, table, next(counter))):
            for n in range(reads):
                now = read(reader, table, hints[n % len(hints)])
                back += now < seen
                seen = now
                if back == enough:
                    break
    return back


@pytest.mark.parametrize("consistency", ["session", "none"])
def test_a_session_never_goes_back_in_time(cluster, number, start_proxy, consistency):
    proxy = proxy_with(start_proxy, consistency)
    slow = cluster.replicas[0]
    hints = ["", "/* route=server:db3 */", "/* route=server:db2 */", "", "/* route=primary */",
             "/* route=replica */"]
    with delayed([slow], 2):
        wait_until_all_read(proxy, cluster)
        back = times_back(proxy, cluster, number, hints)
    assert (back == 0) == (consistency == "session")
    if consistency == "session":
        assert outcome(proxy, "asked") > 0


@pytest.mark.parametrize("consistency", ["session", "none"])
def test_the_primary_is_not_behind_what_a_replica_showed(cluster, number, start_proxy, consistency):
    """Semi-synchronous: a replica shows a write before the primary has committed it."""
    proxy = proxy_with(start_proxy, consistency, consistency_timeout="2s")
    hints = ["/* route=replica */", "/* route=primary */"]
    reads = 400 if consistency == "session" else 20_000
    back = times_back(proxy, cluster, number, hints, reads, enough=1)
    assert (back == 0) == (consistency == "session")
    if consistency == "session":
        assert outcome(proxy, "waited") > 0


def test_a_transaction_shows_what_a_replica_showed(cluster, number, start_proxy):
    proxy = proxy_with(start_proxy, "session", consistency_timeout="2s")
    counter = iter(range(1, 1_000_000))
    back = 0
    with contextlib.closing(cluster.primary.connect()) as writer, \
            contextlib.closing(proxy.connect()) as reader, \
            Background(lambda: write(writer, number, next(counter))):
        for _ in range(150):
            seen = read(reader, number)
            rows(reader, "BEGIN")
            back += read(reader, number) < seen
            rows(reader, "COMMIT")
    assert back == 0


@pytest.mark.parametrize("consistency", ["global", "session"])
def test_sessions_read_each_others_writes(cluster, number, start_proxy, consistency):
    proxy = proxy_with(start_proxy, consistency, consistency_timeout="2s")
    with contextlib.closing(proxy.connect()) as writer, \
            contextlib.closing(proxy.connect()) as reader, stuttering(cluster.replicas):
        stale = stale_reads(writer, reader, number, 400 if consistency == "global" else 100)
    assert (stale == 0) == (consistency == "global")
    if consistency == "global":
        assert outcome(proxy, "waited") > 20


def test_a_token_carries_a_write_to_another_session(cluster, number, start_proxy):
    proxy = proxy_with(start_proxy, "none", consistency_timeout="2s")
    stale = stale_without = 0
    with contextlib.closing(proxy.connect()) as writer, \
            contextlib.closing(proxy.connect()) as reader, stuttering(cluster.replicas):
        for n in range(1, 200):
            write(writer, number, n)
            stale_without += read(reader, number) < n
            token = value(writer, "/* route=primary */ SELECT @@global.gtid_executed")
            token = token.replace("\n", "")
            stale += read(reader, number, f"/* after_gtid={token} */") < n
    assert stale == 0
    assert stale_without > 0
    assert outcome(proxy, "waited") > 10


def test_a_token_that_makes_no_sense_is_refused(start_proxy, number):
    proxy = proxy_with(start_proxy, "session")
    with contextlib.closing(proxy.connect()) as connection:
        with error(1772, "after_gtid"):
            read(connection, number, "/* after_gtid=yesterday */")
        assert read(connection, number) == 0


def test_without_the_primary_as_a_way_out_a_stale_replica_is_an_error(cluster, number, start_proxy):
    proxy = proxy_with(start_proxy, "session", no_replica="error")
    with contextlib.closing(proxy.connect()) as connection, delayed(cluster.replicas, 2):
        wait_until_all_read(proxy, cluster)
        write(connection, number, 7)
        with error(1290, "consistency"):
            read(connection, number)

        def comes():
            with contextlib.suppress(pymysql.err.OperationalError):
                return read(connection, number) == 7

        wait_until(comes, 30, "a replica to have it")


def test_read_only_transactions_see_the_sessions_writes(cluster, number, start_proxy):
    proxy = proxy_with(start_proxy, "session", consistency_timeout="2s")
    stale = 0
    with contextlib.closing(proxy.connect()) as connection, stuttering(cluster.replicas):
        for n in range(1, 200):
            write(connection, number, n)
            rows(connection, "START TRANSACTION READ ONLY")
            stale += read(connection, number) < n
            rows(connection, "COMMIT")
    assert stale == 0
    assert outcome(proxy, "waited") > 10


def test_mariadb(mariadb_cluster, tmp_path):
    from pointsman import Pointsman, config_for
    primary, replica = mariadb_cluster.primary, mariadb_cluster.replicas[0]
    primary.sql("CREATE TABLE IF NOT EXISTS app.number (id INT PRIMARY KEY, v LONGTEXT)")
    stale = {}
    for consistency in ("session", "none"):
        primary.sql("REPLACE INTO app.number VALUES (1, '0')")
        mariadb_cluster.wait_replicated()
        routing = {**LAGGING, "consistency": consistency, "consistency_timeout": "2s"}
        folder = tmp_path / consistency
        config = config_for(mariadb_cluster.servers, folder, routing=routing)
        with Pointsman(folder, config) as proxy:
            with contextlib.closing(proxy.connect()) as connection, stuttering([replica]):
                stale[consistency] = stale_reads(connection, connection, "app.number", 300)
            if consistency == "session":
                assert outcome(proxy, "waited") > 20
                assert reads_at(proxy, [replica]) > 20
    assert stale["session"] == 0
    assert stale["none"] > 0


def test_prepared_reads_see_prepared_writes(cluster, table, start_proxy):
    proxy = proxy_with(start_proxy, "session", consistency_timeout="2s")
    stale = 0
    with contextlib.closing(CClient(proxy)) as client, stuttering(cluster.replicas):
        writes = client.prepare(f"INSERT INTO {table} (v) VALUES ('x')")
        reads = client.prepare(f"SELECT id FROM {table}")
        for n in range(1, 300):
            client.execute(writes)
            stale += client.execute(reads) < n
    assert stale == 0
    assert outcome(proxy, "waited") > 20


def test_prepared_reads_with_values_in_pieces_see_the_sessions_writes(cluster, table, start_proxy):
    proxy = proxy_with(start_proxy, "session")
    stale = 0
    with contextlib.closing(CClient(proxy)) as client, stuttering(cluster.replicas):
        reads = client.prepare(f"SELECT id FROM {table} WHERE v = ?")
        client.bind_long_data(reads)
        for n in range(1, 100):
            assert client.query(f"INSERT INTO {table} (v) VALUES ('piece by piece')") == 0
            for piece in (b"piece ", b"by ", b"piece"):
                client.send_long_data(reads, piece)
            stale += client.execute(reads) < n
    assert stale == 0
