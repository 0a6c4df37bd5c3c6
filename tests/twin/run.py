#!/usr/bin/python3
"""Random sessions through Pointsman, each against its twin on a server of its own: starts the
servers and the proxy, then the program that compares. What it does not know is an option of that
program: --seed N --statements N --sessions N --parallel N --verbose."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/servers"))

import binaries
from cluster import Cluster
from pointsman import Pointsman, config_for
from process import exclusive_folder

ACCOUNTS = ("twin_a", "twin_b")
SETTINGS = [
    # Plans, and with them flags like SERVER_QUERY_NO_INDEX_USED, must not depend on when statistics
    # were gathered; a lock that a prepared XA transaction keeps is not waited for.
    "SET GLOBAL innodb_stats_auto_recalc = OFF, GLOBAL innodb_lock_wait_timeout = 1,"
    " GLOBAL lock_wait_timeout = 1, GLOBAL long_query_time = 1000",
    # InnoDB forgets ids that were reserved and not used when a table leaves its cache, which nobody
    # can foresee (measured: MySQL 9.7): none may leave it.
    "SET GLOBAL table_definition_cache = 20000, GLOBAL table_open_cache = 4000",
    # The cluster's servers say their GTIDs by default, which differ.
    "SET GLOBAL session_track_gtids = OFF",
]


LOG_ALL = "SET GLOBAL general_log_file = 'general.log', GLOBAL general_log = ON"


def prepare(cluster):
    """What both servers must have alike."""
    for server in cluster.servers:
        for statement in SETTINGS:
            server.sql(statement)
    if os.environ.get("TWIN_LOG"):
        cluster.primary.sql(LOG_ALL)
    primary = cluster.primary
    primary.sql("CREATE ROLE twin_role")
    for account in ACCOUNTS:
        primary.sql(f"CREATE USER {account} IDENTIFIED BY 'twin_pw'")
        primary.sql(f"GRANT ALL ON `tw%`.* TO {account}")
        primary.sql(f"GRANT XA_RECOVER_ADMIN, SESSION_VARIABLES_ADMIN ON *.* TO {account}")
        primary.sql(f"GRANT twin_role TO {account}")
    cluster.wait_replicated()
    for server in cluster.servers:
        for account in ACCOUNTS:  # the server's cache then proves logins by their hashes
            server.sql("SELECT 1", user=account, password="twin_pw")


def built():
    path = Path(os.environ.get("TWIN_BINARY", binaries.BUILD / "release/twin"))
    if not path.exists():
        raise binaries.NotFound(f"{path} is missing: ./dev builds it")
    return path


def proxy_config(cluster, folder, links):
    # What waits for a link waits until the program that compares frees one.
    pool = {"max_links": links, "link_wait_timeout": "10min"}
    sections = {"pool": pool} if links else {}
    if os.environ.get("TWIN_LOG"):
        sections["log"] = {"level": os.environ["TWIN_LOG"]}
    return config_for(cluster.servers, folder, modes=["split"], workers=1, **sections)


def compare(cluster, twin, folder, links, arguments):
    """The program's exit code: 0 when nothing differed."""
    with Pointsman(folder / "proxy", proxy_config(cluster, folder, links)) as proxy:
        command = [str(built()), "--proxied", f"127.0.0.1:{proxy.port()}",
                   "--direct", f"127.0.0.1:{twin.primary.port}", "--links", str(links),
                   *arguments]
        return subprocess.run(command, check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=0,
                        help="links that all sessions share; 0: each has its own")
    parser.add_argument("--replicas", type=int, default=0, help="behind Pointsman")
    options, others = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = exclusive_folder(binaries.BUILD / "twin")
    with Cluster(folder / "servers", servers=options.replicas + 1) as cluster, \
            Cluster(folder / "direct", servers=1) as twin:
        prepare(cluster)
        prepare(twin)
        return compare(cluster, twin, folder, options.links, others)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
