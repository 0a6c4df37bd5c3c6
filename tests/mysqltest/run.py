#!/usr/bin/python3
"""Runs MySQL's own test suite against the bare server and through Pointsman, and compares.

Without options: every test of the lists, first against the bare server, then through Pointsman; those
that pass there must pass here. README.md tells about the lists and how they are made."""

import argparse
import ctypes
import multiprocessing
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "servers"))

import binaries
import lists
from mysqltest import Runner, keep_logs
from process import exclusive_folder
from stand import Stand
from suite import all_tests

NO_MORE = None
PR_SET_PDEATHSIG = 1


def work(number, options, through, tasks, outcomes):
    """One lane: a process with a stand of its own that takes tests until there are no more."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    stand = Stand(exclusive_folder(f"{options.dir}/lane{number}"), options.servers, through)
    kept = Path(options.dir) / "failures" / (through or "bare")
    stand.start()
    try:
        runner = Runner(stand, options.limit)
        for test in iter(tasks.get, NO_MORE):
            outcome = runner.run(test)
            if outcome.verdict in ("failed", "late"):
                keep_logs(runner, kept / test.name)
                (kept / test.name / "output.txt").write_text(outcome.text)
            outcomes.put((test.name, outcome, stand.clean_up(afresh=outcome.verdict == "late")))
    finally:
        stand.stop()


def run_all(tests, options, through, report):
    """Runs the tests in lanes; report(name, outcome, left) is called for each as it ends."""
    tasks, outcomes = multiprocessing.Queue(), multiprocessing.Queue()
    lanes = [multiprocessing.Process(target=work, args=(number, options, through, tasks, outcomes))
             for number in range(1, min(options.lanes, len(tests)) + 1)]
    for test in tests:
        tasks.put(test)
    for _ in lanes:
        tasks.put(NO_MORE)
    for lane in lanes:
        lane.start()
    try:
        for _ in tests:
            report(*next_outcome(outcomes, lanes))
        for lane in lanes:
            lane.join()
    finally:
        for lane in lanes:
            lane.terminate()
            lane.join()


def next_outcome(outcomes, lanes):
    """The next outcome of any lane; an error when a lane died."""
    while True:
        try:
            return outcomes.get(timeout=1)
        except Exception as error:  # queue.Empty of multiprocessing
            broken = [lane.exitcode for lane in lanes if lane.exitcode not in (None, 0)]
            if broken:
                raise SystemExit(f"a lane ended with {broken[0]}, see above") from error


class Progress:
    """Collects outcomes and says what is worth saying."""

    def __init__(self, total, where, verbose):
        self.total, self.where, self.verbose = total, where, verbose
        self.outcomes = {}
        self.began = time.monotonic()

    def __call__(self, name, outcome, left):
        self.outcomes[name] = outcome
        if self.verbose or outcome.verdict in ("failed", "late"):
            print(f"   {outcome.verdict} {self.where}: {name} ({outcome.seconds} s)"
                  + (f" left {left[0][:200]}" if left else ""), flush=True)
        if len(self.outcomes) % 50 == 0:
            print(f"== {len(self.outcomes)} of {self.total} {self.where},"
                  f" {time.monotonic() - self.began:.0f} s", flush=True)


def outcomes_of(tests, options, through):
    where = f"through Pointsman ({through})" if through else "against the bare server"
    print(f"== {len(tests)} tests {where}", flush=True)
    progress = Progress(len(tests), where, options.verbose)
    run_all(tests, options, through, progress)
    return progress.outcomes


def selected_tests(options):
    known = all_tests()
    if options.names:
        unknown = [name for name in options.names if name not in known]
        if unknown:
            raise SystemExit(f"the main suite has no test {unknown[0]}")
        return [known[name] for name in options.names]
    if options.scheduled:
        return [known[name] for name in lists.scheduled() if options.filter in name]
    return [known[name] for name in lists.chosen()]


def compare(tests, options):
    """Against the bare server, then through the proxy. Returns whether all is the same."""
    if not tests:
        print("no test has that name")
        return True
    if options.scheduled or options.trust_list:
        bare = [test.name for test in tests]
    else:
        outcomes = outcomes_of(tests, options, None)
        bare = [name for name, outcome in outcomes.items() if outcome.passed]
        for name in sorted(set(outcomes) - set(bare)):
            print(f"not counted, it does not pass against the bare server: {name}")
    through = outcomes_of([test for test in tests if test.name in bare], options, options.mode)
    differ = sorted(name for name, outcome in through.items() if not outcome.passed)
    for name in differ:
        print(f"\nDIFFERS {name}: {through[name].verdict}\n{through[name].text[-3000:]}")
    if not options.scheduled and not options.names:
        lists.complain_about_incomplete()
    print(f"{len(through) - len(differ)} passed, {len(differ)} failed")
    return bool(through) and not differ


def select(options):
    """Makes the lists anew from what the bare server passes, twice."""
    candidates, reasons = lists.candidates()
    for _ in range(2):
        outcomes = outcomes_of(candidates, options, None)
        for name, outcome in outcomes.items():
            if not outcome.passed:
                reasons[name] = lists.bare_reason(outcome)
        candidates = [test for test in candidates if outcomes[test.name].passed]
    lists.write(reasons, {test.name: outcomes[test.name].seconds for test in candidates})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="only these tests")
    parser.add_argument("--scheduled", action="store_true",
                        help="the part that ./dev test runs; relies on the lists")
    parser.add_argument("--filter", default="", help="of these, those with this in their name")
    parser.add_argument("--trust-list", action="store_true",
                        help="does not run them against the bare server first")
    parser.add_argument("--select", action="store_true",
                        help="makes the lists anew with the bare server, twice over")
    parser.add_argument("--mode", choices=["split", "primary"], default="split")
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--limit", type=float, help="seconds for one test (240; --select: 60)")
    parser.add_argument("--dir", default=str(binaries.BUILD / "mysqltest-run"))
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.limit = options.limit or (60 if options.select else 240)
    if options.select:
        select(options)
        return 0
    return 0 if compare(selected_tests(options), options) else 1


if __name__ == "__main__":
    sys.exit(main())
