#!/usr/bin/python3
"""One row of a gibibyte, and a file of one: ./dev bench big_values [OPTION...].

By how much the proxy's memory grows while they pass, and how fast they do, against the same straight
to the server. tests/integration/test_big_values.py does it with less."""

import argparse
import time

import pymysql

import stand
import table
from big_values import MEBIBYTE, Peak, closing, receive_row, send_file, send_statement
from flavour import APP

ALLOWED = 4 * MEBIBYTE
PIECES = {"row": lambda connection, size: receive_row(connection, size),
          "file": lambda connection, size: send_file(connection, size, "app.lengths")}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--compression", default="off", choices=["off", "zlib", "zstd"],
                        help="with servers")
    parser.add_argument("--tls", action="store_true", help="with clients and with servers")
    return parser.parse_args()


def session(port, tls=False):
    return pymysql.connect(host="127.0.0.1", port=port, user=APP[0], password=APP[1],
                           autocommit=True, local_infile=True, read_timeout=1800,
                           ssl={"check_hostname": False} if tls else None, ssl_disabled=not tls)


def pass_through(name, port, size, tls, pid=None):
    """→ (seconds, growth of `pid` in bytes)."""
    with closing(session(port, tls)) as connection:
        receive_row(connection, 4 * MEBIBYTE)  # what every proxy needs once
        send_statement(connection, MEBIBYTE)
        began = time.monotonic()
        if not pid:
            passed, growth = PIECES[name](connection, size), None
        else:
            with Peak(pid) as peak:
                passed = PIECES[name](connection, size)
            growth = peak.growth
        seconds = time.monotonic() - began
        if passed < size:
            raise stand.Failed(f"only {passed} bytes of the {name} came through")
        with connection.cursor() as cursor:  # the connection is as good as before
            cursor.execute("SELECT 1")
    return seconds, growth


def main():
    options = parse_options()
    about = stand.machine()
    size = options.mebibytes * MEBIBYTE
    rows = [["what", "direct MiB/s", "pointsman MiB/s", "growth of its memory"]]
    too_much = False
    with stand.cluster() as (cluster, folder):
        cluster.primary.sql("CREATE TABLE app.lengths (v BIGINT)")
        cluster.wait_replicated()
        with stand.proxy(cluster, folder, modes=["primary"],
                         server_tls={"mode": "required" if options.tls else "off"},
                         server_compression={"algorithm": options.compression}) as proxy:
            for name in PIECES:
                stand.say(f"a {name} of {options.mebibytes} MiB")
                direct, _ = pass_through(name, cluster.primary.port, size, options.tls)
                seconds, growth = pass_through(name, proxy.port("primary"), size, options.tls,
                                               proxy.process.pid)
                too_much |= growth >= ALLOWED
                rows.append([name, f"{options.mebibytes / direct:.0f}",
                             f"{options.mebibytes / seconds:.0f}",
                             f"{growth / 1024:.0f} KiB (aim < {ALLOWED // 1024})"])
    print(f"{options.mebibytes} MiB each, compression with servers: {options.compression}, "
          f"TLS: {'on' if options.tls else 'off'}")
    print(stand.machine_line(about))
    print(table.markdown(rows))
    return 1 if too_much else 0


if __name__ == "__main__":
    stand.run(main)
