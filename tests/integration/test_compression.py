"""Compression with clients and, apart from that, with servers: nothing but the wire changes."""

import contextlib
import os
import random
import socket
import subprocess

import pymysql
import pytest

import binaries
from c_client import CClient
from compressed_client import CLIENT_COMPRESS, compressed_packet, connect
from flavour import APP
from support import error, mariadb_client, mysql_client, rows, sysbench, value

# (client, server); shared proxies of the module
PAIRS = [("zlib", "off"), ("zstd", "off"), (None, "zlib"), (None, "zstd"), ("zlib", "zstd"),
         ("zstd", "zlib")]


@pytest.fixture(scope="module")
def proxies(cluster, tmp_path_factory):
    """{server_compression: proxy}, each started when it is first asked for."""
    from pointsman import Pointsman, config_for
    started = {}

    def get(algorithm):
        if algorithm not in started:
            folder = tmp_path_factory.mktemp(f"proxy-{algorithm}")
            config = config_for(cluster.servers, folder, limits={"drain_timeout": "1s"},
                                server_compression={"algorithm": algorithm})
            started[algorithm] = Pointsman(folder, config).start()
        return started[algorithm]

    yield get
    for proxy in started.values():
        proxy.stop()


@pytest.fixture(params=PAIRS, ids=lambda pair: f"client-{pair[0]}-server-{pair[1]}")
def open_connection(request, proxies):
    """Opens connections through one of the combinations."""
    client, server = request.param
    proxy = proxies(server)

    def open_one(**options):
        if client:
            return contextlib.closing(connect(proxy, client, **options))
        return contextlib.closing(proxy.connect(
            client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
            max_allowed_packet=64 << 20, **options))

    open_one.server = server
    return open_one


def test_links_are_compressed_as_configured(open_connection):
    with open_connection() as connection:
        status = dict(rows(connection, "SHOW STATUS LIKE 'Compression%'"))
        on = open_connection.server != "off"
        assert status["Compression"] == ("ON" if on else "OFF")
        assert status["Compression_algorithm"] == (open_connection.server if on else "")


def test_values_of_all_sizes_go_both_ways(open_connection, table):
    with open_connection() as connection:
        for size in (0, 1, 40, 60, 70_000, 17_000_000):
            text = random.Random(size).randbytes(size // 2).hex()
            rows(connection, f"INSERT INTO {table} (v) VALUES (%s)", text)
            found = value(connection, f"/* route=primary */ SELECT v FROM {table}"
                                      " ORDER BY id DESC LIMIT 1")
            assert found == text


def test_a_long_result(open_connection):
    with open_connection() as connection:
        rows(connection, "SET cte_max_recursion_depth = 200000")
        found = rows(connection, "WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n"
                                 " WHERE i < 100000) SELECT i, REPEAT('x', i % 50), NULL FROM n")
        assert found == [(i, "x" * (i % 50), None) for i in range(1, 100_001)]


def test_several_results_and_an_error_in_the_middle(open_connection):
    with open_connection() as connection:
        with connection.cursor() as cursor:
            # Each result begins a compressed packet, by which servers number the packets in it.
            cursor.execute("SELECT 1; SELECT REPEAT('x', 100000), 2; DO 1; SELECT nonsense; SELECT 3")
            assert cursor.fetchall() == ((1,),)
            assert cursor.nextset() and cursor.fetchall() == (("x" * 100_000, 2),)
            assert cursor.nextset()
            with error(1054):
                cursor.nextset()
        assert value(connection, "SELECT 4") == 4


def test_load_data_local(open_connection, table, tmp_path):
    source = tmp_path / "rows.csv"
    # More than 256 packets of 16 KiB, so that the count of them comes round to 0.
    lines = 4_000
    source.write_text("".join(f"{number},{'row' * 370} {number}\n"
                              for number in range(1, lines + 1)))
    assert source.stat().st_size > 260 * 16384
    with open_connection(local_infile=True) as connection:
        load = (f"LOAD DATA LOCAL INFILE '{source}' INTO TABLE {table} FIELDS TERMINATED BY ','")
        rows(connection, load)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1; DELETE FROM {table}; {load}; SELECT COUNT(*) FROM {table}")
            while cursor.nextset():
                found = cursor.fetchall()
        assert found == ((lines,),)
        assert value(connection, "SELECT 5") == 5


def test_prepared_statements_reset_and_another_user(proxies, account, table):
    user = account("second-pw", grants="ALL ON sbtest.*")
    for server in ("off", "zlib"):
        with contextlib.closing(CClient(proxies(server), flags=CLIENT_COMPRESS)) as client:
            write = client.prepare(f"INSERT INTO {table} (v) VALUES (REPEAT('d', 1000))")
            read = client.prepare(f"/* route=primary */ SELECT * FROM {table}")
            for _ in range(20):
                client.execute(write)
            assert client.execute(read) == 20
            assert client.query(f"DELETE FROM {table}") == 0, client.error()
            assert client.library.mysql_reset_connection(client.handle) == 0, client.error()
            assert client.change_user(user, "second-pw", "sbtest") == 0, client.error()
            assert client.query(f"INSERT INTO {table} (v) VALUES ('as the second')") != 0
            assert "INSERT command denied" in client.error()
            assert client.change_user("app", "app_pw", "app") == 0, client.error()
            assert client.query(f"INSERT INTO {table} (v) VALUES ('as app')") == 0, client.error()
            assert client.query(f"DELETE FROM {table}") == 0, client.error()


@pytest.mark.parametrize("tls", ["--ssl-mode=REQUIRED", "--ssl-mode=DISABLED"])
@pytest.mark.parametrize("algorithm", [("zlib",), ("zstd", 1), ("zstd", 22), ("zstd,zlib",)],
                         ids=str)
@pytest.mark.parametrize("server", ["off", "zstd"])
def test_mysqls_own_client(proxies, tls, algorithm, server):
    # Without "uncompressed" in the list the client gives up where it is not offered.
    options = [tls, f"--compression-algorithms={algorithm[0]}", "--get-server-public-key"]
    if len(algorithm) > 1:
        options.append(f"--zstd-compression-level={algorithm[1]}")
    done = mysql_client(proxies(server).port(), *options, "--commands", "app",
                        sql="SELECT REPEAT('x', 3000), 1; SELECT 2;\nresetconnection\nSELECT 3;")
    assert done.stdout.split() == ["x" * 3000, "1", "2", "3"], done.stderr


def test_the_mariadb_client(proxies):
    for server in ("off", "zstd"):
        for tls in ("--ssl", "--skip-ssl"):
            done = mariadb_client(proxies(server).port(), "--compress", tls, "app",
                                  sql="SELECT REPEAT('x', 300); SELECT 2;")
            assert done.stdout.split() == ["x" * 300, "2"], done.stderr


def test_sysbench_over_compression(proxies):
    proxy = proxies("zstd")
    sysbench("oltp_read_write", "prepare", proxy.port())
    report = sysbench("oltp_read_write", "run", proxy.port(), "--mysql-compression=on", "--rate=40",
                      seconds=3)
    assert "transactions:" in report
    sysbench("oltp_read_write", "cleanup", proxy.port())


def test_mysqldump_gives_the_same_text(proxies, cluster, table):
    cluster.primary.sql(f"INSERT INTO {table} (v) VALUES (REPEAT('abc', 100000)), ('b'), (NULL)")
    cluster.wait_replicated()
    program = binaries.mysql_client().command[:-1] + (
        binaries.mysql_client().command[-1].replace("bin/mysql", "bin/mysqldump"),)

    def dump(port, *options):
        done = subprocess.run(
            [*program, "--no-defaults", "-h127.0.0.1", f"-P{port}", f"-u{APP[0]}",
             "--skip-comments", "--single-transaction", "--no-tablespaces",
             "--set-gtid-purged=OFF", "--get-server-public-key", *options,
             *table.split(".")], capture_output=True, timeout=60, check=False,
            env={**os.environ, **binaries.mysql_client().environment, "MYSQL_PWD": APP[1]})
        assert done.returncode == 0, done.stderr
        return done.stdout

    direct = dump(cluster.primary.port)
    assert b"abcabc" in direct
    for server in ("off", "zlib"):
        for algorithm in ("zlib", "zstd"):
            assert dump(proxies(server).port(),
                        f"--compression-algorithms={algorithm}") == direct


def test_a_level_that_zstd_does_not_have_is_refused(proxies):
    for level in (0, 23, 255):
        with error(3923, "Invalid zstd compression level"):
            connect(proxies("off"), "zstd", level=level)


@pytest.mark.parametrize("choice", ["off", "zlib", "zstd"])
def test_listeners_offer_what_they_are_told(start_proxy, choice):
    proxy = start_proxy()
    proxy.reload(lambda config: config["listeners"][0].update(client_compression=choice))
    from process import wait_until

    def offered():
        with contextlib.closing(proxy.connect()) as connection:
            flags = connection.server_capabilities
        return {name for name, bit in (("zlib", 5), ("zstd", 26)) if flags >> bit & 1}

    wait_until(lambda: offered() == {choice} - {"off"}, 10, "the new offer")
    if choice != "off":
        with contextlib.closing(connect(proxy, choice)) as connection:
            assert value(connection, "SELECT 1") == 1


GARBAGE = {
    "text": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
    "a wrong sequence id": compressed_packet("zlib", b"\x01\0\0\0\x0e", 7),
    "no zlib stream": b"\x14\0\0\0\x33\0\0" + b"y" * 20,
    "a wrong length": compressed_packet("zlib", b"\x80\0\0\0\x03SELECT" + b" " * 121, 0)[:4]
                      + b"\x40\0\0"
                      + compressed_packet("zlib", b"\x80\0\0\0\x03SELECT" + b" " * 121, 0)[7:],
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_after_the_login_is_counted_and_harms_nobody(proxies, kind):
    proxy = proxies("off")
    before = proxy.metrics().total("pointsman_protocol_errors_total")
    with contextlib.closing(connect(proxy, "zlib")) as bystander, \
            contextlib.closing(connect(proxy, "zlib")) as connection:
        assert value(connection, "SELECT 1") == 1
        raw = connection._sock.sock
        raw.settimeout(10)
        raw.sendall(GARBAGE[kind])
        with contextlib.suppress(ConnectionError):
            while raw.recv(65536):
                pass
        assert value(bystander, "SELECT 2") == 2
    assert proxy.metrics().total("pointsman_protocol_errors_total") == before + 1


def test_a_client_that_dies_in_the_middle_of_a_packet_harms_nobody(proxies):
    proxy = proxies("zlib")
    with contextlib.closing(connect(proxy, "zstd")) as bystander:
        for size in (3, 7, 20):
            connection = connect(proxy, "zstd")
            packet = compressed_packet("zstd", b"\x80\0\0\0\x03SELECT" + b" " * 121, 0)
            connection._sock.sock.sendall(packet[:size])
            connection._sock.sock.shutdown(socket.SHUT_RDWR)
        assert value(bystander, "SELECT 2") == 2


def test_local_infile_can_be_switched_off(start_proxy, cluster, table, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("1,a\n")
    listener = dict(name="split", mode="split", local_infile=False)
    from process import free_port
    proxy = start_proxy(listeners=[{**listener, "address": f"127.0.0.1:{free_port()}"}])
    with contextlib.closing(proxy.connect(local_infile=True)) as connection:
        assert connection.server_capabilities & pymysql.constants.CLIENT.LOCAL_FILES
        with pytest.raises(pymysql.MySQLError) as refused:
            rows(connection, f"LOAD DATA LOCAL INFILE '{source}' INTO TABLE {table}")
        assert value(connection, "SELECT 1") == 1
    cluster.primary.sql("SET GLOBAL local_infile = OFF")
    try:
        with contextlib.closing(pymysql.connect(
                host="127.0.0.1", port=cluster.primary.port, user=APP[0], password=APP[1],
                local_infile=True)) as direct:
            with pytest.raises(pymysql.MySQLError) as by_server:
                rows(direct, f"LOAD DATA LOCAL INFILE '{source}' INTO TABLE {table}")
    finally:
        cluster.primary.sql("SET GLOBAL local_infile = ON")
    assert refused.value.args == by_server.value.args
