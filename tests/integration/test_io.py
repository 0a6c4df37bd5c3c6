"""Sockets by epoll or by io_uring: the configuration decides, and clients can't tell."""

import os
import platform
import sys
from pathlib import Path

import pymysql
import pytest

import binaries
import pointsman
from flavour import APP

WITHOUT_SYSCALL = Path(pointsman.__file__).with_name("without_syscall.py")
IO_URING_CALLS = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427}


def session(proxy):
    return pymysql.connect(host="127.0.0.1", port=proxy.port(), user=APP[0], password=APP[1],
                           autocommit=True, database="app")


def started_lines(proxy):
    return [line for line in proxy.log_path.read_text().splitlines() if "worker started" in line]


def carries_values(proxy, table):
    with session(proxy) as connection, connection.cursor() as cursor:
        for size in (1, 100, 4096, 5000, 100_000, 3_000_000):
            cursor.execute(f"SELECT REPEAT('x', {size})")
            assert cursor.fetchone() == ("x" * size,)
            cursor.execute("SELECT LENGTH(%s)", ("y" * size,))
            assert cursor.fetchone() == (size,)
        cursor.execute(f"INSERT INTO {table} (v) VALUES ('z')")
        cursor.execute(f"/* route=primary */ SELECT COUNT(*) FROM {table} WHERE v = 'z'")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("io", ["epoll", "io_uring"])
def test_either_way_carries_sessions(start_proxy, table, io):
    proxy = start_proxy(io=io)
    log = "\n".join(started_lines(proxy))
    if io == "io_uring" and "io=io_uring" not in log:
        pytest.skip("no io_uring here: " + log)
    assert f"io={io}" in log
    carries_values(proxy, table)


def test_one_core_is_left_to_watching_the_servers(start_proxy):
    proxy = start_proxy(workers=0)
    assert len(started_lines(proxy)) == max(1, len(os.sched_getaffinity(0)) - 1)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize("call", IO_URING_CALLS)
def test_where_io_uring_is_forbidden_epoll_serves_and_the_log_says_why(
        start_proxy, table, call, monkeypatch):
    inside = binaries.Program((sys.executable, str(WITHOUT_SYSCALL), str(IO_URING_CALLS[call]),
                               *pointsman.binary().command))
    monkeypatch.setattr(pointsman, "binary", lambda: inside)
    proxy = start_proxy(io="auto", workers=1)
    (line,) = started_lines(proxy)
    assert "io=epoll" in line and f'because="{call}: Operation not permitted"' in line
    carries_values(proxy, table)
