#!/usr/bin/python3
"""The demo: three real MySQL servers, Pointsman in front, a workload through it, and a look at the
servers' own counters for where the statements went."""

import argparse
import contextlib
import random
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import binaries
from cluster import Cluster
from flavour import APP
from pointsman import Pointsman, config_for
from process import exclusive_folder

CLIENTS = 8
ROUNDS = 60
WISHED_PORT = 3306
READS = ("select",)
WRITES = ("insert", "update", "delete", "replace", "create_table", "drop_table", "truncate")


def say(text):
    print(f"== {text}", flush=True)


def port_from(wished):
    """The wished port, or the next free one."""
    for port in range(wished, wished + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port != wished:
            say(f"port {wished} is taken, using the next free one: {port}")
        return port
    raise SystemExit(f"no free port from {wished} on")


def statements(server):
    """How many reads and writes of the account `app` the server itself has counted."""
    rows = server.sql("SELECT EVENT_NAME, COUNT_STAR FROM"
                      " performance_schema.events_statements_summary_by_user_by_event_name"
                      " WHERE USER = %s AND COUNT_STAR > 0", APP[0])
    counts = {name.rsplit("/", 1)[1]: count for name, count in rows}
    return (sum(counts.get(name, 0) for name in READS),
            sum(counts.get(name, 0) for name in WRITES))


class Workload:
    """Several clients that read and write, each on its own connection through the proxy."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.reads = self.writes = 0
        self.errors = []
        self._lock = threading.Lock()

    def run(self):
        with contextlib.closing(self.proxy.connect(database="app")) as connection:
            cursor = connection.cursor()
            cursor.execute("DROP TABLE IF EXISTS account")
            cursor.execute("CREATE TABLE account (id INT PRIMARY KEY AUTO_INCREMENT,"
                           " owner VARCHAR(40), balance INT)")
        self.writes += 2
        clients = [threading.Thread(target=self._client, args=(number,))
                   for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _client(self, number):
        try:
            with contextlib.closing(self.proxy.connect(database="app")) as connection:
                for _ in range(ROUNDS):
                    self._round(connection, random.Random(number))
        except Exception as error:  # noqa: BLE001: the demo shows whatever a client met
            with self._lock:
                self.errors.append(repr(error))

    def _round(self, connection, choice):
        cursor = connection.cursor()
        cursor.execute("INSERT INTO account (owner, balance) VALUES (%s, 100)",
                       (f"client {choice.random()}",))
        cursor.execute("SELECT COUNT(*), SUM(balance) FROM account")
        cursor.execute("SELECT id, owner FROM account ORDER BY id DESC LIMIT 10")
        cursor.execute("SELECT owner FROM account WHERE id = %s", (choice.randint(1, 500),))
        connection.begin()
        cursor.execute("UPDATE account SET balance = balance + 1 WHERE id = %s",
                       (choice.randint(1, 20),))
        connection.commit()
        with self._lock:
            self.reads += 3
            self.writes += 2


def show(cluster, before, after):
    """Prints the table; returns {server: (reads, writes)}."""
    rows = {server: tuple(now - then for now, then in zip(after[server], before[server]))
            for server in cluster.servers}
    print(f"\n   {'server':<10}{'role':<10}{'port':>7}{'reads':>10}{'writes':>10}")
    for server, (reads, writes) in rows.items():
        role = "primary" if server is cluster.primary else "replica"
        print(f"   {server.name:<10}{role:<10}{server.port:>7}{reads:>10}{writes:>10}")
    print(flush=True)
    return rows


def verdict(cluster, rows, workload):
    """What is not as promised, in sentences."""
    wrong = [f"a client met an error: {error}" for error in workload.errors]
    if rows[cluster.primary][1] != workload.writes:
        wrong.append(f"{workload.writes} writes were sent, the primary counted "
                     f"{rows[cluster.primary][1]}")
    for replica in cluster.replicas:
        reads, writes = rows[replica]
        if reads == 0:
            wrong.append(f"{replica.name} got no reads")
        if writes:
            wrong.append(f"{replica.name} got {writes} writes")
    if sum(rows[server][0] for server in cluster.servers) < workload.reads:
        wrong.append(f"{workload.reads} reads were sent, the servers counted fewer")
    return wrong


def run_workload(cluster, proxy):
    say(f"running {CLIENTS} clients through port {proxy.port()}, reads and writes mixed")
    before = {server: statements(server) for server in cluster.servers}
    workload = Workload(proxy)
    started = time.monotonic()
    workload.run()
    seconds = time.monotonic() - started
    after = {server: statements(server) for server in cluster.servers}
    say(f"{workload.reads} reads and {workload.writes} writes in {seconds:.1f} s; "
        "where they went, as the servers counted them:")
    rows = show(cluster, before, after)
    wrong = verdict(cluster, rows, workload)
    for sentence in wrong:
        say(f"NOT AS PROMISED: {sentence}")
    if not wrong:
        say("all writes on the primary, reads on both replicas, no errors")
    return not wrong


def say_how_to_connect(proxy):
    client = "mysql" if shutil.which("mysql") else "mariadb"
    print(f"""
   connect   {client} -h127.0.0.1 -P{proxy.port()} -u{APP[0]} -p{APP[1]} app
   metrics   {proxy.metrics_url}
   config    {proxy.config_path}
   log       {proxy.log_path}
""", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--once", action="store_true", help="end after the workload")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = exclusive_folder(binaries.BUILD / "demo")
    # No time limit on the wait for a replica: an acknowledged write is on two servers, always.
    with Cluster(folder / "servers", semi_sync_timeout=None, say=say) as cluster:
        ports = {"split": port_from(WISHED_PORT)}
        config = config_for(cluster.servers, folder, modes=["split"], ports=ports, workers=0)
        with Pointsman(folder, config) as proxy:
            say(f"pointsman listens on port {proxy.port()}")
            good = run_workload(cluster, proxy)
            if not options.once:
                say_how_to_connect(proxy)
                say("everything stays up until Ctrl-C")
                signal.pause()
    return 0 if good else 1


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        say("stopped; nothing is left running")
        code = 0
    sys.exit(code)
