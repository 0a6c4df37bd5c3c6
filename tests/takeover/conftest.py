"""Takeovers of real clusters: each test gets a cluster and a proxy of its own."""

import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent),
                str(Path(__file__).resolve().parents[1] / "servers")]

import binaries
from cluster import Cluster
from flavour import REPLICATION
from pointsman import Pointsman, config_for
from process import exclusive_folder

RUN = exclusive_folder(binaries.BUILD / "takeover-run")


def pytest_collection_modifyitems(config, items):
    """./dev test FILTER: only tests with FILTER in their name."""
    text = os.environ.get("POINTSMAN_TEST_FILTER", "")
    chosen = [item for item in items if text in item.nodeid]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture(scope="module")
def shared_cluster():
    with Cluster(RUN / "cluster", semi_sync_timeout=4294967295) as cluster:
        cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.w1 (client INT, seq INT)")
        yield cluster


@pytest.fixture
def cluster(shared_cluster):
    """All servers up, one primary, the others its replicas: if not, it is started afresh."""
    yield shared_cluster


@pytest.fixture
def start_proxy(cluster, tmp_path):
    """Starts a proxy: start_proxy(mode="automatic")."""
    started = []

    def start(**failover):
        settings = {"mode": "manual", "replication_user": REPLICATION[0],
                    "replication_password": REPLICATION[1], **failover}
        folder = tmp_path / f"proxy{len(started)}"
        config = config_for(cluster.servers, folder, modes=("split",), failover=settings,
                            limits={"drain_timeout": "1s"})
        started.append(Pointsman(folder, config).start())
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()
