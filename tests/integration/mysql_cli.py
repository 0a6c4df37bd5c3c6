"""MySQL's own command line client, kept open: it knows CLIENT_DEPRECATE_EOF, which PyMySQL does not,
and so is told more of what changes."""

import os
import subprocess

import binaries
from flavour import APP


class MysqlCli:
    """A context manager."""

    def __init__(self, proxy, database="app"):
        program = binaries.mysql_client()
        self.process = subprocess.Popen(
            [*program.command, "--no-defaults", "-h127.0.0.1", f"-P{proxy.port()}", f"-u{APP[0]}",
             "--batch", "--skip-column-names", "--comments", "--unbuffered", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **program.environment, "MYSQL_PWD": APP[1]})

    def value(self, sql):
        """Of statements that give one line in all: that line, or the error."""
        self.process.stdin.write(f"{sql};\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
