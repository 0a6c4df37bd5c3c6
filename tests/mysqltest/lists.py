"""The two lists beside this file: the tests that are run, and those left out with a reason each."""

import re
from pathlib import Path

from suite import SUITE, all_tests, disabled, reason_to_leave_out

HERE = Path(__file__).resolve().parent
CHOSEN = HERE / "tests.txt"
LEFT_OUT = HERE / "left_out.txt"

CHOSEN_HEAD = """\
# Tests of MySQL's main suite that pass against the bare server, with the seconds that they take there.
# Written by `run --select`. A star: part of what `./dev test` runs.
"""
LEFT_OUT_HEAD = """\
# Tests of MySQL's main suite that are not run through Pointsman, each with a reason. Those that
# start with "bare server:" do not pass there without special options, and are written by
# `run --select`; the others that pass there look at something of which there are two with a proxy.
"""
BARE = "bare server: "


def _lines(path):
    if not path.exists():
        return []
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def chosen():
    """The tests to run: name → seconds against the bare server."""
    return {line.split()[0]: float(line.split()[1]) for line in _lines(CHOSEN)}


def scheduled():
    """The part of chosen() for every day."""
    return [line.split()[0] for line in _lines(CHOSEN) if line.endswith("*")]


def left_out():
    """The others: name → reason."""
    return dict(line.split(": ", 1) for line in _lines(LEFT_OUT))


def candidates():
    """The tests that could pass against a bare server, and the reasons of the others."""
    off = disabled()
    tests = all_tests()
    reasons = {name: reason_to_leave_out(test, off) for name, test in tests.items()}
    return ([tests[name] for name, reason in reasons.items() if not reason],
            {name: BARE + reason for name, reason in reasons.items() if reason})


def bare_reason(outcome):
    """What a test's outcome against the bare server says about it, in one line."""
    if outcome.verdict == "late":
        return f"{BARE}takes too long on a small machine"
    if outcome.verdict == "skipped":
        text = " ".join(outcome.text.split())
        asked = re.search(r"Detected in file \S*?(include/[\w./-]+)", text)
        return f"{BARE}skips itself, {asked[1] if asked else text[:100]} says no here"
    said = outcome.text.replace(str(SUITE.resolve().parent), "").replace(str(SUITE.parent), "")
    error = re.search(r"^mysqltest: (.*)", said, re.MULTILINE)
    returned = re.search(r"Returned error: (\w+)", said)
    shown = " ".join((error[1] if error else said).split())[:120]
    return BARE + (shown or "fails") + (f" ({returned[1]})" if returned else "")


def write(reasons, seconds):
    """Both lists; reasons of our own making and stars stay."""
    kept = {name: reason for name, reason in left_out().items() if not reason.startswith(BARE)}
    stars = set(scheduled())
    everything = {**{name: text for name, text in kept.items() if name in seconds}, **reasons}
    LEFT_OUT.write_text(LEFT_OUT_HEAD + "".join(
        f"{name}: {reason}\n" for name, reason in sorted(everything.items())))
    CHOSEN.write_text(CHOSEN_HEAD + "".join(
        f"{name} {taken}{' *' if name in stars else ''}\n"
        for name, taken in sorted(seconds.items()) if name not in everything))


def complain_about_incomplete():
    """Every test of the suite stands in exactly one list."""
    names, run, out = set(all_tests()), set(chosen()), set(left_out())
    for name in sorted((names - run - out) | (run & out)):
        print(f"not in exactly one of the lists: {name}")
