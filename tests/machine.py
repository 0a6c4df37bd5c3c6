"""What the machine was short of while tests ran, for who reads of a failure and was not there."""

import os
import re
import shutil
import threading
import time
from pathlib import Path

PERIOD = 2  # seconds between two looks


def _number(path, pattern):
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:  # an older kernel, or one that does not tell
        return 0
    return int(found.group(1)) if found else 0


def _counters(folder):
    """Those that only grow: what one asks is by how much. (The kernel's own pressure of I/O is of no
    use here: a worker that waits on its io_uring counts as waiting for a disk.)"""
    device = os.stat(folder).st_dev
    disk = f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat"
    return {"disk busy (ms)": _number(disk, r"^ *(?:\d+ +){9}(\d+)"),
            "stalled for memory (us)": _number("/proc/pressure/memory", r"^full .*total=(\d+)"),
            "stolen by the host (ticks)": _number("/proc/stat", r"^cpu +(?:\d+ +){7}(\d+)"),
            "processes killed for memory": _number("/proc/vmstat", r"^oom_kill (\d+)")}


class Machine:
    """Looks every other second from its making on; describe() is one line of text."""

    def __init__(self, folder):
        self._folder = folder
        self._started = time.monotonic()
        self._before = _counters(folder)
        self._memory = self._disk = float("inf")
        self._requests = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while True:
            self._look()
            time.sleep(PERIOD)

    def _look(self):
        available = _number("/proc/meminfo", r"^MemAvailable: +(\d+)") >> 10
        self._memory = min(self._memory, available)
        self._disk = min(self._disk, shutil.disk_usage(self._folder).free >> 20)
        self._requests = max(self._requests, _number("/proc/sys/fs/aio-nr", r"(\d+)"))

    def describe(self):
        self._look()
        grown = {name: value - self._before[name] for name, value in _counters(self._folder).items()}
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        return (f"machine: at least {self._memory} MiB of memory and {self._disk} MiB of disk free,"
                f" at most {self._requests} AIO requests, load {load};"
                f" in {time.monotonic() - self._started:.0f} s "
                + ", ".join(f"{name}: {value}" for name, value in grown.items()))
