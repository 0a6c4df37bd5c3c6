"""Which drivers there are, and what each needs."""

import os
import shutil
import subprocess
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

    def missing(self):
        return ([program for program in self.programs if not shutil.which(program)]
                + [file for file in self.files if not Path(file).exists()])

    def is_there(self):
        """Nothing needs to be installed, wherever it came from (Node is often not Debian's)."""
        return not self.missing()

    def command(self):
        """The words that start it. NotThere says what is missing."""
        missing = self.missing()
        if missing:
            raise NotThere(f"{', '.join(missing)} is missing: ./dev drivers installs"
                           f" {', '.join(self.packages)}")
        return self.prepare()


def script(*words):
    """A script of this folder under its interpreter."""
    return lambda: [*words[:-1], str(HERE / words[-1])]


def node(file):
    """A script for Node, with its packages below build/drivers/node."""
    def prepare():
        folder = BUILD / "node"
        complete = folder / ".complete"
        if not complete.exists() or complete.read_text() != " ".join(NODE_PACKAGES):
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                            "--loglevel=error", f"--prefix={folder}", *NODE_PACKAGES],
                           cwd=folder, check=True, stdout=subprocess.DEVNULL)
            complete.write_text(" ".join(NODE_PACKAGES))
        return ["node", str(HERE / file)]
    return prepare


def go(folder):
    """A program of this folder, compiled with Debian's packages."""
    def prepare():
        program = BUILD / folder
        BUILD.mkdir(parents=True, exist_ok=True)
        subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE / folder, check=True,
                       env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                            "GOCACHE": str(BUILD / "go-cache"), "GOFLAGS": ""})
        return [str(program)]
    return prepare


def java(file, library):
    """A class of this folder, compiled against a library of Debian's."""
    def prepare():
        classes = BUILD / "java"
        subprocess.run(["javac", "-cp", library, "-d", str(classes), str(HERE / file)], check=True)
        return ["java", "-cp", f"{classes}:{library}", Path(file).stem]
    return prepare


PYTHON = "/usr/bin/python3"
CONNECTOR_J = "/usr/share/java/mariadb-java-client.jar"
NODE_PACKAGES = ("mysql2@3.24.6", "mariadb@3.5.4")
NODE = {"DRIVER_NODE_MODULES": str(BUILD / "node/node_modules")}
DRIVERS = [
    Driver("pymysql", script(PYTHON, "python_pymysql.py"), ("python3-pymysql",), quick=True,
           files=("/usr/lib/python3/dist-packages/pymysql/__init__.py",)),
    Driver("mysqlclient", script(PYTHON, "python_mysqldb.py"), ("python3-mysqldb",), quick=True,
           files=("/usr/lib/python3/dist-packages/MySQLdb/__init__.py",)),
    Driver("mysqli", script("php", "-d", "mysqli.allow_local_infile=1", "php_mysqli.php"),
           ("php-cli", "php-mysql"), ("php",), quick=True,
           files=("/usr/lib/php/20220829/mysqli.so",)),
    Driver("dbd-mysql", script("perl", "perl_dbd.pl"), ("libdbd-mysql-perl",), ("perl",),
           files=("/usr/lib/x86_64-linux-gnu/perl5/5.36/DBD/mysql.pm",), quick=True),
    Driver("pdo", script("php", "php_pdo.php"), ("php-cli", "php-mysql"), ("php",),
           files=("/usr/lib/php/20220829/pdo_mysql.so",)),
    Driver("ruby-mysql2", script("ruby", "ruby_mysql2.rb"), ("ruby", "ruby-mysql2"), ("ruby",),
           files=("/usr/lib/ruby/vendor_ruby/mysql2.rb",)),
    Driver("jdbc", java("JdbcScript.java", CONNECTOR_J),
           ("default-jdk-headless", "libmariadb-java"), ("java", "javac"), files=(CONNECTOR_J,)),
    Driver("go", go("go_sql"), ("golang-go", "golang-github-go-sql-driver-mysql-dev"), ("go",),
           files=("/usr/share/gocode/src/github.com/go-sql-driver/mysql/driver.go",)),
    Driver("node-mysql2", node("node_mysql2.js"), ("nodejs", "npm"), ("node", "npm"),
           environment=NODE),
    Driver("node-mariadb", node("node_mariadb.js"), ("nodejs", "npm"), ("node", "npm"),
           environment=NODE),
]
