#!/usr/bin/python3
"""A cluster of real servers: one primary, its replicas, GTID, semi-synchronous, on loopback.

As a program it starts one and stays up until Ctrl-C:  cluster.py --dir build/servers/mine
Data folders are copied from a template that the first start makes, so later ones take seconds."""

import argparse
import atexit
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import binaries
from flavour import APP, MONITOR, MariaDb, MySql, fingerprint
from process import exclusive_folder, wait_until
from server import Server

TEMPLATES = binaries.BUILD / "servers"


def template(flavour, say=lambda text: None):
    """The data folder that every server of this flavour starts from, made if it is missing."""
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    final = TEMPLATES / f"template-{fingerprint(flavour)}"
    with open(TEMPLATES / "lock", "w") as lock:  # programs that start at once make one, not two
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (final / "data").exists():
            version = flavour.installation.version
            say(f"initialising a data folder for {flavour.name} {version} (once)")
            make_template(flavour).rename(final)
    return final / "data"


def make_template(flavour):
    """Under a name of its own: nobody takes a folder for whole that a killed program left."""
    draft = TEMPLATES / f"draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    server = Server("template", draft, flavour, server_id=1)
    flavour.initialise(server.datadir)
    try:
        server.start()
        server.sql(flavour.writable)
        for statement in flavour.accounts():
            server.sql(statement)
        flavour.forget_binary_log(server)
        server.stop()
    except BaseException:
        server.kill9()
        raise
    for leftover in ("auto.cnf", "error.log"):  # auto.cnf holds the server_uuid
        (server.datadir / leftover).unlink(missing_ok=True)
    return draft


class Cluster:
    """Servers db1 … dbN below `folder`, db1 the primary at first. A context manager."""

    def __init__(self, folder, servers=3, flavour=None, semi_sync=True, semi_sync_timeout=10_000,
                 say=lambda text: None):
        self.folder = Path(folder).resolve()
        self.flavour = flavour or MySql()
        self.semi_sync = semi_sync
        self.say = say
        self.servers = [Server(f"db{number}", self.folder / f"db{number}", self.flavour, number,
                               semi_sync_timeout)
                        for number in range(1, servers + 1)]
        self.primary = self.servers[0]

    @property
    def replicas(self):
        return [server for server in self.servers if server is not self.primary]

    def server(self, name):
        return next(server for server in self.servers if server.name == name)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.kill()
            raise

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """From nothing to a replicating cluster; what an earlier one left in the folder is gone."""
        atexit.register(self.kill)
        source = template(self.flavour, self.say)
        for server in self.servers:
            shutil.rmtree(server.folder, ignore_errors=True)
            server.folder.mkdir(parents=True)
            shutil.copytree(source, server.datadir)
            self.say(f"starting {server.name} ({self.flavour.name} "
                     f"{self.flavour.installation.version}) on port {server.port}")
            server.launch()
        for server in self.servers:
            server.wait_ready()
        self.primary = self.servers[0]
        self.primary.sql(self.flavour.writable)
        for replica in self.replicas:
            self._follow_primary(replica)
        self._semi_sync_on()
        self.wait_replicated()
        return self

    def stop(self):
        """Ends every server. The data is thrown away at the next start, so no time is spent on an
        orderly shutdown."""
        self.kill()
        atexit.unregister(self.kill)

    def kill(self):
        for server in self.servers:
            server.kill9()

    def _follow_primary(self, replica):
        replica.sql(self.flavour.follow(self.primary.port))
        replica.sql(self.flavour.start_replica)

    def _semi_sync_on(self):
        wait_until(lambda: all(map(self.flavour.replicates, self.replicas)), 30,
                   "replication to run")
        if not self.semi_sync or not self.replicas:
            return
        self.primary.sql(self.flavour.semi_sync_source_on)
        wait_until(lambda: self.flavour.semi_sync_replicas(self.primary) == len(self.replicas),
                   30, "semi-synchronous replicas")

    def wait_replicated(self, timeout=30):
        """Until every running replica has applied all that the primary has committed by now."""
        position = self.primary.scalar(self.flavour.position)
        for replica in self.replicas:
            if not position or not replica.running:
                continue
            if replica.scalar(self.flavour.wait_for_position, position, timeout) != 0:
                raise TimeoutError(f"{replica.name} does not catch up")

    def switch_primary_by_hand(self, new_primary):
        """What an operator does without tools. Returns the monotonic time at which the new primary
        became writable."""
        old, flavour = self.primary, self.flavour
        if new_primary is old:
            return time.monotonic()
        old.sql(flavour.read_only)
        position = old.scalar(flavour.position)
        if position and new_primary.scalar(flavour.wait_for_position, position, 30) != 0:
            raise TimeoutError(f"{new_primary.name} does not catch up")
        new_primary.sql(flavour.stop_replica)
        new_primary.sql(flavour.forget_source)
        new_primary.sql(flavour.writable)
        moment = time.monotonic()
        self.primary = new_primary
        if self.semi_sync:
            old.sql(flavour.semi_sync_source_off)
        for replica in self.replicas:
            replica.sql(flavour.stop_replica)
            self._follow_primary(replica)
        self._semi_sync_on()
        return moment

    def restore(self):
        """Whatever a test did, db1 is the primary again and all replicate. Members whose history
        cannot be mended cost a fresh start of the cluster."""
        try:
            for server in self.servers:
                if server.running:
                    server.thaw()
                server.start()
            self._read_only_but(self.primary)
            for replica in self.replicas:
                if not self.flavour.replicates(replica):
                    replica.sql(self.flavour.stop_replica)
                    self._follow_primary(replica)
            self._semi_sync_on()
            self.wait_replicated()
            self._refuse_errant_transactions()
            self.switch_primary_by_hand(self.servers[0])
        except Exception as reason:  # noqa: BLE001: any trouble is answered by starting afresh
            self.say(f"starting the cluster afresh: {reason}")
            self.kill()
            self.start()

    def _read_only_but(self, primary):
        for server in self.servers:
            server.sql(self.flavour.writable if server is primary else self.flavour.read_only)

    def _refuse_errant_transactions(self):
        positions = {server.scalar(self.flavour.position) for server in self.servers}
        if len(positions) > 1:
            raise RuntimeError(f"histories differ: {positions}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dir", default=str(binaries.BUILD / "servers/by-hand"))
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--flavour", choices=["mysql", "mariadb"], default="mysql")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    flavour = {"mysql": MySql, "mariadb": MariaDb}[options.flavour]()
    say = lambda text: print(f"== {text}", flush=True)  # noqa: E731
    with Cluster(exclusive_folder(options.dir), options.servers, flavour, say=say) as cluster:
        for server in cluster.servers:
            role = "primary" if server is cluster.primary else "replica"
            print(f"{server.name} {role} {server.host}:{server.port} socket {server.socket}")
        print(f"accounts: {APP[0]}/{APP[1]} {MONITOR[0]}/{MONITOR[1]}, root by socket")
        print("ready, Ctrl-C ends it", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
