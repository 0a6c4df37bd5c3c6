"""Child processes that never outlive the program that started them, and ports for them."""

import fcntl
import os
import random
import socket
import subprocess
import time
from pathlib import Path


def free_port():
    """A loopback port nobody listens on, outside the range that outgoing connections use. No port is
    given twice, to this program or another that runs at the same time: the first to ask may not
    listen yet when the next one asks."""
    while True:
        port = random.randint(15000, 32000)
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0pointsman-test-port-{port}")  # a name that goes with the process
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port


_claims = []


def exclusive_folder(base):
    """The folder `base`, or `base-2` and so on when another program uses that one now: two runs of the
    tests at once must not share data folders. It is ours until this process ends."""
    for number in range(1, 100):
        folder = Path(f"{base}-{number}" if number > 1 else base)
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "lock", "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _held_locks.append(lock)
        return folder
    raise RuntimeError(f"{base} and its neighbours are all in use")


_held_locks = []


def spawn(program, arguments, log_path, cwd=None, environment=None, group=None):
    """Starts a program with its output in a file. The kernel kills it when its parent dies, so even
    a parent ended by SIGKILL leaves nothing running. Call it from the main thread: for the kernel
    the parent is the thread. With `group` it runs under this group's id, by which packet filters
    know what is its own (root may do that)."""
    as_group = [f"--regid={group}", "--clear-groups"] if group else []
    log = open(log_path, "ab")
    try:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *as_group, "--", *program.command,
             *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
            env={**os.environ, **program.environment, **(environment or {})},
            start_new_session=True)  # Ctrl-C is for the parent, which then ends its children
    finally:
        log.close()


def wait_until(condition, timeout, what, interval=0.02):
    """Polls until condition() is true and returns its value; TimeoutError names what was awaited."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout} s still waiting for {what}")
        time.sleep(interval)


def tail(path, lines=15):
    """The last lines of a file, for error messages."""
    try:
        with open(path, errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except FileNotFoundError:
        return ""
