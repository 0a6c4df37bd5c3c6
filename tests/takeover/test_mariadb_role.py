"""The role does not move among MariaDB servers yet: that is said, and not one server is touched."""

import time

import pytest

import binaries
from cluster import Cluster
from flavour import REPLICATION, MariaDb
from process import exclusive_folder, wait_until
from test_switchover import command

REASON = "moving the role among those is not supported yet"


@pytest.fixture(scope="module")
def shared_cluster():
    """Instead of the conftest's, for the tests of this file."""
    folder = exclusive_folder(binaries.BUILD / "takeover-mariadb-run")
    with Cluster(folder / "cluster", flavour=MariaDb(), semi_sync_timeout=4294967295) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster):
    return shared_cluster


def statements_that_stop(server):
    """How often somebody has stopped its replication, by its own count."""
    return sum(int(server.status()[name]) for name in ("Com_stop_slave", "Com_start_slave"))


def test_a_switchover_is_refused(cluster, start_proxy):
    proxy = start_proxy()
    before = [statements_that_stop(server) for server in cluster.servers]
    code, text = command(proxy, "switchover")
    assert code != 0 and REASON in text
    assert cluster.primary.scalar("SELECT @@read_only") == 0
    assert [statements_that_stop(server) for server in cluster.servers] == before


def test_a_replica_with_an_error_is_not_restarted(cluster, start_proxy):
    """Both threads stopped and started: MariaDB throws away what it received and has not applied."""
    replica = cluster.replicas[0]
    password = REPLICATION[1]
    replica.sql("STOP SLAVE IO_THREAD")
    replica.sql("STOP SLAVE")
    replica.sql("CHANGE MASTER TO MASTER_PASSWORD='wrong'")
    replica.sql("START SLAVE")
    wait_until(lambda: replica.sql_dicts("SHOW SLAVE STATUS")[0]["Last_IO_Error"], 20, "an error")
    before = statements_that_stop(replica)
    proxy = start_proxy(mode="automatic")
    time.sleep(3)  # a restart comes with the first look
    assert "starts replication again" not in proxy.log_path.read_text()
    assert statements_that_stop(replica) == before
    replica.sql("STOP SLAVE")
    replica.sql(f"CHANGE MASTER TO MASTER_PASSWORD='{password}'")
    replica.sql("START SLAVE")
    wait_until(lambda: cluster.flavour.replicates(replica), 20, "replication")


def test_a_lost_primary_is_reported_and_its_replicas_are_left_alone(cluster, start_proxy):
    proxy = start_proxy(mode="automatic")
    before = [statements_that_stop(server) for server in cluster.replicas]
    cluster.primary.kill9()
    wait_until(lambda: "no failover: " in proxy.log_path.read_text(), 30, "the refusal")
    log = proxy.log_path.read_text()
    assert REASON in log
    assert "links to" not in log and "writes wait" not in log
    assert [statements_that_stop(server) for server in cluster.replicas] == before
    code, text = command(proxy, "failover", "--force", "--accept-loss")
    assert code != 0 and REASON in text
    assert [statements_that_stop(server) for server in cluster.replicas] == before
    assert all(server.scalar("SELECT @@read_only") == 1 for server in cluster.replicas)
