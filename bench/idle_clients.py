#!/usr/bin/python3
"""Ten thousand idle clients over a hundred links: ./dev bench idle_clients [OPTION...].

What each costs the proxy in memory, how long accepting them takes, and whether others notice them."""

import argparse
import contextlib
import statistics

import stand
import table
import workload
from contenders import Contender

AIMS = {"plain": 12, "settings": 12, "tls": 48, "tls settings": 48}  # KiB for each client
MOST_SECONDS = 20


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--links", type=int, default=100, help="pool.max_links")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of one run of the active ones")
    parser.add_argument("--kind", choices=list(AIMS), action="append")
    options = parser.parse_args()
    options.kind = options.kind or list(AIMS)
    return options


@contextlib.contextmanager
def idle(proxy, count, kind):
    """→ seconds that they took to come in, each with one statement."""
    process = stand.clients("idle", proxy.port("split"), count, *kind.split())
    try:
        line = process.stdout.readline()
        if not line:
            raise stand.Failed("the clients could not come in")
        yield float(line)
    finally:
        process.stdin.close()
        process.wait(60)


def active(proxy, options):
    """Queries/s and CPU per query of 16 others."""
    contender = Contender("pointsman-split", proxy.port("split"), proxy.process.pid)
    done = workload.run(contender, "oltp_point_select", 16, options.seconds)
    return done.queries_per_second, done.cpu_per_query


def measure(proxy, kind, options):
    """The active ones take turns: without the idle ones, then with them."""
    pid = proxy.process.pid
    rounds = []
    active(proxy, options)  # what every proxy needs once
    for _ in range(options.rounds):
        alone = active(proxy, options)
        before = stand.rss(pid)
        with idle(proxy, options.clients, kind) as seconds:
            each = (stand.rss(pid) - before) / options.clients / 1024
            links = most_links(proxy)
            beside = active(proxy, options)
        rounds.append({"each": each, "seconds": seconds, "links": links, "alone": alone,
                       "beside": beside})
    return rounds


def most_links(proxy):
    """To one server."""
    samples = proxy.metrics().samples
    return max(value for (name, _), value in samples.items() if name == "pointsman_links_open")


def row(kind, rounds):
    """The first round tells the memory: in later ones the proxy uses again what it freed."""
    middle = statistics.median
    return [kind, f"{rounds[0]['each']:.1f} (aim {AIMS[kind]})",
            f"{middle(one['seconds'] for one in rounds):.1f} (aim < {MOST_SECONDS})",
            f"{max(one['links'] for one in rounds):.0f}",
            f"{middle(one['alone'][1] for one in rounds):.2f}",
            f"{middle(one['beside'][1] for one in rounds):.2f}",
            f"{middle(one['beside'][1] / one['alone'][1] for one in rounds):.2f}"]


def proxy_for(cluster, folder, kind, options):
    proxy = stand.proxy(cluster, folder, kind.replace(" ", "-"), ["split"],
                        pool={"max_links": options.links})
    proxy.config["listeners"][0]["max_connections"] = options.clients + 100
    return proxy


def main():
    options = parse_options()
    about = stand.machine()
    rows = [["clients", "KiB each", "seconds to accept", "links", "CPU µs/query alone",
             "beside them", "ratio"]]
    with stand.cluster() as (cluster, folder):
        workload.prepare(cluster)
        for kind in options.kind:
            stand.say(f"{options.clients} idle clients, {kind}")
            with proxy_for(cluster, folder, kind, options) as proxy:
                rows.append(row(kind, measure(proxy, kind, options)))
    print(f"{options.clients} idle clients over {options.links} links for each server;"
          f" 16 active ones, oltp_point_select, {options.rounds} rounds of {options.seconds} s")
    print(stand.machine_line(about))
    print(table.markdown(rows))
    return 0


if __name__ == "__main__":
    stand.run(main)
