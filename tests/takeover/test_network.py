"""Packets that vanish, and connections that are refused: who is cut off from whom decides whether the
primary is replaced."""

import time

import pytest

from checkers import CODES_OF_A_FAILOVER, Load
from network import PROXY_GROUP, cut_off, listener_refuses, why_not
from process import wait_until
from test_failover import new_primary, replicates
from test_switchover import caught_up, follow_roles
from writers import Writers

CUT = 4  # seconds; a real failover begins within half of one


@pytest.fixture(autouse=True, scope="module")
def packet_filter():
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture
def proxy(cluster, start_proxy):
    cluster.primary.sql("TRUNCATE app.w1")
    return start_proxy(mode="automatic", durability="strict", cooldown="1s", group=PROXY_GROUP)


def goes_on(writers, since, what):
    wait_until(lambda: any(moment > since for moment in writers.moments[-50:]), 60, what)


def stays(cluster, proxy):
    """Nobody took its role away."""
    log = proxy.log_path.read_text()
    assert "kind=completed" not in log, log[-4000:]
    assert cluster.primary.scalar("SELECT @@super_read_only") == 0
    assert all(server.scalar("SELECT @@super_read_only") == 1 for server in cluster.replicas)


def replaced(cluster, load, old, since):
    """Another one is, and takes writes. Returns the longest gap between writes in seconds."""
    wait_until(lambda: new_primary(cluster, old), 30, "a new primary")
    goes_on(load, since + 0.5, "writes to go on")
    assert old.scalar("SELECT @@super_read_only") == 0  # nobody could tell it
    return load.longest_gap(since)


def comes_back(cluster, proxy, old):
    """As a replica, or it is kept apart; read-only in any case."""
    wait_until(lambda: replicates(cluster, old) or
               "has transactions that the primary lacks" in proxy.log_path.read_text(), 60,
               "the old primary to be fenced")
    assert old.scalar("SELECT @@super_read_only") == 1


@pytest.mark.parametrize("whose, finding", [
    ("proxy", "it is Pointsman that is cut off"),
    ("replicas", "not one of its replicas replicates")])
def test_a_primary_that_somebody_hears_keeps_its_role(cluster, proxy, whose, finding):
    with Writers(proxy) as writers:
        wait_until(lambda: len(writers.moments) > 20, 30, "writes")
        with cut_off(cluster.primary, whose):
            begun = time.monotonic()
            wait_until(lambda: finding in proxy.log_path.read_text(), 15, "the finding")
            wait_until(lambda: time.monotonic() > begun + CUT, CUT + 1, "a failover's time to pass")
            assert "kind=began" not in proxy.log_path.read_text()
            # Nobody was told of a write that could not be acknowledged, or not be sent.
            assert not any(moment > begun + 1 for moment in writers.moments)
        goes_on(writers, time.monotonic(), "writes to go on")
    writers.check(cluster.primary)
    stays(cluster, proxy)


def test_a_primary_that_takes_no_new_connections_keeps_its_role(cluster, proxy):
    """Its listener refuses, and what is connected goes on: clients, probes, replicas."""
    with Load(proxy, cluster) as load:
        wait_until(lambda: len(load.moments) > 20, 30, "writes")
        with listener_refuses(cluster.primary):
            begun = time.monotonic()
            wait_until(lambda: time.monotonic() > begun + CUT, CUT + 1, "a failover's time to pass")
            goes_on(load, time.monotonic(), "writes over links that stand")
            assert "kind=began" not in proxy.log_path.read_text()
    load.check(cluster.primary, moves=0)
    stays(cluster, proxy)


def test_a_primary_that_refuses_only_pointsman_keeps_its_role(cluster, proxy):
    """A replica is asked to connect anew, and can."""
    with Writers(proxy) as writers:
        wait_until(lambda: len(writers.moments) > 20, 30, "writes")
        with listener_refuses(cluster.primary, also_ends="proxy alone"):
            begun = time.monotonic()
            wait_until(lambda: "only Pointsman cannot" in proxy.log_path.read_text(), 15,
                       "a replica's word")
            wait_until(lambda: time.monotonic() > begun + CUT, CUT + 1, "a failover's time to pass")
        goes_on(writers, time.monotonic(), "writes to go on")
    writers.check(cluster.primary)
    stays(cluster, proxy)


def test_a_primary_that_refuses_everybody_and_ends_connections_is_replaced(cluster, proxy):
    """Its replicas still hear of it, by connections that stand; one of them is asked to connect
    anew, and is refused as well."""
    old = cluster.primary
    with Load(proxy, cluster) as load:
        wait_until(lambda: len(load.moments) > 20, 30, "writes")
        with listener_refuses(old, also_ends="proxy"):
            begun = time.monotonic()
            wait_until(lambda: "cannot reach" in proxy.log_path.read_text(), 15, "a replica's try")
            replaced(cluster, load, old, begun)
        comes_back(cluster, proxy, old)
    load.check(new_primary(cluster, old), moves=1, codes=CODES_OF_A_FAILOVER)


def test_a_primary_that_nobody_hears_is_replaced(cluster, proxy):
    old = cluster.primary
    with Load(proxy, cluster) as load:
        wait_until(lambda: len(load.moments) > 20, 30, "writes")
        with cut_off(old, "everyone"):
            begun = time.monotonic()
            gap = replaced(cluster, load, old, begun)
            successor = new_primary(cluster, old)
        comes_back(cluster, proxy, old)
    load.check(successor, moves=1, codes=CODES_OF_A_FAILOVER)
    if cluster.flavour.replicates(old):
        follow_roles(cluster, successor.name)
        wait_until(lambda: caught_up(cluster), 20, "equal histories")
    print(f"longest gap between writes after packets were dropped: {gap * 1000:.0f} ms")
