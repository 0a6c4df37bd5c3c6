#!/usr/bin/python3
"""Compares proxies in front of the same real MySQL cluster: ./dev bench [OPTION...].

README.md tells the method and how to read the table."""

import argparse
import dataclasses
import json
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import contenders  # noqa: E402
import table  # noqa: E402
import workload  # noqa: E402
from cluster import Cluster  # noqa: E402
from stand import machine, own_folder, say  # noqa: E402


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true",
                        help="one round of 3 s with 16 connections and oltp_point_select only")
    parser.add_argument("--workload", action="append", choices=workload.NAMES)
    parser.add_argument("--connections", action="append", type=int)
    parser.add_argument("--contenders", help="comma-separated: " + ", ".join(contenders.NAMES))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="measured seconds of one run")
    parser.add_argument("--prepared", action="store_true",
                        help="prepared statements instead of text")
    parser.add_argument("--proxysql", metavar="PATH", help="a ProxySQL binary to compare with")
    parser.add_argument("--json", metavar="FILE", help="all single measurements")
    options = parser.parse_args()
    options.workload = options.workload or list(workload.NAMES[:1 if options.quick else None])
    options.connections = options.connections or ([16] if options.quick else [1, 16, 64])
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = options.seconds or (3 if options.quick else 8)
    options.contenders = wanted_contenders(parser, options)
    return options


def wanted_contenders(parser, options):
    if not options.contenders:
        return [name for name in contenders.NAMES if name != "proxysql" or options.proxysql]
    wanted = options.contenders.split(",")
    unknown = set(wanted) - set(contenders.NAMES)
    if unknown:
        parser.error(f"unknown contenders: {', '.join(sorted(unknown))}")
    return wanted


def measure(proxies, options):
    """→ {(workload, connections): [{contender: Measurement} per round]} and the failures.
    Contenders take turns within a round, so that what the machine does besides meets all alike."""
    results, failures = {}, []
    kinds = [(name, count) for name in options.workload for count in options.connections]
    for index, (name, connections) in enumerate(kinds):
        rounds = results[name, connections] = []
        say(f"{name}, {connections} connections ({index + 1} of {len(kinds)})")
        for turn in range(options.rounds):
            one = {}
            for contender in in_turn(proxies.contenders, turn):
                try:
                    one[contender.name] = workload.run(contender, name, connections,
                                                       options.seconds, options.prepared)
                except workload.Failed as reason:
                    failures.append(f"{name}, {connections} connections: {reason}")
                    proxies.check_alive()
            rounds.append({c.name: one[c.name] for c in proxies.contenders if c.name in one})
    return results, failures


def in_turn(items, turn):
    """Each round begins with another one."""
    start = turn % len(items)
    return items[start:] + items[:start]


def report(results, options, about):
    print(f"{about['cores']} x {about['cpu']}, Linux {about['kernel']}, load before "
          f"{about['load_before']:.2f}; {options.rounds} rounds of {options.seconds} s, "
          f"{'prepared statements' if options.prepared else 'text protocol'}, plain TCP on loopback")
    print("medians over the rounds; in parentheses the ratio to HAProxy in the same round")
    print(table.render({key: table.summarize(rounds) for key, rounds in results.items()}))


def write_json(path, results, about, options):
    runs = [{"workload": name, "connections": connections, "round": number,
             "contender": contender, **dataclasses.asdict(measurement)}
            for (name, connections), rounds in results.items()
            for number, one in enumerate(rounds) for contender, measurement in one.items()]
    shown = {"machine": about, "seconds": options.seconds, "prepared": options.prepared,
             "time": int(time.time()), "runs": runs}
    Path(path).write_text(json.dumps(shown, indent=1) + "\n")


def run_in(folder, options):
    with Cluster(folder / "cluster", say=say) as cluster:
        say("filling the table")
        workload.prepare(cluster)
        with contenders.Proxies(cluster, folder, options.contenders, options.proxysql) as proxies:
            for name, reason in proxies.missing.items():
                say(f"without {name}: {reason}")
            return measure(proxies, options)


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    about = machine()
    with own_folder() as folder:
        results, failures = run_in(folder, options)
    report(results, options, about)
    if options.json:
        write_json(options.json, results, about, options)
    for failure in failures:
        say(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, AssertionError, TimeoutError, workload.Failed) as reason:
        say(str(reason))
        sys.exit(1)
