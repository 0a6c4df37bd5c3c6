"""A primary that restarts, and could not be replaced meanwhile, takes writes again by itself."""

import contextlib
import json
import time

from flavour import REPLICATION
from pointsman import Pointsman, config_for
from process import wait_until
from test_failover import new_primary


def write(connection, number):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO w1 VALUES (1, %s)", (number,))


def test_a_primary_that_restarted_read_only_is_opened_again(cluster, tmp_path):
    primary = cluster.primary
    primary.sql("TRUNCATE app.w1")
    config = config_for(cluster.servers, tmp_path, modes=("split",),
                        routing={"hold_timeout": "60s"},
                        failover={"mode": "automatic", "replication_user": REPLICATION[0],
                                  "replication_password": REPLICATION[1]})
    for server in config["servers"]:
        if server["name"] != primary.name:
            server["promotion_rule"] = "must_not"
    proxy = Pointsman(tmp_path, config).start()
    try:
        with contextlib.closing(proxy.connect(database="app")) as client:
            write(client, 1)
            time.sleep(3)  # it is looked at while it takes writes: how it waits for replicas
            primary.kill9()
            primary.process.wait(60)
            primary.start()
            write(client, 2)  # it waits; the session notices nothing else
        assert primary.scalar("SELECT @@super_read_only") == 0
        assert list(primary.sql("SELECT seq FROM app.w1 ORDER BY seq")) == [(1,), (2,)]
        wait_until(lambda: primary.scalar("SELECT @@rpl_semi_sync_source_enabled") == 1, 20,
                   "it to wait for replicas again")
        primary.sql("SET GLOBAL super_read_only=ON")  # by hand: left so
        time.sleep(3)
        assert primary.scalar("SELECT @@super_read_only") == 1
        primary.sql(cluster.flavour.writable)
    finally:
        proxy.stop()


def automatic(start_proxy):
    return start_proxy(mode="automatic", durability="strict", cooldown="1s")


def known(proxy, primary):
    """The journal knows who has the role, and that it waits for its replicas."""
    def written():
        path = proxy.folder / "state" / "takeovers.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return any(line["kind"] == "note" and line["text"] == f"{primary.name} is the primary" and
                   line.get("survey", {}).get("semi_sync_source") for line in lines)
    wait_until(written, 20, "the journal to know the primary")


def all_at_once(proxy, servers):
    """As when the power fails."""
    proxy.process.kill()
    proxy.process.wait(20)
    for server in servers:
        server.kill9()
        server.process.wait(60)


def test_after_everything_was_down_writes_go_on_by_themselves(cluster, start_proxy):
    cluster.primary.sql("TRUNCATE app.w1")
    proxy = automatic(start_proxy)
    known(proxy, cluster.primary)
    with contextlib.closing(proxy.connect(database="app")) as client:
        write(client, 1)
    all_at_once(proxy, cluster.servers)
    for server in cluster.servers:
        server.start()
    proxy.start()
    with contextlib.closing(proxy.connect(database="app")) as client:
        write(client, 2)
    assert cluster.primary.scalar("SELECT @@super_read_only") == 0
    assert cluster.primary.scalar("SELECT @@rpl_semi_sync_source_enabled") == 1
    assert list(cluster.primary.sql("SELECT seq FROM app.w1 ORDER BY seq")) == [(1,), (2,)]


def test_a_primary_that_died_with_pointsman_is_replaced_by_the_next_process(cluster, start_proxy):
    cluster.primary.sql("TRUNCATE app.w1")
    proxy = automatic(start_proxy)
    known(proxy, cluster.primary)
    with contextlib.closing(proxy.connect(database="app")) as client:
        write(client, 1)
    all_at_once(proxy, [cluster.primary])
    proxy.start()
    with contextlib.closing(proxy.connect(database="app")) as client:
        write(client, 2)
    successor = new_primary(cluster, cluster.primary)
    assert list(successor.sql("SELECT seq FROM app.w1 ORDER BY seq")) == [(1,), (2,)]


def test_what_somebody_closed_stays_closed_when_pointsman_begins_anew(cluster, start_proxy):
    proxy = automatic(start_proxy)
    known(proxy, cluster.primary)
    cluster.primary.sql("SET GLOBAL super_read_only=ON")
    proxy.process.kill()
    proxy.process.wait(20)
    proxy.start(writes="none")
    time.sleep(4)
    assert [server.scalar("SELECT @@super_read_only") for server in cluster.servers] == [1, 1, 1]
    cluster.primary.sql(cluster.flavour.writable)
