#!/usr/bin/python3
"""Runs every test that is built, counts them, and says `N passed, N failed` last.

Unit test programs run plain, under AddressSanitizer with UndefinedBehaviorSanitizer, and where
threads meet under ThreadSanitizer; then pytest runs tests/integration and tests/takeover against
real servers, and a part of MySQL's own test suite runs through the proxy."""

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build/test-results"
UNIT_TIMEOUT = 900
INTEGRATION_TIMEOUT = 3600
SUITE_TIMEOUT = 900
NO_SUCH_SERVER = 77  # of tests/mysqltest/run

# build folder, which programs, tags that select tests, words before the command. ThreadSanitizer of
# g++ 12 cannot live with the address randomisation of newer kernels. Simulations take sixteen times
# as long under AddressSanitizer; a tenth of the seeds goes through the same code.
FLAVOURS = [
    ("release", "*_tests", None, []),
    ("asan", "*_tests", None, ["env", "POINTSMAN_SIM_SEEDS=100"]),
    ("tsan", "*_tests", "[threads]", ["setarch", "-R"]),
]


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

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


def run_unit(folder, program, tags, prefix, text, tally):
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
    passed_before = tally.passed
    failed = count_unit(report, label, tally)
    if code != 0 and not failed:
        tally.fail(f"{label}: ended with {code}")
        failed = 1
    if failed:
        sys.stdout.write(output.read_text(errors="replace")[-4000:])
        sys.stdout.write(first_expressions(report))
    print(f"   {label}: {tally.passed - passed_before} passed, {failed} failed"
          f" ({time.monotonic() - started:.1f} s)", flush=True)


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
    for folder, pattern, tags, prefix in FLAVOURS:
        print(f"== unit tests, {folder}", flush=True)
        for program in sorted((ROOT / "build" / folder / "tests").glob(pattern)):
            if program.is_file() and os.access(program, os.X_OK):
                run_unit(folder, program, tags, prefix, text, tally)


def run_pytest(folder, text, tally):
    print(f"== {folder} tests", flush=True)
    report = RESULTS / f"{folder}.xml"
    report.unlink(missing_ok=True)
    command = ["/usr/bin/python3", "-m", "pytest", "-v", "--tb=short", "-p", "no:cacheprovider",
               f"--junitxml={report}", f"tests/{folder}"]
    try:
        code = subprocess.run(command, cwd=ROOT, timeout=INTEGRATION_TIMEOUT, check=False,
                              env={**os.environ, "POINTSMAN_TEST_FILTER": text}).returncode
    except subprocess.TimeoutExpired:
        code = f"no end within {INTEGRATION_TIMEOUT} s"
    before = tally.failed
    if report.exists():
        count_integration(report, tally)
    nothing_selected = 5
    if code not in (0, nothing_selected) and tally.failed == before:
        tally.fail(f"pytest ended with {code}")


def count_integration(report, tally):
    for case in xml.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            tally.fail(f"{case.get('classname')}::{case.get('name')}")
        elif "skipped" in kinds:
            tally.skipped += 1
        else:
            tally.passed += 1


def run_suite(text, tally):
    """The scheduled part of MySQL's own suite. What is missing is fetched; without it, it failed."""
    print("== MySQL's own tests through Pointsman", flush=True)
    command = ["tests/mysqltest/run", "--scheduled", "--verbose"]
    if text and text not in "mysqltest":
        command.append(f"--filter={text}")
    log = RESULTS / "mysqltest.log"
    with open(log, "wb") as output:
        try:
            code = subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=False,
                                  timeout=SUITE_TIMEOUT).returncode
        except subprocess.TimeoutExpired:
            code = f"no end within {SUITE_TIMEOUT} s"
    said = log.read_text(errors="replace")
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
    run_units(text, tally)
    run_pytest("integration", text, tally)
    run_pytest("takeover", text, tally)
    run_suite(text, tally)
    for failure in tally.failures:
        print(f"FAILED {failure}")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
