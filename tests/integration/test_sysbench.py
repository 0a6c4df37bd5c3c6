"""sysbench, with binary prepared statements and transactions, sees no error.

POINTSMAN_SYSBENCH_SECONDS=60 makes the long version of it. POINTSMAN_SYSBENCH_RATE is of transactions
a second, 0 for as many as there can be: three servers on two cores then stand still for up to half a
minute now and then, without Pointsman as well (measured, MySQL 9.7.4: no statement ends while the
replicas' coordinators spin)."""

import os
import shutil

import pytest

from process import free_port
from support import sysbench

SECONDS = int(os.environ.get("POINTSMAN_SYSBENCH_SECONDS", "4"))
RATE = os.environ.get("POINTSMAN_SYSBENCH_RATE", "60")
THREADS = 32


@pytest.fixture(scope="module", autouse=True)
def sbtest(cluster):
    sysbench("oltp_read_write", "prepare", cluster.primary.port)
    cluster.wait_replicated()
    yield
    sysbench("oltp_read_write", "cleanup", cluster.primary.port)


def no_errors(output):
    assert "reconnects:                          0 " in output, output


def test_read_write_transactions(proxy):
    no_errors(sysbench("oltp_read_write", "run", proxy.port(), "--db-ps-mode=auto",
                       f"--rate={RATE}", threads=THREADS, seconds=SECONDS))


def test_with_tls(start_proxy, cluster, tmp_path):
    data = cluster.primary.datadir
    for name in ("cacert.pem", "client-cert.pem", "client-key.pem"):  # as sysbench calls them
        shutil.copy(data / name.replace("cacert", "ca"), tmp_path / name)
    proxy = start_proxy(listeners=[{"name": "split", "mode": "split", "client_tls": "required",
                                    "address": f"127.0.0.1:{free_port()}"}],
                        client_tls={"certificate": str(data / "server-cert.pem"),
                                    "key": str(data / "server-key.pem")})
    no_errors(sysbench("oltp_read_write", "run", proxy.port(), "--mysql-ssl=on", f"--rate={RATE}",
                       seconds=min(SECONDS, 2), folder=tmp_path))


@pytest.mark.parametrize("statements", ["auto", "disable"])
def test_read_write_without_transactions_reads_on_both_replicas(start_proxy, cluster, statements):
    # On a busy machine replicas lag for seconds under such a load; that is not the matter here.
    proxy = start_proxy(routing={"max_lag": "10min"})
    before = proxy.metrics()
    output = sysbench("oltp_read_write", "run", proxy.port(), f"--db-ps-mode={statements}",
                      "--skip-trx=on", "--delete-inserts=0", f"--rate={RATE}",
                      threads=THREADS, seconds=SECONDS)
    no_errors(output)
    assert "ignored errors:                      0 " in output, output
    if statements == "disable":  # prepared statements may stay on one server
        after = proxy.metrics()
        for replica in cluster.replicas:
            labels = {"server": replica.name, "kind": "read"}
            assert (after.total("pointsman_statements_total", **labels)
                    > before.total("pointsman_statements_total", **labels))


def test_the_replicas_hold_what_the_primary_holds(proxy, cluster):
    sysbench("oltp_write_only", "run", proxy.port(), f"--rate={RATE}", threads=8, seconds=2)
    cluster.wait_replicated()
    sums = {server.name: server.sql("CHECKSUM TABLE sbtest.sbtest1, sbtest.sbtest2")
            for server in cluster.servers}
    assert len(set(map(str, sums.values()))) == 1, sums
