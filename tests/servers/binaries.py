"""Finds the real servers' programs: on PATH, or unpacked below build/ by get_mysql.sh."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
# Servers that are started with this never wait for the disk. Their data outlives their own death, as
# the kernel has it, and no machine dies here. Absent, all works, on a slow disk too slowly.
NO_SYNC = Path("/usr/lib/x86_64-linux-gnu/libeatmydata.so")
OLDEST_MYSQL = (8, 0, 26)  # the first with "replica" in all statements that are used here


class NotFound(Exception):
    """A program is missing; the text says which command gets it."""


@dataclass(frozen=True)
class Program:
    """How to start one program: words before its own arguments, and its environment."""

    command: tuple
    environment: dict = field(default_factory=dict)

    def run(self, *arguments, check=True, **options):
        environment = {**os.environ, **self.environment, **options.pop("env", {})}
        return subprocess.run([*self.command, *map(str, arguments)], check=check,
                              env=environment, **options)


@dataclass(frozen=True)
class Installation:
    """One flavour of server: its programs and the arguments that tell it where its files are."""

    server: Program
    server_arguments: tuple
    version: str
    plugins: Path | None = None
    share: Path | None = None


def _server(command, environment=None):
    preload = {"LD_PRELOAD": str(NO_SYNC)} if NO_SYNC.exists() else {}
    return Program(command, {**(environment or {}), **preload})


def _version_of(program):
    text = program.run("--version", capture_output=True, text=True).stdout
    return re.search(r"Ver (\S+)", text).group(1)


def _numbers(version):
    return tuple(map(int, re.match(r"(\d+)\.(\d+)\.(\d+)", version).groups()))


def unpacked_mysql_program(path):
    """A program of build/mysql (path below it), run by the loader that was unpacked with it."""
    base = BUILD / "mysql"
    libraries = base / "usr/lib/x86_64-linux-gnu"
    if not (base / path).exists():
        raise NotFound(f"{base / path} is missing: run tests/servers/get_mysql.sh")
    folders = f"{libraries}:{base}/usr/lib/mysql-router:{base}/usr/lib/mysql"
    loader = libraries / "ld-linux-x86-64.so.2"
    return Program((str(loader), "--library-path", folders, str(base / path)))


def mysql():
    """MySQL 8.0.26 or newer: the machine's own where there is one, else the unpacked one."""
    found = shutil.which("mysqld")
    if found:
        program = _server((found,))
        version = _version_of(program)
        if "MariaDB" not in version and _numbers(version) >= OLDEST_MYSQL:
            return Installation(program, (), version)
    base = BUILD / "mysql/usr"
    program = _server(unpacked_mysql_program("usr/sbin/mysqld").command)
    arguments = (f"--basedir={base}", f"--plugin-dir={base}/lib/mysql/plugin",
                 f"--lc-messages-dir={base}/share/mysql",
                 f"--character-sets-dir={base}/share/mysql/charsets", "--secure-file-priv=")
    return Installation(program, arguments, _version_of(program), base / "lib/mysql/plugin")


def mysql_client():
    """MySQL's own command line client (never MariaDB's, which answers to the same name)."""
    try:
        return unpacked_mysql_program("usr/bin/mysql")
    except NotFound:
        found = shutil.which("mysql")
        if found and "MariaDB" not in _client_version(found):
            return Program((found,))
        raise


def _client_version(path):
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout


def mariadb():
    """Debian's MariaDB server, unpacked by get_mariadb.sh."""
    base = BUILD / "mariadb/usr"
    if not (base / "sbin/mariadbd").exists():
        raise NotFound(f"{base}/sbin/mariadbd is missing: run tests/servers/get_mariadb.sh")
    program = _server((str(base / "sbin/mariadbd"),),
                      {"LD_LIBRARY_PATH": str(base / "lib/x86_64-linux-gnu")})
    arguments = (f"--basedir={base}", f"--lc-messages-dir={base}/share/mysql",
                 f"--character-sets-dir={base}/share/mysql/charsets")
    return Installation(program, arguments, _version_of(program), share=base / "share/mysql")
