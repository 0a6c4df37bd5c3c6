"""Sockets by epoll or by io_uring: the configuration decides, and clients can't tell."""

import pymysql
import pytest

from flavour import APP


def session(proxy):
    return pymysql.connect(host="127.0.0.1", port=proxy.port(), user=APP[0], password=APP[1],
                           autocommit=True, database="app")


@pytest.mark.parametrize("io", ["epoll", "io_uring"])
def test_either_way_carries_sessions(start_proxy, table, io):
    proxy = start_proxy(io=io)
    log = proxy.log_path.read_text()
    if io == "io_uring" and "io=io_uring" not in log:
        pytest.skip("no io_uring here: " + log)
    assert f"io={io}" in log
    with session(proxy) as connection, connection.cursor() as cursor:
        for size in (1, 100, 4096, 5000, 100_000, 3_000_000):
            cursor.execute(f"SELECT REPEAT('x', {size})")
            assert cursor.fetchone() == ("x" * size,)
            cursor.execute("SELECT LENGTH(%s)", ("y" * size,))
            assert cursor.fetchone() == (size,)
        cursor.execute(f"INSERT INTO {table} (v) VALUES ('z')")
        cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE v = 'z'")
        assert cursor.fetchone()[0] >= 1
