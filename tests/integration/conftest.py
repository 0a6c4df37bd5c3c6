"""What the integration tests share: one cluster of real servers and one proxy for the whole run.
A test that disturbs the servers asks for `disturbed`, which puts everything back afterwards."""

import sys
import uuid
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent),
                str(Path(__file__).resolve().parents[1] / "servers")]

import binaries
from cluster import Cluster
from flavour import MariaDb
from pointsman import Pointsman, config_for
from process import exclusive_folder, wait_until
from selection import pytest_collection_modifyitems  # noqa: F401: pytest calls it
from support import label_servers

FAILED = pytest.StashKey()  # the fixtures of tests that failed since the servers were mended
RUN = exclusive_folder(binaries.BUILD / "test-run")


@pytest.fixture(scope="session")
def cluster():
    with Cluster(RUN / "mysql") as cluster:
        label_servers(cluster)
        yield cluster


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        item.session.stash[FAILED] = item.session.stash.get(FAILED, set()) | set(item.fixturenames)


@pytest.fixture(autouse=True)
def mended(request):
    """What a failed test may have left, or what made it fail, is not the next one's trouble."""
    used = request.session.stash.get(FAILED, set())
    request.session.stash[FAILED] = set()
    for name in used & {"cluster", "mariadb_cluster"}:
        cluster = request.getfixturevalue(name)
        cluster.restore()
        label_servers(cluster)


@pytest.fixture(scope="session")
def shared_proxy(cluster):
    with Pointsman(RUN / "proxy", config_for(cluster.servers, RUN / "proxy")) as proxy:
        yield proxy


@pytest.fixture
def proxy(shared_proxy):
    """The proxy that all tests share; a test that kills it fails, and so do not the later ones."""
    if shared_proxy.process.poll() is not None:
        shared_proxy.start()
    yield shared_proxy
    shared_proxy.check_alive()
    shared_proxy.check_log()


@pytest.fixture
def start_proxy(cluster, tmp_path):
    """Starts a proxy of the test's own with other settings: start_proxy(limits={…})."""
    started = []

    def start(servers=None, **sections):
        folder = tmp_path / f"proxy{len(started)}"
        config = config_for(servers or cluster.servers, folder,
                            **{"limits": {"drain_timeout": "1s"}, **sections})
        started.append(Pointsman(folder, config).start())
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def disturbed(cluster, request):
    """The cluster, for a test that stops servers or moves roles."""
    yield cluster
    cluster.restore()
    label_servers(cluster)
    if "proxy" in request.fixturenames:
        shared = request.getfixturevalue("proxy")
        wait_until(lambda: all_serve(cluster, shared), 15, "the proxy to see the cluster well")


def all_serve(cluster, proxy):
    """The proxy writes to the primary and reads from all replicas."""
    metrics = proxy.metrics()
    return (metrics.total("pointsman_server_role", server=cluster.primary.name,
                          role="primary") == 1
            and all(metrics.total("pointsman_server_takes_reads", server=replica.name) == 1
                    for replica in cluster.replicas))


@pytest.fixture
def client(proxy):
    """A connection through the split listener, with the schema `app`."""
    connection = proxy.connect(database="app")
    yield connection
    if connection.open:
        connection.close()


@pytest.fixture
def table(cluster):
    """The name of a table of the test's own: id, v. On every server when the test starts."""
    name = f"app.t_{uuid.uuid4().hex[:12]}"
    cluster.primary.sql(f"CREATE TABLE {name} (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)"
                        " DEFAULT CHARSET=utf8mb4")
    cluster.wait_replicated()
    yield name
    if cluster.primary.running:
        cluster.primary.sql(f"DROP TABLE IF EXISTS {name}")


@pytest.fixture
def account(cluster):
    """Makes accounts on the primary: account(password, plugin, grants) gives the name."""
    made = []

    def make(password, grants="ALL ON app.*", plugin="caching_sha2_password"):
        name = f"u_{uuid.uuid4().hex[:10]}"
        cluster.primary.sql(f"CREATE USER '{name}'@'%%' IDENTIFIED WITH {plugin} BY %s", password)
        if grants:
            cluster.primary.sql(f"GRANT {grants} TO '{name}'@'%'")
        made.append(name)
        cluster.wait_replicated()
        return name

    yield make
    for name in made:
        cluster.primary.sql(f"DROP USER IF EXISTS '{name}'@'%'")


@pytest.fixture(scope="session")
def mariadb_cluster():
    with Cluster(RUN / "mariadb", servers=2, flavour=MariaDb()) as cluster:
        label_servers(cluster)
        yield cluster


@pytest.fixture(scope="session")
def mariadb_proxy(mariadb_cluster):
    folder = RUN / "mariadb-proxy"
    with Pointsman(folder, config_for(mariadb_cluster.servers, folder)) as proxy:
        yield proxy
