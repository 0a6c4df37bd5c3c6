#!/usr/bin/python3
"""Connect, one SELECT, quit, over and over: ./dev bench churn [OPTION...].

Connections per second and what each costs, against the same straight to the server. Where other work
keeps the machine busy compare CPU times: where clients have machines of their own, the connections per
second are the inverse of what is spent behind their sockets."""

import argparse
import resource
import statistics
import time
from dataclasses import dataclass

import stand
import table

KINDS = {"plain": [], "tls": ["tls"], "tls, resumed": ["resume"]}
AIMS = {"plain": 1.0, "tls": 2.0, "tls, resumed": 2.0}  # times what the server takes by itself


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=8, help="clients at once")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one run")
    parser.add_argument("--kind", choices=list(KINDS), action="append")
    parser.add_argument("--mode", choices=["primary", "split"], default="split")
    options = parser.parse_args()
    options.kind = options.kind or list(KINDS)
    return options


@dataclass
class Run:
    """CPU in microseconds for each connection."""

    rate: float
    proxy: float
    servers: float
    clients: float

    @property
    def behind(self):
        """Of all that is behind the client's socket."""
        return self.proxy + self.servers


class Spent:
    """with Spent(pids) as spent: …; then spent.seconds has one number for each."""

    def __init__(self, pids):
        self.pids = pids
        self.seconds = None

    def _now(self):
        return [stand.cpu_seconds(pid) for pid in self.pids]

    def __enter__(self):
        self._before = self._now()
        return self

    def __exit__(self, *_):
        self.seconds = [after - before for after, before in zip(self._now(), self._before)]


def client_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def background(processes, seconds=3):
    """CPU seconds that each uses in one second without clients: probes, replication."""
    with Spent(processes) as spent:
        time.sleep(seconds)
    return [used / seconds for used in spent.seconds]


def churn(port, kind, options, processes, idle):
    """`processes`: the proxy first, then the servers; what they use when `idle` does not count."""
    before = client_seconds()
    with Spent(processes) as spent:
        process = stand.clients("churn", port, options.seconds, options.threads, *KINDS[kind])
        answer, _ = process.communicate(timeout=options.seconds + 60)
    if process.returncode != 0:
        raise stand.Failed("the clients failed")
    connections, seconds, resumed = answer.split()
    if kind == "tls, resumed" and int(resumed) < int(connections) * 0.9:
        raise stand.Failed(f"only {resumed} of {connections} handshakes were resumed ones")
    each = 1e6 / int(connections)
    used = [max(0, busy - quiet * float(seconds)) * each
            for busy, quiet in zip(spent.seconds, idle)]
    return Run(int(connections) / float(seconds), used[0], sum(used[1:]),
               (client_seconds() - before) * each)


def measure(cluster, proxy, kind, options):
    """[(direct, through the proxy)] of each round; they take turns in beginning."""
    processes = [proxy.process.pid, *(server.process.pid for server in cluster.servers)]
    ports = [cluster.primary.port, proxy.port(options.mode)]
    churn(ports[1], kind, options, processes, [0] * len(processes))  # fills the caches
    idle = background(processes)
    rounds = []
    for turn in range(options.rounds):
        order = ports if turn % 2 == 0 else ports[::-1]
        runs = {port: churn(port, kind, options, processes, idle) for port in order}
        rounds.append(tuple(runs[port] for port in ports))
    return rounds


def row(kind, rounds):
    def middle(pick):
        return statistics.median(pick(direct, through) for direct, through in rounds)

    ratios = [through.rate / direct.rate for direct, through in rounds]
    return [kind, f"{middle(lambda direct, _: direct.rate):.0f}",
            f"{middle(lambda _, through: through.rate):.0f}",
            f"{statistics.median(ratios):.2f} (aim ≥ {AIMS[kind]})",
            f"{min(ratios):.2f} … {max(ratios):.2f}",
            f"{middle(lambda direct, _: direct.clients):.0f} + "
            f"{middle(lambda direct, _: direct.servers):.0f}",
            f"{middle(lambda _, through: through.clients):.0f} + "
            f"{middle(lambda _, through: through.proxy):.0f} + "
            f"{middle(lambda _, through: through.servers):.0f}",
            f"{middle(lambda direct, through: direct.behind / through.behind):.2f}"]


def main():
    options = parse_options()
    about = stand.machine()
    rows = [["churn", "direct/s", "pointsman/s", "ratio", "from … to",
             "direct: client + server µs", "pointsman: client + proxy + servers µs",
             "direct/pointsman without client"]]
    with stand.cluster() as (cluster, folder), stand.proxy(cluster, folder) as proxy:
        for kind in options.kind:
            stand.say(f"connect, one SELECT, quit: {kind}")
            rows.append(row(kind, measure(cluster, proxy, kind, options)))
    print(f"{options.threads} clients at once; {options.rounds} rounds of {options.seconds} s;"
          f" mode {options.mode}")
    print(stand.machine_line(about))
    print(table.markdown(rows))
    return 0


if __name__ == "__main__":
    stand.run(main)
