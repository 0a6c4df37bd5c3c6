"""One sysbench run against one address: what it did, how long it took, what the proxy spent."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass

from contenders import APP, cpu_seconds
from stand import Failed

NAMES = ("oltp_point_select", "oltp_read_only", "oltp_read_write")
TABLE_ROWS = 10_000
WARM_SECONDS = 1  # logins, caches and the first connections to servers stay out of the numbers

_PROGRESS = re.compile(r"^\[ (\d+)s \] .* qps: ([\d.]+) ")
_BUCKET = re.compile(r"^\s*([\d.]+) \|.*?\s(\d+)$")


@dataclass
class Measurement:
    """Latencies in milliseconds, of one sysbench event: a query or a whole transaction."""

    queries_per_second: float
    mean: float
    p95: float
    p99: float
    cpu_per_query: float | None  # microseconds; None without a proxy


def command(port, workload, connections, seconds, prepared):
    user, password = APP
    return ["sysbench", workload, "--db-driver=mysql", "--mysql-host=127.0.0.1",
            f"--mysql-port={port}", f"--mysql-user={user}", f"--mysql-password={password}",
            "--mysql-db=sbtest", "--tables=1", f"--table-size={TABLE_ROWS}",
            f"--threads={connections}", f"--time={seconds}", "--events=0",
            "--report-interval=1", "--histogram=on", "--mysql-ssl=off",
            f"--db-ps-mode={'auto' if prepared else 'disable'}"]


def prepare(cluster):
    """The table that all workloads use, on every server."""
    words = command(cluster.primary.port, "oltp_read_write", 1, 0, False)
    done = subprocess.run([*words, "prepare"], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Failed(done.stdout + done.stderr)
    cluster.wait_replicated()


def first_complaints(text):
    """What sysbench said first; every thread repeats it."""
    complaints = [line for line in text.splitlines() if "FATAL" in line]
    return "\n".join((complaints or text.splitlines())[:3])


def percentile(buckets, share):
    """`buckets`: (value, count), ascending."""
    wanted, seen = share * sum(count for _, count in buckets), 0
    for value, count in buckets:
        seen += count
        if seen >= wanted:
            return value
    return 0.0


def _mean(text):
    found = re.search(r"avg:\s+([\d.]+)", text)
    return float(found.group(1)) if found else 0.0


def run(contender, workload, connections, seconds, prepared=False, options=()):
    """CPU and queries are taken between sysbench's first and last report of progress, so neither
    logging in nor winding up is in them."""
    total = WARM_SECONDS + seconds + 1  # the last second may have no report
    process = subprocess.Popen(
        [*command(contender.port, workload, connections, total, prepared), *options, "run"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
    spend = (lambda: cpu_seconds(contender.pid)) if contender.pid else (lambda: 0.0)
    lines, rates, moments = [], [], {}
    try:
        for line in process.stdout:
            lines.append(line)
            if not (progress := _PROGRESS.match(line)):
                continue
            second = int(progress.group(1))
            if second in (WARM_SECONDS, WARM_SECONDS + seconds):
                moments[second] = (spend(), time.monotonic())
            if WARM_SECONDS < second <= WARM_SECONDS + seconds:
                rates.append(float(progress.group(2)))
        process.wait(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    text = "".join(lines)
    if process.returncode != 0 or len(moments) != 2 or not rates:
        raise Failed(f"sysbench through {contender.name} ended with {process.returncode}:\n"
                     + first_complaints(text))
    return _measurement(text, rates, moments, contender.pid is not None)


def _measurement(text, rates, moments, has_proxy):
    (cpu_before, began), (cpu_after, ended) = moments.values()
    rate = sum(rates) / len(rates)
    queries = rate * (ended - began)
    buckets = [(float(m.group(1)), int(m.group(2)))
               for m in map(_BUCKET.match, text.splitlines()) if m]
    cpu = (cpu_after - cpu_before) / queries * 1e6 if has_proxy and queries else None
    return Measurement(rate, _mean(text), percentile(buckets, 0.95), percentile(buckets, 0.99),
                       cpu)


if __name__ == "__main__":
    sys.exit("run bench/run.py")
