"""Pointsman itself dies in the middle of a takeover. Started again it finishes or undoes it: one
server takes writes, the others follow it, and no acknowledged write is lost or there twice."""

import json
import os
import time

import pytest

from process import wait_until
from test_failover import new_primary
from test_switchover import caught_up, command, follow_roles
from writers import Writers

SWITCHOVER = ["check", "prepare_candidate", "move_replica", "hold_writes", "fence",
              "read_position", "catch_up", "promote", "publish", "finish"]
FAILOVER = ["hold_writes", "sever", "freeze", "choose", "catch_up", "promote", "publish", "finish"]


def steps(names, always):
    """The others take long: ./dev chaos runs them."""
    rare = pytest.mark.skipif("POINTSMAN_CHAOS" not in os.environ, reason="./dev chaos runs it")
    return [name if name in always else pytest.param(name, marks=rare) for name in names]


@pytest.fixture
def dying_proxy(start_proxy, monkeypatch):
    """A proxy that ends itself after the step given."""
    def start(step, **failover):
        monkeypatch.setenv("POINTSMAN_FAILPOINT", f"after_{step}:kill")
        proxy = start_proxy(**failover)
        monkeypatch.delenv("POINTSMAN_FAILPOINT")
        return proxy
    return start


def writable(cluster):
    return [server for server in cluster.servers
            if server.running and server.scalar("SELECT @@super_read_only") == 0]


def restart(proxy):
    """The same proxy again, with the files that the first process left."""
    proxy.process.wait(20)
    return proxy.start()


def journal(proxy):
    path = proxy.folder / "state" / "takeovers.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def switch_until_death(proxy, target):
    """On a busy machine an attempt may be given up before it reaches the step."""
    texts = []

    def died():
        code, text = command(proxy, "switchover", "--to", target.name)
        texts.append(text)
        assert code == 1, text
        return proxy.process.poll() is not None

    try:
        wait_until(died, 60, "the process to end itself")
    except TimeoutError as late:
        raise AssertionError("\n".join(texts[-3:])) from late


def wait_resumed(proxy):
    def ended():
        return any(line["text"].startswith("interrupted takeover") and
                   line["kind"] in ("completed", "undone") for line in journal(proxy))
    try:
        wait_until(ended, 40, "the takeover to be ended")
    except TimeoutError as late:
        raise AssertionError(proxy.log_path.read_text()[-4000:]) from late


def write_once(proxy):
    connection = proxy.connect(database="app")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO w1 VALUES (1000, 1)")
    connection.close()


@pytest.mark.parametrize("step", steps(SWITCHOVER, ("fence", "promote")))
def test_a_switchover_that_dies_is_finished_or_undone(cluster, dying_proxy, step):
    cluster.primary.sql("TRUNCATE app.w1")
    proxy = dying_proxy(step)
    old, target = cluster.primary, cluster.replicas[0]
    with Writers(proxy, clients=2) as writers:
        time.sleep(0.5)
        switch_until_death(proxy, target)
    again = restart(proxy)
    wait_resumed(again)
    assert len(writable(cluster)) == 1
    primary = writable(cluster)[0]
    forward = SWITCHOVER.index(step) >= SWITCHOVER.index("promote")
    assert primary is (target if forward else old)
    follow_roles(cluster, primary.name)
    writers.check(primary)
    write_once(again)
    wait_until(lambda: caught_up(cluster), 20, "equal histories")


@pytest.mark.parametrize("step", steps(FAILOVER, ("freeze", "promote")))
def test_a_failover_that_dies_is_gone_on_with(cluster, dying_proxy, step):
    cluster.primary.sql("TRUNCATE app.w1")
    failover = {"mode": "automatic", "durability": "strict", "cooldown": "1s"}
    proxy = dying_proxy(step, **failover)
    old = cluster.primary
    with Writers(proxy, clients=2) as writers:
        # Before it was asked whether it waits for its replicas nothing is promoted in this mode.
        time.sleep(3)
        old.kill9()
        proxy.process.wait(30)
    again = restart(proxy)
    wait_until(lambda: new_primary(cluster, old), 30, "a new primary")
    successor = new_primary(cluster, old)
    old.start()
    wait_until(lambda: cluster.flavour.replicates(old) or
               "has transactions that the primary lacks" in again.log_path.read_text(), 40,
               "the old primary to be fenced")
    assert writable(cluster) == [successor]
    writers.check(successor)
    write_once(again)
    if cluster.flavour.replicates(old):
        follow_roles(cluster, successor.name)
        wait_until(lambda: caught_up(cluster), 20, "equal histories")


def test_a_primary_that_is_back_before_it_was_replaced_stays_the_primary(cluster, dying_proxy):
    """Semi-synchronous replicas stopped hearing of it: they hear again, and writes go on."""
    proxy = dying_proxy("freeze", mode="automatic", durability="strict")
    old = cluster.primary
    old.freeze()
    proxy.process.wait(30)
    old.thaw()
    again = restart(proxy)
    wait_resumed(again)
    assert writable(cluster) == [old]
    follow_roles(cluster, old.name)
    write_once(again)


def test_the_journal_can_be_read_and_outlives_the_process(cluster, start_proxy):
    proxy = start_proxy()
    code, text = command(proxy, "switchover")
    assert code == 0, text
    code, text = command(proxy, "journal", "--lines", "1000")
    assert code == 0 and "began: switchover from" in text and "completed: switchover" in text
    proxy.stop()
    again = restart(proxy)
    assert command(again, "journal", "--lines", "1000")[1].startswith(text)
    assert len(command(again, "journal", "-n", "1")[1].splitlines()) == 1
    code, text = command(again, "switchover")
    assert code == 0, text
    numbers = {line.get("takeover") for line in journal(again)}
    assert {1, 2} <= numbers
    assert os.stat(again.folder / "state" / "takeovers.jsonl").st_mode & 0o077 == 0
    follow_roles(cluster, next(s.name for s in cluster.servers if s in writable(cluster)))
