"""A changed configuration is taken over whole or not at all, and no client notices."""

import contextlib
import copy
import signal
import socket
import time

import pymysql
import pytest
import yaml

from process import free_port, wait_until
from support import WHO, Background, error, name_in, names, rows, value, where_reads_go


@pytest.fixture
def own(start_proxy):
    proxy = start_proxy()
    reads_go_only_to(proxy, "db2", "db3")  # on a busy machine replicas are found late
    return proxy


@pytest.fixture
def witness(own):
    """A client that lives through the reload, working all the time, and must see no error."""
    with contextlib.closing(own.connect()) as connection, \
            Background(lambda: rows(connection, WHO)) as background:
        yield background
    assert background.error is None and background.rounds > 0


def by_signal(proxy, change):
    proxy.reload(change)


def by_file(proxy, change):
    config = copy.deepcopy(proxy.config)
    change(config)
    proxy.write_config(config)


def set_weights(**weights):
    def change(config):
        for server in config["servers"]:
            server["weight"] = weights.get(server["name"], 100)
    return change


def reads_go_only_to(proxy, *servers):
    def they_do():
        with contextlib.suppress(pymysql.OperationalError):  # no server is fit: not yet
            return set(where_reads_go(proxy)) == set(servers)
    return wait_until(they_do, 30, f"reads only on {servers}")


@pytest.mark.parametrize("tell", [by_signal, by_file])
def test_weights_change_without_a_dropped_client(own, witness, tell):
    tell(own, set_weights(db2=0))
    reads_go_only_to(own, "db3")
    tell(own, set_weights(db3=0))
    reads_go_only_to(own, "db2")


def test_a_server_is_removed_and_added_again(own, witness):
    everything = copy.deepcopy(own.config["servers"])
    with contextlib.closing(own.connect()) as user_of_it:
        rows(user_of_it, "SET @kept = 1")
        assert name_in(user_of_it, f"/* route=server:db3 */ {WHO}") == "db3"
        own.reload(lambda config: config.update(
            servers=[server for server in everything if server["name"] != "db3"]))
        reads_go_only_to(own, "db2")
        assert name_in(user_of_it, WHO) == "db2"
        assert value(user_of_it, "SELECT @kept") == 1
    wait_until(lambda: own.metrics().total("pointsman_links_open", server="db3") == 0, 10,
               "its links to be drained")
    own.reload(lambda config: config.update(servers=everything))
    wait_until(lambda: set(where_reads_go(own)) == {"db2", "db3"}, 10, "reads on both again")


def test_maintenance_takes_a_server_out(own, witness):
    def maintain(config):
        config["servers"][1]["maintenance"] = True
    own.reload(maintain)
    reads_go_only_to(own, "db3")


def test_a_transaction_on_a_removed_server_may_end(own, cluster, table):
    with contextlib.closing(own.connect()) as connection:
        rows(connection, "START TRANSACTION READ ONLY")
        name = name_in(connection, WHO)
        own.reload(lambda config: config.update(
            servers=[server for server in config["servers"] if server["name"] != name]))
        other = (names(cluster.replicas) - {name}).pop()
        reads_go_only_to(own, other)
        assert name_in(connection, WHO) == name  # drain_timeout is 1 s in these tests
        rows(connection, "COMMIT")
        assert name_in(connection, WHO) == other


def test_a_user_is_added(own, witness, account):
    user = account("added-pw")
    own.reload(lambda config: config.update(users=[{"name": user, "password": "added-pw"}]))
    learned = own.metrics().total("pointsman_logins_learned_total")
    wait_until(lambda: "reload done" in own.log(), 5, "the reload to be logged")
    with contextlib.closing(own.connect(user, "added-pw")) as connection:
        assert value(connection, "SELECT 1") == 1
    assert own.metrics().total("pointsman_logins_learned_total") == learned


@pytest.mark.parametrize("text", [
    "servers: [}",
    "serverz: []\n",
    "servers: []\n",
    "servers:\n  - {name: db1, address: '127.0.0.1:1', weigth: 7}\n",
    "",
])
def test_a_bad_file_is_refused_and_the_old_configuration_stays(own, witness, text):
    own.write_text(text)
    own.signal(signal.SIGHUP)
    wait_until(lambda: "pointsman.yaml" in own.log(), 5, "the refusal to be logged")
    reads_go_only_to(own, "db2", "db3")
    own.write_config()
    own.reload(set_weights(db2=0))
    reads_go_only_to(own, "db3")


def test_a_file_with_one_mistake_changes_nothing_at_all(own, witness):
    config = copy.deepcopy(own.config)
    set_weights(db2=0)(config)
    config["probe"] = {"interval": "5 parsecs"}
    own.write_text(yaml.safe_dump(config))
    own.signal(signal.SIGHUP)
    wait_until(lambda: "probe.interval" in own.log(), 5, "the refusal to be logged")
    reads_go_only_to(own, "db2", "db3")


def test_what_needs_a_restart_says_so(own, witness):
    own.reload(lambda config: config.update(workers=1))
    wait_until(lambda: any("workers" in line and "restart" in line
                           for line in own.log().splitlines()), 5, "the log to say so")


def test_limits_change(own, witness):
    own.reload(lambda config: config["limits"].update(handshake_timeout="1s",
                                                      connect_timeout="500ms"))

    def ends_soon():
        with socket.create_connection(("127.0.0.1", own.port()), timeout=4) as connection:
            try:
                while connection.recv(4096):
                    pass
                return True
            except TimeoutError:
                return False

    wait_until(ends_soon, 20, "the new limit to count")


def test_a_certificate_is_renewed(start_proxy, cluster, tmp_path):
    data = cluster.primary.datadir
    for name in ("cert", "key"):
        (tmp_path / f"{name}.pem").write_bytes((data / f"server-{name}.pem").read_bytes())
    proxy = start_proxy(client_tls={"certificate": str(tmp_path / "cert.pem"),
                                    "key": str(tmp_path / "key.pem")})
    first = certificate(proxy)
    for name in ("cert", "key"):
        (tmp_path / f"{name}.pem").write_bytes((data / f"client-{name}.pem").read_bytes())
    proxy.signal(signal.SIGHUP)
    wait_until(lambda: certificate(proxy) != first, 10, "the new certificate to be shown")


def certificate(proxy):
    with contextlib.closing(proxy.connect(ssl={"check_hostname": False})) as connection:
        return connection._sock.getpeercert(binary_form=True)


def test_the_end_of_the_process_waits_for_transactions(start_proxy, table, cluster):
    proxy = start_proxy(limits={"drain_timeout": "5s"})
    connection = proxy.connect()
    rows(connection, "BEGIN")
    rows(connection, f"INSERT INTO {table} (v) VALUES ('x')")
    proxy.process.terminate()
    time.sleep(0.5)
    rows(connection, f"INSERT INTO {table} (v) VALUES ('y')")
    rows(connection, "COMMIT")
    assert proxy.process.wait(10) == 0
    assert cluster.primary.scalar(f"SELECT COUNT(*) FROM {table}") == 2
    proxy.start()  # so that the fixture has something to end


def test_listeners_without_change_keep_their_port(own, witness):
    port = free_port()

    def add(config):
        config["listeners"].append({"name": "added", "mode": "primary",
                                    "address": f"127.0.0.1:{port}"})
    before = own.port()
    own.reload(add)
    assert own.port() == before
    assert set(where_reads_go(own)) == {"db2", "db3"}
    with error(1045):
        own.connect("app", "wrong")


def test_logins_in_the_middle_of_reloads_get_the_whole_key(own, account):
    users = [account(f"pw{number}") for number in range(20)]
    for number, user in enumerate(users):  # each is unknown yet: the proxy sends its RSA key
        own.reload(set_weights(db2=number))
        with contextlib.closing(own.connect(user, f"pw{number}")) as connection:
            assert value(connection, "SELECT 1") == 1
