#!/usr/bin/python3
"""What settings of our own cost: ./dev bench few_links | consistency [OPTION...].

One proxy for each variant stands in front of the same cluster; they take turns within a round."""

import argparse
import statistics
from contextlib import ExitStack
from dataclasses import dataclass

import stand
import table
import workload
from contenders import Contender


@dataclass
class Comparison:
    """`variants`: name → sections of the configuration; ratios are taken to the first of them."""

    variants: dict
    workloads: tuple
    connections: int
    options: tuple = ()  # of sysbench


COMPARISONS = {
    "few_links": Comparison(
        {"unshared": {"pool": {"sharing": False}},
         "shared": {},
         "8 links": {"pool": {"max_links": 8}}},
        ("oltp_point_select",), 64),
    # Without transactions, so that each session reads from replicas after writes of its own.
    "consistency": Comparison(
        {level: {"routing": {"consistency": level}} for level in ("none", "session", "global")},
        ("oltp_point_select", "oltp_read_write"), 16, ("--skip-trx=on", "--delete-inserts=0")),
}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("comparison", choices=list(COMPARISONS))
    parser.add_argument("--connections", type=int)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4, help="of one run")
    parser.add_argument("--prepared", action="store_true")
    return parser.parse_args()


def measure(proxies, name, comparison, options):
    """[{variant: Measurement} of each round]"""
    rounds = []
    variants = list(proxies)
    for turn in range(options.rounds):
        start = turn % len(variants)
        one = {}
        for variant in variants[start:] + variants[:start]:
            proxy = proxies[variant]
            contender = Contender(variant, proxy.port("split"), proxy.process.pid)
            one[variant] = workload.run(contender, name,
                                        options.connections or comparison.connections,
                                        options.seconds, options.prepared, comparison.options)
        rounds.append(one)
    return rounds


def rows_of(name, rounds):
    first = next(iter(rounds[0]))
    for variant in rounds[0]:
        def middle(field):
            return statistics.median(getattr(one[variant], field) for one in rounds)

        ratios = [one[variant].cpu_per_query / one[first].cpu_per_query for one in rounds]
        yield [name, variant, f"{middle('queries_per_second'):.0f}", f"{middle('mean'):.3f}",
               f"{middle('p99'):.2f}", f"{middle('cpu_per_query'):.2f}",
               f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} … {max(ratios):.2f}"]


def main():
    options = parse_options()
    comparison = COMPARISONS[options.comparison]
    about = stand.machine()
    rows = [["workload", "variant", "queries/s", "mean ms", "p99 ms", "CPU µs/query", "ratio",
             "from … to"]]
    with stand.cluster() as (cluster, folder), ExitStack() as stack:
        workload.prepare(cluster)
        proxies = {name: stack.enter_context(stand.proxy(cluster, folder, name.replace(" ", "-"),
                                                         ["split"], **sections))
                   for name, sections in comparison.variants.items()}
        for name in comparison.workloads:
            stand.say(f"{options.comparison}: {name}")
            rows += rows_of(name, measure(proxies, name, comparison, options))
    print(f"{options.connections or comparison.connections} connections, mode split,"
          f" {options.rounds} rounds of {options.seconds} s {' '.join(comparison.options)}")
    print(stand.machine_line(about))
    print(table.markdown(rows))
    return 0


if __name__ == "__main__":
    stand.run(main)
