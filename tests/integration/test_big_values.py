"""Long rows, files and statements stream through: the proxy's memory does not grow with them.
bench/big_values.py does the same with 1 GiB."""

import time
from concurrent.futures import ThreadPoolExecutor

import pymysql
import pytest

import big_values
from big_values import MEBIBYTE, Peak
from flavour import APP
from process import wait_until

ALLOWED = 4 * MEBIBYTE
SIZE = 40 * MEBIBYTE  # three packets; the servers allow 64 in one
COMPRESSED_SIZE = 24 * MEBIBYTE  # several packets of 16 MiB less one, and many times what may be held
PIECES = {"a long row from the primary": lambda c, t, size: big_values.receive_row(
              c, size, "/* route=primary */ "),
          "a long row from a replica": lambda c, t, size: big_values.receive_row(c, size),
          "a long file": lambda c, t, size: big_values.send_file(c, size, t),
          "a long statement": lambda c, t, size: big_values.send_statement(c, size)}


def session(proxy):
    return pymysql.connect(host="127.0.0.1", port=proxy.port(), user=APP[0], password=APP[1],
                           autocommit=True, local_infile=True, read_timeout=300, database="app")


@pytest.mark.parametrize("compression, size", [
    ("off", SIZE), ("zlib", COMPRESSED_SIZE), ("zstd", COMPRESSED_SIZE)])
def test_values_stream_through_in_little_memory(start_proxy, table, compression, size):
    proxy = start_proxy(server_compression={"algorithm": compression})
    with big_values.closing(session(proxy)) as connection:
        for hint in ("", "/* route=primary */ "):  # what every proxy, and each link, needs once
            big_values.receive_row(connection, 8 * MEBIBYTE, hint)
        big_values.send_statement(connection, MEBIBYTE)
        for name, pass_through in PIECES.items():
            with Peak(proxy.process.pid) as peak:
                assert pass_through(connection, table, size) >= size
            assert peak.growth < ALLOWED, f"{name}: {peak.growth >> 10} KiB more"
        # The connection is as good as before.
        with connection.cursor() as cursor:
            cursor.execute(f"/* route=primary */ SELECT COUNT(*), MAX(v) FROM {table}")
            assert cursor.fetchone() == (size // MEBIBYTE + 1, str(MEBIBYTE - 1))


def test_a_server_that_takes_nothing_for_long_is_not_lost(start_proxy, cluster, table):
    """A file waits in its middle for another's lock, longer than a server may be silent: this one
    answers, it only has no room."""
    proxy = start_proxy(tcp={"server_timeout": "1s"})
    primary = cluster.primary
    with big_values.closing(session(proxy)) as connection, \
            ThreadPoolExecutor(1) as elsewhere, \
            big_values.closing(primary.connect(autocommit=False)) as other:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} WHERE id > 0 FOR UPDATE")  # and what comes there
        sending = elsewhere.submit(big_values.send_file, connection, SIZE, table)
        wait_until(lambda: primary.scalar("SELECT COUNT(*) FROM performance_schema.data_lock_waits"),
                   30, "the file to wait for the lock")
        time.sleep(4)
        assert not sending.done()
        other.rollback()
        assert sending.result(60) == SIZE
