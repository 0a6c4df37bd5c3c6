"""Replicas of a listed server are found by themselves and are members like any other."""

import contextlib
import time

import pymysql
import pytest

from flavour import REPLICATION
from pointsman import Pointsman, config_for
from process import wait_until
from test_failover import new_primary
from test_switchover import command


@pytest.fixture
def start_with(cluster, tmp_path):
    """A proxy that is told of the primary only."""
    with contextlib.ExitStack() as proxies:
        def start(mode="manual", **more):
            folder = tmp_path / "proxy"
            failover = {"mode": mode, "replication_user": REPLICATION[0],
                        "replication_password": REPLICATION[1]}
            config = config_for([cluster.primary], folder, modes=("split",), failover=failover,
                                limits={"drain_timeout": "1s"}, discover=True, **more)
            return proxies.enter_context(Pointsman(folder, config))
        yield start


def address(server):
    return f"{server.host}:{server.port}"


def members(proxy):
    return command(proxy, "topology")[1]


def wait_found(proxy, *servers, seconds=30):
    def all_there():
        text = members(proxy)
        return all(address(server) in text for server in servers)

    try:
        wait_until(all_there, seconds, "replicas to be found")
    except TimeoutError as late:
        raise AssertionError(members(proxy) + proxy.log_path.read_text()[-4000:]) from late


def wait_read_from(proxy, servers):
    """Reads come to each of these."""
    def all_read():
        with proxy.connect(autocommit=True) as client, client.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM app.w1")
        counts = proxy.metrics().by_label("pointsman_statements_total", "server")
        return all(counts.get(address(server), 0) > 0 for server in servers)

    wait_until(all_read, 30, "reads at every replica")


def test_replicas_are_found_take_reads_and_outlast_a_reload(cluster, start_with):
    proxy = start_with()
    wait_found(proxy, *cluster.replicas)
    wait_read_from(proxy, cluster.replicas)
    assert address(cluster.replicas[0]) in proxy.metrics_text()
    assert members(proxy).count(str(cluster.primary.port)) == 1, "a listed server is not doubled"

    before = proxy.log_path.read_text().count("reload done")
    proxy.config["routing"] = {"max_lag": "2s"}
    proxy.write_config()
    wait_until(lambda: "max_lag" in proxy.log_path.read_text(), 20, "the reload")
    wait_until(lambda: proxy.log_path.read_text().count("reload done") > before, 20, "its end")
    wait_found(proxy, *cluster.replicas, seconds=1)
    for replica in cluster.replicas:
        assert f"server {address(replica)}: removed" not in proxy.log_path.read_text()


def test_a_found_replica_is_promoted(cluster, start_with):
    proxy = start_with(mode="automatic")
    wait_found(proxy, *cluster.replicas)
    wait_read_from(proxy, cluster.replicas)
    old = cluster.primary
    old.kill9()
    wait_until(lambda: new_primary(cluster, old), 30, "a new primary")

    def writes():
        with contextlib.suppress(pymysql.Error), proxy.connect(autocommit=True) as client:
            return client.cursor().execute("INSERT INTO app.w1 VALUES (77, 1)") == 1

    wait_until(writes, 30, "a write at the new primary")


def test_a_replica_that_went_away_is_forgotten(cluster, start_with):
    proxy = start_with(discover_forget="2s")
    gone, stays = cluster.replicas
    wait_found(proxy, gone, stays)
    gone.sql("STOP REPLICA")
    # The source learns of it when it has something to send.
    deadline = time.monotonic() + 60

    def forgotten():
        cluster.primary.sql("INSERT INTO app.w1 VALUES (78, 1)")
        assert time.monotonic() < deadline, proxy.log_path.read_text()[-4000:]
        return address(gone) not in members(proxy)

    wait_until(forgotten, 70, "it to be forgotten")
    assert address(stays) in members(proxy)
    gone.sql("START REPLICA")
    wait_found(proxy, gone)


def test_another_server_at_the_address_told_is_not_taken(cluster, start_with):
    liar, other = cluster.replicas
    other.sql("STOP REPLICA")
    liar.stop()
    liar.more_settings = f"report_host=127.0.0.1\nreport_port={other.port}\n"
    try:
        liar.start()
        wait_until(lambda: cluster.flavour.replicates(liar), 30, "it to replicate")
        proxy = start_with()
        uuid = other.scalar("SELECT @@server_uuid")
        wait_until(lambda: f"has the server_uuid {uuid}" in proxy.log_path.read_text(), 40,
                   "its refusal")
        text = members(proxy)
        assert address(liar) not in text and address(other) not in text
        other.sql("START REPLICA")
        wait_found(proxy, other)
    finally:
        liar.more_settings = ""
        liar.stop()
        liar.start()
        other.sql("START REPLICA")


def restart(proxy, change=None):
    """The process dies, and another one starts with what is on disk."""
    kept = proxy.folder / "state/found-servers"
    wait_until(kept.exists, 10, "the list of those that were found")
    proxy.kill()
    if change:
        kept.write_text(change(kept.read_text()))
    proxy.start()


def test_after_a_restart_with_every_listed_server_down_the_others_are_known(cluster, start_with):
    proxy = start_with()
    wait_found(proxy, *cluster.replicas)
    wait_until(lambda: (proxy.folder / "state/found-servers").read_text().count("\nfound ") == 2, 10,
               "both to be kept")
    old, new = cluster.primary, cluster.replicas[0]
    proxy.kill()
    old.kill9()
    # Somebody moved the role meanwhile.
    for replica in cluster.replicas:
        replica.sql("STOP REPLICA")
    new.sql("RESET REPLICA ALL")
    new.sql(new.flavour.writable)
    proxy.start()

    def writes():
        with contextlib.suppress(pymysql.Error), proxy.connect(autocommit=True) as client:
            return client.cursor().execute("INSERT INTO app.w1 VALUES (79, 1)") == 1

    wait_until(writes, 30, "a write at a server that is not listed")
    assert new.scalar("SELECT COUNT(*) FROM app.w1 WHERE client = 79") == 1


def test_a_damaged_list_is_said_and_made_anew(cluster, start_with):
    proxy = start_with()
    wait_found(proxy, *cluster.replicas)
    restart(proxy, lambda text: text[:len(text) // 2])
    log = proxy.log_path.read_text()
    assert "the list of servers that were found is damaged" in log
    wait_found(proxy, *cluster.replicas)
    wait_until(lambda: (proxy.folder / "state/found-servers").read_text().endswith("end\n"), 10,
               "a whole list")
