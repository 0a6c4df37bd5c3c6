"""Long rows, files and statements stream through: the proxy's memory does not grow with them.
bench/big_values.py does the same with 1 GiB."""

import pymysql
import pytest

import big_values
from big_values import MEBIBYTE, Peak
from flavour import APP

ALLOWED = 4 * MEBIBYTE
SIZE = 60 * MEBIBYTE  # the servers allow 64 in one packet
PIECES = {"a long row from the primary": lambda c, t: big_values.receive_row(
              c, SIZE, "/* route=primary */ "),
          "a long row from a replica": lambda c, t: big_values.receive_row(c, SIZE),
          "a long file": lambda c, t: big_values.send_file(c, SIZE, t),
          "a long statement": lambda c, t: big_values.send_statement(c, SIZE)}


def session(proxy):
    return pymysql.connect(host="127.0.0.1", port=proxy.port(), user=APP[0], password=APP[1],
                           autocommit=True, local_infile=True, read_timeout=300, database="app")


@pytest.mark.parametrize("compression", ["off", "zlib", "zstd"])
def test_values_stream_through_in_little_memory(start_proxy, table, compression):
    proxy = start_proxy(server_compression={"algorithm": compression})
    with big_values.closing(session(proxy)) as connection:
        for hint in ("", "/* route=primary */ "):  # what every proxy, and each link, needs once
            big_values.receive_row(connection, 8 * MEBIBYTE, hint)
        big_values.send_statement(connection, MEBIBYTE)
        for name, pass_through in PIECES.items():
            with Peak(proxy.process.pid) as peak:
                assert pass_through(connection, table) >= SIZE
            assert peak.growth < ALLOWED, f"{name}: {peak.growth >> 10} KiB more"
        # The connection is as good as before.
        with connection.cursor() as cursor:
            cursor.execute(f"/* route=primary */ SELECT COUNT(*), MAX(v) FROM {table}")
            assert cursor.fetchone() == (61, str(MEBIBYTE - 1))
