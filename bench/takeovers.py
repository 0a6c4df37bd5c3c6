#!/usr/bin/python3
"""What clients see of takeovers: ./dev bench takeovers [OPTION...].

A real cluster of three under load loses its primary in several ways, again and again. Printed are the
longest time without a successful write of anybody, where that time went, and what must never be:
acknowledged writes lost or executed twice, and errors in a planned takeover."""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

import pymysql

import stand
from stand import ROOT, Failed, say

sys.path.insert(0, str(ROOT / "tests/takeover"))

import binaries  # noqa: E402
import workload as sysbench  # noqa: E402
from cluster import Cluster  # noqa: E402
from flavour import MONITOR, REPLICATION  # noqa: E402
from process import wait_until  # noqa: E402
from writers import Writers  # noqa: E402

LINE = re.compile(r"ts=(\S+) .*event=(takeover\w*) kind=(\w+) what=\"(.*)\" took_ms=(\d+)")


def freeze(server):
    server.freeze()


def kill(server):
    server.kill9()


def shut_down(server):
    server.process.terminate()


LOSSES = {"kill -9": kill, "SIGSTOP": freeze, "SIGTERM": shut_down}


@dataclass
class Row:
    """Milliseconds, one of each takeover."""

    gap: list = field(default_factory=list)
    parts: dict = field(default_factory=dict)
    errors: int = 0
    unasked: int = 0  # failovers without a loss


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--planned", type=int, default=40, help="switchovers")
    parser.add_argument("--lost", type=int, default=20, help="losses of each kind")
    parser.add_argument("--connections", type=int, default=32, help="of sysbench oltp_read_write")
    parser.add_argument("--rate", type=int, default=60,
                        help="its transactions per second; 0: as many as there can be. With all "
                        "three servers on two cores replicas then lag and lag")
    return parser.parse_args()


def log_lines(proxy, since):
    """(moment, event, kind, text, milliseconds) of the takeover's lines from `since` on."""
    lines = []
    for match in map(LINE.match, proxy.log_path.read_text(errors="replace").splitlines()):
        if not match:
            continue
        moment = datetime.fromisoformat(match.group(1).replace("Z", "+00:00")).timestamp()
        if moment >= since:
            lines.append((moment, *match.groups()[1:4], int(match.group(5))))
    return lines


def parts_of(proxy, lost_at):
    """Where the time of a failover went."""
    lines = log_lines(proxy, lost_at)

    def first(kind, text):
        return next((line for line in lines if line[2] == kind and text in line[3]), None)

    began, frozen = first("began", "failover"), first("step_done", "hear no more")
    opened, published = first("step_done", "takes writes"), first("step_done", "writes go on")
    if not all((began, frozen, opened, published)):
        return {}
    return {"detection": (began[0] - lost_at) * 1000, "freeze": frozen[4], "promotion": opened[4],
            "all of it": (published[0] - lost_at) * 1000}


def failovers(proxy, since):
    return sum(kind == "began" and "failover" in text
               for _, _, kind, text, _ in log_lines(proxy, since))


def start_load(proxy, options):
    words = sysbench.command(proxy.port("split"), "oltp_read_write", options.connections, 3600,
                             False)
    return subprocess.Popen([*words, f"--rate={options.rate}", "run"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def end_load(process):
    """Errors that sysbench saw: those that end it, and those that it passed over."""
    ended = process.poll() is not None
    process.terminate()
    text = process.communicate()[0]
    return re.findall(r"FATAL: .*", text)[:3] if ended else []


def writable(cluster):
    return next((server for server in cluster.servers
                 if server.running and not server.scalar("SELECT @@super_read_only")), None)


def replicates(server):
    """Nothing supervises servers here: one that ended itself, having become a copy, is started."""
    if not server.running:
        server.start()
    try:
        return server.flavour.replicates(server)
    except pymysql.Error:  # it is just ending itself
        return False


def settle(cluster, proxy):
    """All follow one writable server and have what it has; else the cluster is started afresh."""
    try:
        cluster.primary = writable(cluster)
        wait_until(lambda: all(map(replicates, cluster.replicas)), 60, "replicas")
        cluster.wait_replicated(timeout=15)
        wait_until(lambda: cluster.flavour.semi_sync_replicas(cluster.primary) == 2, 15, "acks")
    except Exception as problem:  # noqa: BLE001: whatever it is, a new cluster mends it
        say(f"the cluster is started afresh: {problem}")
        proxy.stop()  # it knows what the old cluster's clients were told
        cluster.kill()
        cluster.start()
        prepare(cluster)
        proxy.start()


def mysqlbinlog(folder):
    """A script that starts the unpacked program."""
    script = folder / "mysqlbinlog"
    program = binaries.unpacked_mysql_program("usr/bin/mysqlbinlog")
    script.write_text(f'#!/bin/sh\nexec {shlex.join(program.command)} "$@"\n')
    script.chmod(0o755)
    return str(script)


def prepare(cluster):
    # A lost primary comes back with what it wrote and told nobody of: it is made a copy.
    for server in cluster.servers:
        server.sql("SET GLOBAL super_read_only=OFF")
        server.sql("SET sql_log_bin=0; INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
        if server is not cluster.primary:
            server.sql(server.flavour.read_only)
    cluster.primary.sql(f"GRANT CLONE_ADMIN ON *.* TO {MONITOR[0]}")
    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.w1 (client INT, seq INT)")
    sysbench.prepare(cluster)


def switch(proxy, target):
    done = subprocess.run([*stand.pointsman.binary().command, "switchover", "--to", target,
                           "--admin", proxy.config["admin"]["listen"]],
                          capture_output=True, text=True, timeout=120, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def planned(cluster, proxy, options):
    row = Row(parts={"pause": []})
    refused, last, start = 0, time.monotonic(), time.time()
    load = start_load(proxy, options)
    with Writers(proxy, clients=2, pause=0.002) as writers:
        time.sleep(3)
        while len(row.gap) < options.planned:
            cluster.primary = writable(cluster)
            target = cluster.replicas[len(row.gap) % 2].name
            began = time.monotonic()
            done, text = switch(proxy, target)
            time.sleep(0.5)
            if not done:
                refused += 1
                if time.monotonic() - last > 120:
                    raise Failed(f"switchovers do not come to an end:\n{text}")
                continue
            last = time.monotonic()
            row.gap.append(writers.longest_gap(began) * 1000)
            row.parts["pause"].append(float(re.search(r"for (\d+) ms", text).group(1)))
            cluster.primary = cluster.server(target)
            wait_until(lambda: all(map(cluster.flavour.replicates, cluster.replicas)), 30,
                       "all to follow the new primary")
    complaints = end_load(load)
    row.errors = len(writers.errors) + len(complaints)
    row.unasked = failovers(proxy, start)
    for problem in writers.errors[:3] + complaints:
        say(f"seen in a planned takeover: {problem}")
    if refused:
        say(f"{refused} switchovers were undone without harm, and tried again")
    cluster.primary = writable(cluster)
    cluster.wait_replicated()
    writers.check(cluster.primary)
    return row


def is_fenced(server):
    if not server.running:  # it ended itself, having become a copy
        server.start()
    try:
        return server.scalar("SELECT @@super_read_only") or server.flavour.replicates(server)
    except pymysql.Error:
        return False


def lose_once(cluster, proxy, how, row):
    cluster.primary.sql("TRUNCATE app.w1")
    old = cluster.primary
    with Writers(proxy) as writers:
        time.sleep(2)
        moment, wall = time.monotonic(), time.time()
        how(old)
        others = [server for server in cluster.servers if server is not old]
        wait_until(lambda: any(not s.scalar("SELECT @@super_read_only") for s in others), 60,
                   "a new primary")
        time.sleep(2)
        row.gap.append(writers.longest_gap(moment) * 1000)
        for part, value in parts_of(proxy, wall).items():
            row.parts.setdefault(part, []).append(value)
        if how is freeze:
            old.thaw()
        else:
            old.process.wait(60)
            old.start()
        wait_until(lambda: is_fenced(old), 60, "the old primary to be fenced")
    cluster.primary = next(s for s in others if not s.scalar("SELECT @@super_read_only"))
    row.errors += len(writers.errors)
    row.unasked += failovers(proxy, wall) - 1
    writers.check(cluster.primary)


def lost(cluster, proxy, how, options):
    row = Row()
    for _ in range(options.lost):
        settle(cluster, proxy)
        lose_once(cluster, proxy, how, row)
    return row


def figures(values):
    if not values:
        return "-"
    ordered = sorted(values)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{median(ordered):.0f} / {late:.0f} / {ordered[-1]:.0f}"


def report(rows):
    print(f"{'takeover':<12}{'n':>4}  {'longest gap, ms':<22}{'errors':>7}  where it went, ms")
    print(f"{'':<18}{'p50 / p99 / max':<22}{'':>7}")
    for name, row in rows.items():
        parts = "; ".join(f"{part} {figures(values)}" for part, values in row.parts.items())
        print(f"{name:<12}{len(row.gap):>4}  {figures(row.gap):<22}{row.errors:>7}  {parts}")
    print(f"Failovers without a loss: {sum(row.unasked for row in rows.values())}.")
    print("Acknowledged writes lost: 0, executed twice: 0 (else this program would have ended).")


def main():
    options = parse_options()
    about = stand.machine()
    rows = {}
    with stand.own_folder() as folder, \
            Cluster(folder / "cluster", say=say, semi_sync_timeout=4294967295) as cluster:
        prepare(cluster)
        proxy = stand.proxy(cluster, folder, modes=("split",), failover={
            "mode": "automatic", "durability": "strict", "cooldown": "0s",
            "repair": "clone", "mysqlbinlog": mysqlbinlog(folder),
            "replication_user": REPLICATION[0], "replication_password": REPLICATION[1]}).start()
        try:
            say(f"{options.planned} planned takeovers under sysbench")
            rows["planned"] = planned(cluster, proxy, options)
            for name, how in LOSSES.items():
                say(f"{options.lost} times {name}")
                rows[name] = lost(cluster, proxy, how, options)
        finally:
            report(rows)
            proxy.stop()
    print(stand.machine_line(about))
    return 0 if rows["planned"].errors == 0 else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    stand.run(main)
