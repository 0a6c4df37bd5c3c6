"""What the single measurements share: a cluster, proxies of ours in front of it, the clients of
bench/clients, and what a process costs."""

import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/servers"))

import binaries  # noqa: E402
import pointsman  # noqa: E402
from cluster import Cluster  # noqa: E402
from flavour import APP  # noqa: E402


class Failed(Exception):
    """A measurement could not be made."""


def say(text):
    print(f"== {text}", file=sys.stderr, flush=True)


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"cpu": model.group(1) if model else "unknown", "cores": os.cpu_count(),
            "kernel": platform.release(), "load_before": os.getloadavg()[0]}


def machine_line(about):
    return (f"{about['cores']} x {about['cpu']}, Linux {about['kernel']}, load before "
            f"{about['load_before']:.2f}, after {os.getloadavg()[0]:.2f}")


@contextlib.contextmanager
def own_folder():
    """A folder of this process below build/bench-run/, gone afterwards."""
    folder = binaries.BUILD / "bench-run" / str(os.getpid())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def cluster(servers=3):
    """→ (cluster, folder)."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with own_folder() as folder, Cluster(folder / "cluster", servers, say=say) as started:
        yield started, folder


def proxy(started, folder, name="pointsman", modes=("primary", "split"), **sections):
    """One of ours, not started; servers are spoken to without TLS unless `sections` says more."""
    sections = {"server_tls": {"mode": "off"}, "workers": 0, **sections}
    folder = folder / name
    return pointsman.Pointsman(folder, pointsman.config_for(started.servers, folder, modes,
                                                            **sections))


def cpu_seconds(pid):
    """What all threads of a process have used; finer than the ticks of its stat."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def rss(pid):
    """Bytes of memory that a process holds now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def clients_program():
    """Built beside the proxy that is measured."""
    path = Path(pointsman.binary().command[-1]).parent / "bench/clients"
    if not path.exists():
        raise binaries.NotFound(f"{path} is missing: ./dev bench builds it")
    return path


def clients(kind, port, *arguments):
    """bench/clients as the account of the tests, started."""
    words = [clients_program(), kind, port, *APP, *arguments]
    return subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


def run(main):
    """The frame of a program: `main()` returns the exit code."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, AssertionError, TimeoutError, Failed) as reason:
        say(str(reason))
        sys.exit(1)
