"""Packets to a server that are dropped without a word, or refused, by whose they are: nftables on
loopback."""

import contextlib
import itertools
import os
import re
import shutil
import socket
import subprocess

from process import free_port, wait_until

# Pointsman's new connections are known by the group that it runs under; servers run under root's.
PROXY_GROUP = 42042
_numbers = itertools.count(1)


def _streams(server):
    """The ports at which its replicas receive from it."""
    rows = server.sql("SELECT HOST FROM performance_schema.processlist"
                      " WHERE COMMAND LIKE 'Binlog Dump%%'")
    return "{ " + ", ".join(host.rsplit(":", 1)[1] for host, in rows) + " }"


def _rules(server, whose):
    """Standing connections are known by their ports: a socket that was closed has no group."""
    port = server.port
    if whose == "everyone":
        return [f"tcp dport {port} drop", f"tcp sport {port} drop"]
    streams = _streams(server)
    if whose == "proxy":
        return [f"tcp dport {port} tcp sport != {streams} drop",
                f"tcp sport {port} tcp dport != {streams} drop"]
    return [f"tcp dport {port} tcp sport {streams} drop",
            f"tcp sport {port} tcp dport {streams} drop",
            f"tcp dport {port} tcp flags & (syn|ack) == syn meta skgid != {PROXY_GROUP} drop"]


@contextlib.contextmanager
def cut_off(server, whose):
    """Nothing passes between the server and `whose` (proxy, replicas, everyone), over TCP."""
    with _filter(_rules(server, whose)):
        yield


@contextlib.contextmanager
def listener_refuses(server, also_ends=None):
    """New connections are refused, while the server lives and those that stand go on; but not those
    of `also_ends`: "proxy", or "proxy alone", which is the only one that is refused then."""
    begins = "tcp flags & (syn|ack) == syn"
    refuse = "reject with tcp reset"
    port = server.port
    rules = [f"tcp dport {port} {begins} {refuse}"]
    if also_ends == "proxy":
        rules.append(f"tcp dport {port} tcp sport != {_streams(server)} {refuse}")
    elif also_ends == "proxy alone":
        rules = [f"tcp dport {port} meta skgid {PROXY_GROUP} {refuse}"]
    with _filter(rules):
        yield


@contextlib.contextmanager
def _filter(rules):
    """The table belongs to a process of ours and goes with it, however this program ends."""
    table = f"pointsman_{os.getpid()}_{next(_numbers)}"
    lines = [f"add table inet {table} {{ flags owner; }}",
             f"add chain inet {table} out {{ type filter hook output priority 0; }}",
             *(f"add rule inet {table} out {rule}" for rule in rules)]
    owner = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", "nft", "-i"],
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, text=True)
    try:
        owner.stdin.write("\n".join(lines) + "\n")
        owner.stdin.flush()
        wait_until(lambda: len(_verdicts(table)) == len(rules), 5, "the packet filter")
        yield
    finally:
        owner.kill()
        owner.wait()
        owner.stdin.close()
        wait_until(lambda: not _listed(table), 5, "the packet filter's end")


def _listed(table):
    return subprocess.run(["nft", "list", "table", "inet", table], capture_output=True, text=True,
                          check=False).stdout


def _verdicts(table):
    return re.findall(r"(drop|reject with tcp reset)$", _listed(table), re.MULTILINE)


def why_not():
    """What keeps packets from being dropped on this machine; empty: nothing does."""
    if os.geteuid() != 0:
        return "dropping packets takes root"
    if not shutil.which("nft"):
        return "nft is missing (Debian's package nftables)"
    port = free_port()
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        try:
            stack.enter_context(_filter([f"tcp dport {port} meta skgid != {PROXY_GROUP} drop"]))
        except (OSError, TimeoutError):
            return "this kernel takes no packet filter of nft's"
        with socket.socket() as client:
            client.settimeout(0.2)
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return "this kernel's packet filter lets all through"
    return ""
