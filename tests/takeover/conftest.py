"""Takeovers of real clusters: each test gets a cluster and a proxy of its own."""

import sys
from pathlib import Path

import pymysql
import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent),
                str(Path(__file__).resolve().parents[1] / "servers")]

import binaries
from cluster import Cluster
from flavour import REPLICATION
from pointsman import Pointsman, config_for
from process import exclusive_folder
from selection import pytest_collection_modifyitems  # noqa: F401: pytest calls it

RUN = exclusive_folder(binaries.BUILD / "takeover-run")


def make_tables(cluster):
    for table in ("w1 (client INT, seq INT)", "bank (id INT PRIMARY KEY, balance INT)",
                  "w5 (client INT PRIMARY KEY, version INT)",
                  "w6 (client INT, seq INT, server CHAR(36), PRIMARY KEY (client, seq))"):
        cluster.primary.sql(f"CREATE TABLE IF NOT EXISTS app.{table}")


@pytest.fixture(scope="session")
def shared_cluster():
    with Cluster(RUN / "cluster", semi_sync_timeout=4294967295) as cluster:
        make_tables(cluster)
        yield cluster


def settled(cluster):
    """The one writable server is the primary, all others follow it and have what it has."""
    writable = [server for server in cluster.servers
                if server.running and server.scalar("SELECT @@super_read_only") == 0]
    if len(writable) != 1 or not all(server.running for server in cluster.servers):
        return False
    cluster.primary = writable[0]
    cluster.wait_replicated(timeout=10)
    sets = {server.scalar("SELECT @@gtid_executed") for server in cluster.servers}
    acknowledging = cluster.flavour.semi_sync_replicas(cluster.primary)
    if cluster.primary.scalar("SELECT @@rpl_semi_sync_source_enabled") != 1:
        return False
    return len(sets) == 1 and acknowledging == len(cluster.replicas)


def mend(cluster):
    """Dead servers come back as replicas. What cannot be mended is started afresh."""
    for server in cluster.servers:
        server.start()
    writable = [server for server in cluster.servers
                if server.scalar("SELECT @@super_read_only") == 0]
    if len(writable) == 1:
        cluster.primary = writable[0]
    cluster.restore()
    make_tables(cluster)


@pytest.fixture
def cluster(shared_cluster):
    """All servers up, one primary, the others its replicas."""
    for server in shared_cluster.servers:
        if server.running:
            server.thaw()
    try:
        well = settled(shared_cluster)
    except (pymysql.Error, TimeoutError):
        well = False
    if not well:
        mend(shared_cluster)
    yield shared_cluster


@pytest.fixture
def start_proxy(cluster, tmp_path):
    """Starts a proxy: start_proxy(mode="automatic")."""
    started = []

    def start(hooks=None, group=None, **failover):
        settings = {"mode": "manual", "replication_user": REPLICATION[0],
                    "replication_password": REPLICATION[1], **failover}
        folder = tmp_path / f"proxy{len(started)}"
        config = config_for(cluster.servers, folder, modes=("split",), failover=settings,
                            limits={"drain_timeout": "1s"}, hooks=hooks or {})
        started.append(Pointsman(folder, config, group).start())
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()
