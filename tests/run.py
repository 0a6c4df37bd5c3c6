#!/usr/bin/python3
"""Runs every test that is built, counts them, and says `N passed, N failed` last.

Unit test programs run plain, under AddressSanitizer with UndefinedBehaviorSanitizer, and where
threads meet under ThreadSanitizer, several programs at a time; then pytest runs tests/integration
and tests/takeover against real servers, several files at a time, each lane with clusters of its
own, and beside them a part of MySQL's own test suite runs through the proxy."""

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from machine import Machine

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build/test-results"
SUITE_LOG = RESULTS / "mysqltest.log"
UNIT_TIMEOUT = 900
SERVERS_TIMEOUT = 1800
LAST_WORDS_TIMEOUT = 60  # for pytest to write its report when it is told to stop
ONE_TEST_TIMEOUT = 300
FAILURES_TO_STOP_AT = 30  # then it is the machine or everything, and more would tell no more
SUITE_TIMEOUT = 900
NO_SUCH_SERVER = 77  # of tests/mysqltest/run
CORES = len(os.sched_getaffinity(0))
LANES = CORES + 1  # programs or files at a time: tests wait a lot

# build folder, which programs, tags that select tests, words before the command. ThreadSanitizer of
# g++ 12 cannot live with the address randomisation of newer kernels. Simulations take sixteen times
# as long under AddressSanitizer; a part of the seeds goes through the same code.
FLAVOURS = [
    ("release", "*_tests", None, []),
    ("asan", "*_tests", None, ["env", "POINTSMAN_SIM_SEEDS=60"]),
    ("tsan", "*_tests", "[threads]", ["setarch", "-R"]),
]


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.failures += other.failures

    def fail(self, what):
        self.failed += 1
        self.failures.append(what)


def catch_pattern(text):
    """Catch2's spelling of "has this text in its name"."""
    return '"*' + re.sub(r'([\\,\["])', r"\\\1", text) + '*"'


def unit_selection(program, tags, text):
    if not text or text in program.name:
        return [tags] if tags else []
    return [(tags or "") + catch_pattern(text)]


def count_unit(report, label, tally):
    """Adds up the test cases of one Catch2 report, also of one that a crash cut short."""
    content = report.read_text(errors="replace") if report.exists() else ""
    cases = re.split(r"<TestCase ", content)[1:]
    before = tally.failed
    for case in cases:
        name = re.search(r'name="([^"]*)"', case)
        name = name.group(1) if name else "?"
        if 'OverallResult success="true"' in case:
            tally.passed += 1
        else:
            tally.fail(f"{label}: {name}")
    return tally.failed - before


def run_unit(folder, program, tags, prefix, text):
    label = f"{folder}/{program.name}"
    report = RESULTS / f"{folder}-{program.name}.xml"
    output = RESULTS / f"{folder}-{program.name}.log"
    report.unlink(missing_ok=True)
    started = time.monotonic()
    with open(output, "wb") as log:
        try:
            code = subprocess.run(
                [*prefix, str(program), *unit_selection(program, tags, text),
                 "-r", "xml", "-o", str(report)],
                stdout=log, stderr=log, cwd=ROOT, timeout=UNIT_TIMEOUT, check=False,
                env={**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"}).returncode
        except subprocess.TimeoutExpired:
            code = f"no end within {UNIT_TIMEOUT} s"
    own = Tally()
    failed = count_unit(report, label, own)
    if code != 0 and not failed:
        own.fail(f"{label}: ended with {code}")
    said = ""
    if own.failed:
        said = output.read_text(errors="replace")[-4000:] + first_expressions(report)
    print(f"{said}   {label}: {own.passed} passed, {own.failed} failed"
          f" ({time.monotonic() - started:.1f} s)", flush=True)
    return own


def first_expressions(report, limit=5):
    """What failed in a report, as one reads it."""
    try:
        tree = xml.parse(report)
    except (xml.ParseError, FileNotFoundError):
        return ""
    lines = []
    for expression in tree.iter("Expression"):
        if expression.get("success") == "false":
            lines.append(f"{expression.get('filename')}:{expression.get('line')}: "
                         f"{(expression.findtext('Original') or '').strip()}\n    got "
                         f"{(expression.findtext('Expanded') or '').strip()[:500]}\n")
    return "".join(lines[:limit])


def run_units(text, tally):
    print("== unit tests", flush=True)
    with ThreadPoolExecutor(LANES) as pool:
        runs = [pool.submit(run_unit, folder, program, tags, prefix, text)
                for folder, pattern, tags, prefix in FLAVOURS
                for program in sorted((ROOT / "build" / folder / "tests").glob(pattern))
                if program.is_file() and os.access(program, os.X_OK)
                and (folder == "release" or program.name != "tidy_tests")]  # that reads sources
        for run in runs:
            tally.add(run.result())


def files_longest_first(report):
    """The files of tests against servers. A long one that comes last would keep one lane alone, so
    those that took long in the last run come first, after those that nobody knows yet."""
    took = {}
    if report.exists():
        for case in xml.parse(report).iter("testcase"):
            name = case.get("classname", "").replace(".", "/") + ".py"
            took[name] = took.get(name, 0) + float(case.get("time", 0))
    files = [str(file.relative_to(ROOT)) for folder in ("integration", "takeover")
             for file in sorted((ROOT / "tests" / folder).glob("test_*.py"))]
    return sorted(files, key=lambda name: took.get(name, float("inf")), reverse=True)


def run_pytest(text, tally):
    print("== tests against real servers", flush=True)
    files = files_longest_first(RESULTS / "servers.xml")
    report = RESULTS / ("servers-filtered.xml" if text else "servers.xml")
    report.unlink(missing_ok=True)
    command = ["/usr/bin/python3", "-m", "pytest", "--tb=short", "-p", "no:cacheprovider",
               "--instafail", f"--timeout={ONE_TEST_TIMEOUT}", f"--maxfail={FAILURES_TO_STOP_AT}",
               f"--numprocesses={LANES}", "--dist=loadfile", f"--junitxml={report}", *files]
    code = wait_for_pytest(subprocess.Popen(command, cwd=ROOT, env={
        **os.environ, "POINTSMAN_TEST_FILTER": text}))
    before = tally.failed
    if report.exists():
        count_servers(report, tally)
    nothing_selected = 5
    if code not in (0, nothing_selected) and tally.failed == before:
        tally.fail(f"pytest ended with {code}")


def wait_for_pytest(process):
    """Its exit code. One that takes too long is asked to stop, and says then what it knows."""
    try:
        return process.wait(SERVERS_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(LAST_WORDS_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return f"no end within {SERVERS_TIMEOUT} s"


def count_servers(report, tally):
    for case in xml.parse(report).iter("testcase"):
        kinds = {child.tag: child for child in case}
        wrong = kinds.get("failure", kinds.get("error"))
        if wrong is not None:
            reason = " ".join(wrong.get("message", "").split())[:200]
            tally.fail(f"{case.get('classname')}::{case.get('name')}: {reason}")
        elif "skipped" in kinds:
            tally.skipped += 1
        else:
            tally.passed += 1


def start_suite(text):
    """The scheduled part of MySQL's own suite. What is missing is fetched; without it, it failed."""
    command = ["tests/mysqltest/run", "--scheduled", "--verbose"]
    if text and text not in "mysqltest":
        command.append(f"--filter={text}")
    with open(SUITE_LOG, "wb") as output:
        return subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)


def finish_suite(suite, tally):
    print("== MySQL's own tests through Pointsman", flush=True)
    try:
        code = suite.wait(SUITE_TIMEOUT)
    except subprocess.TimeoutExpired:
        suite.terminate()
        suite.wait()
        code = f"no end within {SUITE_TIMEOUT} s"
    said = SUITE_LOG.read_text(errors="replace")
    if code == NO_SUCH_SERVER:
        tally.skipped += 1
        print(f"   skipped: {said.strip()}", flush=True)
        return
    verdicts = re.findall(r"^   (passed|failed|late|skipped) [^:]*: (\S+)", said, re.MULTILINE)
    failures = [name for verdict, name in verdicts if verdict != "passed"]
    tally.passed += len(verdicts) - len(failures)
    for name in failures:
        tally.fail(f"mysqltest: {name}")
    if code != 0 and not failures:
        tally.fail(f"tests/mysqltest/run ended with {code}")
    if code != 0:
        sys.stdout.write(said[-6000:])
    print(f"   mysqltest: {len(verdicts) - len(failures)} passed, {len(failures)} failed", flush=True)


def main():
    text = sys.argv[1] if len(sys.argv) > 1 else ""
    RESULTS.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    machine = Machine(ROOT)
    run_units(text, tally)
    suite = start_suite(text)
    try:
        run_pytest(text, tally)
        finish_suite(suite, tally)
    finally:
        suite.terminate()
    for failure in tally.failures:
        print(f"FAILED {failure}")
    if tally.failures:
        print(machine.describe())
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
