"""Which drivers there are, and what each needs."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build/drivers"


class NotThere(Exception):
    """What a driver needs is missing; the text says how to get it."""


@dataclass(frozen=True)
class Driver:
    """`packages` are Debian's; `programs` must be on PATH; `prepare` gets or compiles the rest and
    gives the command."""

    name: str
    prepare: object
    packages: tuple = ()
    programs: tuple = ()
    files: tuple = ()       # proof that a package is there
    environment: dict = field(default_factory=dict)
    quick: bool = False     # part of ./dev test

    @property
    def schema(self):
        return f"drv_{self.name.replace('-', '_')}"

    def command(self):
        """The words that start it. NotThere says what is missing."""
        missing = [program for program in self.programs if not shutil.which(program)]
        missing += [file for file in self.files if not Path(file).exists()]
        if missing:
            raise NotThere(f"{', '.join(missing)} is missing: ./dev drivers installs"
                           f" {', '.join(self.packages)}")
        return self.prepare()


def script(*words):
    """A script of this folder under its interpreter."""
    return lambda: [*words[:-1], str(HERE / words[-1])]


PYTHON = "/usr/bin/python3"
DRIVERS = [
    Driver("pymysql", script(PYTHON, "python_pymysql.py"), ("python3-pymysql",), quick=True,
           files=("/usr/lib/python3/dist-packages/pymysql/__init__.py",)),
    Driver("mysqlclient", script(PYTHON, "python_mysqldb.py"), ("python3-mysqldb",), quick=True,
           files=("/usr/lib/python3/dist-packages/MySQLdb/__init__.py",)),
    Driver("mysqli", script("php", "-d", "mysqli.allow_local_infile=1", "php_mysqli.php"),
           ("php-cli", "php-mysql"), ("php",), quick=True),
]
