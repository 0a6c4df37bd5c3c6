"""MySQL's main suite as it was unpacked: which tests there are, and which need more than a server."""

import re
from dataclasses import dataclass
from pathlib import Path

import binaries

SUITE = binaries.BUILD / "mysqltest"

# What a test (or a file that it reads) contains, and what that means. The first match counts.
NEEDS_MORE = [
    (r"(restart|kill|shutdown|start|wait_until_disconnected_then_re)_mysqld|shutdown_server"
     r"|restart_mysqld|\.expect\b|^\s*(--)?\s*shutdown\s*;", "restarts the server"),
    (r"MYSQLD_(CMD|INSTALL_CMD|BOOTSTRAP_CMD|EXTRA)|\$MYSQLD\b", "starts servers of its own"),
    (r"include/(master-slave|rpl_init|rpl/init_source_replica|group_replication)\.inc",
     "sets up replication of its own"),
    (r"include/force_myisam_default\.inc", "starts the server with another default engine"),
    (r"have_debug(_sync)?\.inc", "needs a debug build of the server"),
    (r"include/big_test\.inc", "is a big test, run on demand only"),
    (r"include/have_ndb", "needs the NDB engine"),
    (r"\$[A-Z_]*(PLUGIN|COMPONENT|UDF|SERVICE)[A-Z_]*_(OPT|DIR|LOAD|LIB)\b|\bUDF_EXAMPLE_LIB",
     "loads a test plugin that only the suite's own server has"),
    (r"(exec|system).*\b(unzip|zip)\b", "unpacks an old data folder"),
]


@dataclass(frozen=True)
class Test:
    """One file of the suite's folder t/."""

    name: str

    @property
    def script(self):
        return SUITE / "t" / f"{self.name}.test"

    @property
    def result(self):
        return SUITE / "r" / f"{self.name}.result"


def all_tests():
    """Every test of the main suite, by name."""
    return {path.stem: Test(path.stem) for path in sorted((SUITE / "t").glob("*.test"))}


def disabled():
    """Tests that MySQL itself does not run: name → its reason."""
    lines = (SUITE / "collections/disabled.def").read_text().splitlines()
    found = (re.match(r"main\.(\w[\w-]*)\s*(?:@\w+\s*)?:\s*(.*)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def reason_to_leave_out(test, disabled_tests):
    """Why a test needs more than a running server with usual options; None when nothing says so."""
    if test.name in disabled_tests:
        return f"disabled by MySQL: {disabled_tests[test.name]}"
    if not test.result.exists():
        return "has no result file to compare with"
    for ending, meaning in (("-master.opt", "starts the server with options of its own"),
                            (".opt", "starts the server with options of its own"),
                            (".cnf", "brings a server configuration of its own"),
                            ("-master.sh", "runs a script before the server starts"),
                            ("-client.opt", "starts the client with options of its own")):
        if (SUITE / "t" / (test.name + ending)).exists():
            return meaning
    text = _with_included(test.script)
    for pattern, meaning in NEEDS_MORE:
        if re.search(pattern, text, re.MULTILINE):
            return meaning
    return None


def _with_included(path, seen=None):
    """The text of a test and of all that it reads, without comments."""
    seen = set() if seen is None else seen
    if path in seen or not path.is_file():
        return ""
    seen.add(path)
    text = re.sub(r"^\s*#.*$", "", path.read_text(errors="replace"), flags=re.MULTILINE)
    parts = [text]
    for name in re.findall(r"^\s*(?:--\s*)?source\s+([\w./-]+)", text, re.MULTILINE):
        parts.append(_with_included(SUITE / name, seen))
    return "\n".join(parts)
