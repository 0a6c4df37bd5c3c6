"""A primary that answers and ends no write: Pointsman says why, and leaves it its role."""

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from process import wait_until
from test_no_failover import global_read_lock
from writers import Writers


def acknowledge(replica, whether):
    replica.sql(f"SET GLOBAL rpl_semi_sync_replica_enabled = {whether}")
    replica.sql("STOP REPLICA IO_THREAD")
    replica.sql("START REPLICA IO_THREAD")


@contextlib.contextmanager
def nobody_acknowledges(cluster, write_then=True):
    """Replicas that replicate, and do not say so."""
    for replica in cluster.replicas:
        acknowledge(replica, 0)
    try:
        yield
    finally:
        for replica in cluster.replicas:
            acknowledge(replica, 1)
        # What they have already is not sent again, nor acknowledged: the next transaction is, and that
        # counts for those before it.
        if write_then:
            cluster.primary.sql("CREATE TABLE app.next_one (i INT)")
            cluster.primary.sql("DROP TABLE app.next_one")


@pytest.mark.parametrize("trouble, word", [
    (global_read_lock, "writes wait for a global lock"),
    (nobody_acknowledges, "commits wait for semi-synchronous replicas")])
def test_what_writes_wait_for_is_said(cluster, start_proxy, trouble, word):
    cluster.primary.sql("TRUNCATE app.w1")
    proxy = start_proxy(mode="automatic", durability="strict")
    with Writers(proxy, clients=3) as writers:
        wait_until(lambda: len(writers.moments) > 20, 30, "writes")
        assert word not in proxy.log_path.read_text()
        with trouble(cluster):
            wait_until(lambda: word in proxy.log_path.read_text(), 20, "the finding")
        ended = time.monotonic()
        wait_until(lambda: any(moment > ended for moment in writers.moments[-20:]), 60,
                   "writes to go on")
    log = proxy.log_path.read_text()
    assert "kind=began" not in log, log[-4000:]
    writers.check(cluster.primary)


def test_a_lock_that_nobody_waits_for_is_not_mentioned(cluster, start_proxy):
    proxy = start_proxy(mode="automatic", durability="strict", write_stall="1s")
    with global_read_lock(cluster):
        time.sleep(5)  # two looks at what writes wait for, at least
    assert "kind=finding" not in proxy.log_path.read_text()


def test_with_a_canary_it_is_said_when_no_client_writes(cluster, start_proxy):
    word = "commits wait for semi-synchronous replicas"
    proxy = start_proxy(mode="automatic", durability="strict", canary="200ms")
    wait_until(lambda: canaries(cluster.primary) > 3, 20, "canaries")
    with nobody_acknowledges(cluster, write_then=False):
        wait_until(lambda: word in proxy.log_path.read_text(), 20, "the finding")
    before = canaries(cluster.primary)
    wait_until(lambda: canaries(cluster.primary) > before + 3, 20, "canaries to go on")
    log = proxy.log_path.read_text()
    assert "kind=began" not in log, log[-4000:]


def test_a_canary_frees_a_commit_whose_acknowledgement_got_lost(cluster, start_proxy):
    cluster.primary.sql("TRUNCATE app.w1")
    start_proxy(mode="automatic", durability="strict", canary="200ms")
    wait_until(lambda: canaries(cluster.primary) > 0, 20, "canaries")
    with ThreadPoolExecutor(1) as elsewhere:
        with nobody_acknowledges(cluster, write_then=False):
            commit = elsewhere.submit(cluster.primary.sql, "INSERT INTO app.w1 VALUES (1, 1)")
            wait_until(lambda: cluster.replicas[0].scalar("SELECT COUNT(*) FROM app.w1"), 20,
                       "the row to be replicated")
            assert not commit.done()
        commit.result(timeout=30)


def canaries(server):
    """How many the server has executed."""
    numbers = re.findall(r"706f696e-7473-6d61-6e[0-9a-f-]+:1(?:-(\d+))?",
                         server.scalar("SELECT @@gtid_executed"))
    return sum(int(last or 1) for last in numbers)
