"""What is compared: each contender is an address to connect to and the process whose CPU counts."""

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/servers"))

import binaries  # noqa: E402
import pointsman  # noqa: E402
from flavour import APP  # noqa: E402
from process import free_port, spawn, tail, wait_until  # noqa: E402

NAMES = ("direct", "haproxy", "router", "proxysql", "pointsman-primary", "pointsman-split")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class Contender:
    """`pid` is None where there is no proxy."""

    name: str
    port: int
    pid: int | None = None


class Missing(Exception):
    """The program is not on this machine; the text says what to do about it."""


def _parents():
    parents = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        parents[int(entry.name)] = int(fields[1])
    return parents


def process_tree(pid):
    """The process and all its descendants."""
    parents, tree = _parents(), [pid]
    for member in tree:
        tree += [child for child, parent in parents.items() if parent == member]
    return tree


def cpu_seconds(pid):
    """User and system time of a process tree so far."""
    ticks = 0
    for member in process_tree(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])  # utime, stime: fields 14 and 15 of proc(5)
    return ticks / TICKS_PER_SECOND


class Proxies:
    """Starts the contenders that are asked for in front of one cluster; a context manager that
    ends them by process id."""

    def __init__(self, cluster, folder, wanted, proxysql=None):
        self.cluster = cluster
        self.folder = Path(folder)
        self.wanted = wanted
        self.proxysql = proxysql
        self.processes = []
        self.proxy = None
        self.contenders, self.missing = [], {}

    def __enter__(self):
        try:
            for name in self.wanted:
                self._add(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.proxy:
            self.proxy.kill()
        for process in self.processes:
            process.kill()
            process.wait()

    def check_alive(self):
        """A proxy that ended makes every further number of it meaningless."""
        if self.proxy:
            self.proxy.check_alive()
        for process in self.processes:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args[-1]} ended with {process.returncode}")

    def _add(self, name):
        starters = {"direct": self._direct, "haproxy": self._haproxy, "router": self._router,
                    "proxysql": self._proxysql,
                    "pointsman-primary": lambda: self._pointsman("primary"),
                    "pointsman-split": lambda: self._pointsman("split")}
        try:
            port, pid = starters[name]()
            self.contenders.append(Contender(name, port, pid))
        except (Missing, binaries.NotFound) as reason:
            self.missing[name] = str(reason)

    def _spawn(self, name, program, arguments, port):
        log = self.folder / name / "output.log"
        process = spawn(program, arguments, log, self.folder / name)
        self.processes.append(process)
        wait_until(lambda: _accepts(process, port, log), 20, f"{name} to take connections")
        return port, process.pid

    def _settings(self, name, file, text):
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
        return folder / file

    def _direct(self):
        return self.cluster.primary.port, None

    def _haproxy(self):
        found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
        if not found:
            raise Missing("haproxy is not installed")
        port = free_port()
        settings = self._settings("haproxy", "haproxy.cfg", f"""\
global
    maxconn 1000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen bench
    bind 127.0.0.1:{port}
    server primary 127.0.0.1:{self.cluster.primary.port}
""")
        return self._spawn("haproxy", binaries.Program((found,)), ["-db", "-f", settings], port)

    def _router(self):
        program = binaries.unpacked_mysql_program("usr/bin/mysqlrouter")
        base = binaries.BUILD / "mysql"
        port, folder = free_port(), self.folder / "router"
        settings = self._settings("router", "router.conf", f"""\
[DEFAULT]
logging_folder={folder}
runtime_folder={folder}
data_folder={folder}
plugin_folder={base}/usr/lib/mysqlrouter/plugin
max_total_connections=1000
unknown_config_option=warning
[logger]
level=warning
[routing:bench]
bind_address=127.0.0.1
bind_port={port}
destinations=127.0.0.1:{self.cluster.primary.port}
routing_strategy=first-available
protocol=classic
client_ssl_mode=DISABLED
server_ssl_mode=DISABLED
""")
        return self._spawn("router", program, ["-c", settings], port)

    def _proxysql(self):
        if not self.proxysql:
            raise Missing("name a binary with --proxysql PATH")
        port, admin, folder = free_port(), free_port(), self.folder / "proxysql"
        settings = self._settings("proxysql", "proxysql.cnf", f"""\
datadir="{folder}"
admin_variables={{ admin_credentials="admin:admin" mysql_ifaces="127.0.0.1:{admin}" }}
mysql_variables={{ threads={os.cpu_count()} interfaces="127.0.0.1:{port}" max_connections=1000
    monitor_enabled=false have_ssl=false server_version="8.0.36" }}
mysql_servers=({{ address="127.0.0.1" port={self.cluster.primary.port} hostgroup=0
    max_connections=400 use_ssl=0 }})
mysql_users=({{ username="{APP[0]}" password="{APP[1]}" default_hostgroup=0 }})
""")
        program = binaries.Program((self.proxysql,))
        return self._spawn("proxysql", program,
                           ["-f", "--initial", "-D", folder, "-c", settings], port)

    def _pointsman(self, mode):
        """One process with a listener for each mode; only one of them is busy at a time."""
        if self.proxy is None:
            folder = self.folder / "pointsman"
            config = pointsman.config_for(self.cluster.servers, folder, ("primary", "split"),
                                          workers=0, server_tls={"mode": "off"})
            self.proxy = pointsman.Pointsman(folder, config)
            try:
                self.proxy.start()
            except BaseException:
                self.proxy = None
                raise
        return self.proxy.port(mode), self.proxy.process.pid


def _accepts(process, port, log):
    if process.poll() is not None:
        raise RuntimeError(f"it ended with {process.returncode}:\n{tail(log, 30)}")
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
