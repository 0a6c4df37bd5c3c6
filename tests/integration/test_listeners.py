"""The doors: unix sockets, PROXY headers of a load balancer, and how many may come in."""

import contextlib
import os
import socket
import stat
import struct
import subprocess

import pymysql
import pytest

from process import free_port, wait_until
from support import WHO, error, mariadb_client, mysql_client, rows, value

SIGNATURE_2 = b"\r\n\r\n\0\r\nQUIT\n"
CLIENT_HOST = "192.0.2.7"


def listeners(*more, **settings):
    first = {"name": "split", "mode": "split", "address": f"127.0.0.1:{free_port()}", **settings}
    return [first, *more]


# Unix sockets.

@pytest.fixture
def socket_path(tmp_path):
    return str(tmp_path / "p.sock")


@pytest.fixture
def on_socket(start_proxy, socket_path):
    return start_proxy(listeners=listeners({"name": "local", "address": socket_path}))


def through(path, user="app", password="app_pw", **options):
    return pymysql.connect(unix_socket=path, user=user, password=password.encode(),
                           autocommit=True, **options)


def test_clients_log_in_and_work_over_the_unix_socket(on_socket, socket_path, account):
    user = account("never seen")
    with contextlib.closing(through(socket_path, user, "never seen")) as connection:
        assert value(connection, WHO) in ("db2", "db3")
        attribute = value(connection, "SELECT ATTR_VALUE FROM"
                                      " performance_schema.session_account_connect_attrs WHERE"
                                      " ATTR_NAME='proxy_client_host' AND"
                                      " PROCESSLIST_ID=(SELECT CONNECTION_ID())")
        assert attribute == "localhost"
    with error(1045, f"Access denied for user '{user}'@'localhost'"):
        through(socket_path, user, "wrong")


@pytest.mark.parametrize("client", [mysql_client, mariadb_client])
def test_the_command_line_clients_use_the_unix_socket(on_socket, socket_path, client, account):
    user = account("cold")
    # Without TLS and without asking for a key: the password goes in clear, as on a server's socket.
    done = client(1, "-hlocalhost", "--protocol=SOCKET", "-S", socket_path, sql="SELECT 41 + 1", user=user,
                  password="cold")
    assert done.stdout.strip() == "42", done.stderr


def test_the_socket_has_its_mode_and_goes_with_the_proxy(start_proxy, socket_path):
    proxy = start_proxy(listeners=listeners(
        {"name": "local", "address": socket_path, "socket_mode": "0750"}))
    assert stat.S_IMODE(os.stat(socket_path).st_mode) == 0o750
    proxy.stop()
    assert not os.path.exists(socket_path)
    proxy.start()


def test_a_socket_left_by_a_dead_process_is_replaced(on_socket, socket_path):
    on_socket.kill()
    assert os.path.exists(socket_path)
    on_socket.start()
    with contextlib.closing(through(socket_path)) as connection:
        assert value(connection, "SELECT 1") == 1


def test_a_socket_that_somebody_listens_on_is_left_alone(on_socket, socket_path):
    def add_it_again(config):
        config["listeners"].append({"name": "thief", "address": socket_path + "2"})
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(socket_path + "2")
        other.listen()
        on_socket.reload(add_it_again)
        wait_until(lambda: "another process listens there" in on_socket.log(), 10,
                   "the reload to be refused")
    with contextlib.closing(through(socket_path)) as connection:
        assert value(connection, "SELECT 1") == 1


def test_reload_adds_changes_and_removes_a_unix_listener(on_socket, socket_path):
    second = socket_path + "2"
    on_socket.reload(lambda config: config["listeners"].append(
        {"name": "second", "address": second}))
    wait_until(lambda: os.path.exists(second), 10, "the second socket")
    with contextlib.closing(through(second)) as connection:
        def change(config):
            config["listeners"].pop()
            config["listeners"][1]["socket_mode"] = "0700"
        on_socket.reload(change)
        wait_until(lambda: not os.path.exists(second), 10, "the second socket to go")
        assert stat.S_IMODE(os.stat(socket_path).st_mode) == 0o700
        assert value(connection, "SELECT 1") == 1


# PROXY headers.

def version_1(host=CLIENT_HOST, port=40000):
    return f"PROXY TCP4 {host} 10.0.0.1 {port} 3306\r\n".encode()


def version_2(body=None, command=0x21, family=0x11, tlvs=b""):
    if body is None:
        body = socket.inet_aton(CLIENT_HOST) + b"\x0a\0\0\1" + struct.pack(">HH", 40000, 3306)
    body += tlvs
    return SIGNATURE_2 + struct.pack(">BBH", command, family, len(body)) + body


def behind(proxy, *pieces, user="app", password="app_pw", **options):
    """A client whose bytes come behind these."""
    connection = pymysql.connect(user=user, password=password.encode(), autocommit=True,
                                 defer_connect=True, read_timeout=30, **options)
    raw = socket.create_connection((proxy.host, proxy.port()))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        raw.sendall(piece)
    raw.settimeout(30)
    connection.connect(raw)
    return connection


def client_seen(connection):
    """Where the servers are told that the client is."""
    return tuple(text for (text,) in rows(
        connection, "SELECT ATTR_VALUE FROM performance_schema.session_account_connect_attrs"
                    " WHERE ATTR_NAME IN ('proxy_client_host', 'proxy_client_port')"
                    " AND PROCESSLIST_ID=(SELECT CONNECTION_ID()) ORDER BY ATTR_NAME"))


@pytest.fixture
def balanced(start_proxy):
    return start_proxy(listeners=listeners(proxy_protocol=["10.0.0.0/8", "127.0.0.0/8"]),
                       limits={"max_connect_errors": 3, "handshake_timeout": "3s"})


SIX = socket.inet_pton(socket.AF_INET6, "2001:db8::7")
NAMING = {
    "v1": [version_1()],
    "v2": [version_2()],
    "v2 with TLVs": [version_2(tlvs=b"\x04\x00\x03abc" + b"\xee" + struct.pack(">H", 900) +
                                    b"t" * 900)],
    "v1 in pieces": [version_1()[:3], version_1()[3:20], version_1()[20:]],
    "v2 in pieces": [version_2()[:1], version_2()[1:14], version_2()[14:17], version_2()[17:]],
}


@pytest.mark.parametrize("security", [{}, {"ssl": {"check_hostname": False}}],
                         ids=["plain", "tls"])
@pytest.mark.parametrize("pieces", NAMING.values(), ids=NAMING.keys())
def test_the_client_is_where_the_header_says(balanced, pieces, security):
    with contextlib.closing(behind(balanced, *pieces, **security)) as connection:
        assert client_seen(connection) == (CLIENT_HOST, "40000")
    with error(1045, f"'nobody'@'{CLIENT_HOST}'"):
        behind(balanced, *pieces, user="nobody", **security)


def test_ipv6_clients_are_named_by_either_version(balanced):
    header_2 = version_2(SIX + SIX + struct.pack(">HH", 7, 3306), family=0x21)
    for header in (b"PROXY TCP6 2001:db8::7 ::1 7 3306\r\n", header_2):
        with contextlib.closing(behind(balanced, header)) as connection:
            assert client_seen(connection) == ("2001:db8::7", "7")


@pytest.mark.parametrize("header", [b"", b"PROXY UNKNOWN\r\n", version_2(b"", 0x20, 0),
                                    version_2(b"", 0x21, 0)],
                         ids=["none", "unknown", "local", "unspec"])
def test_without_a_named_client_it_is_the_connections_own_address(balanced, header):
    with contextlib.closing(behind(balanced, header)) as connection:
        assert client_seen(connection)[0] == "127.0.0.1"


def test_failures_are_the_named_clients_own(balanced):
    codes = []
    for _ in range(4):
        try:
            behind(balanced, version_1("203.0.113.9"), password="wrong")
        except pymysql.OperationalError as problem:
            codes.append(problem.args[0])
    assert codes == [1045, 1045, 1045, 1129]
    with contextlib.closing(behind(balanced, version_1())) as connection:
        assert value(connection, "SELECT 1") == 1
    with error(1129, "'203.0.113.9' is blocked"):
        behind(balanced, version_1("203.0.113.9"))


@pytest.mark.parametrize("garbage", [b"PROXY TCP4 nonsense\r\n" + b" " * 90,
                                     version_2(command=0x31), version_2(b"", 0x21, 0x11),
                                     b"PROXY TCP4 " + b"1" * 120])
def test_a_broken_header_ends_the_connection(balanced, garbage):
    for _ in range(4):
        with pytest.raises((pymysql.OperationalError, OSError)):
            behind(balanced, garbage)
    # That is the balancer's fault: nobody is blocked for it.
    with contextlib.closing(behind(balanced, version_1())) as connection:
        assert value(connection, "SELECT 1") == 1


def test_a_header_that_never_ends_is_waited_for_no_longer_than_a_login(balanced):
    with contextlib.closing(socket.create_connection((balanced.host, balanced.port()))) as raw:
        raw.sendall(version_2()[:20])
        raw.settimeout(20)
        while raw.recv(4096):
            pass


def test_from_elsewhere_a_header_is_garbage(start_proxy):
    proxy = start_proxy(listeners=listeners(proxy_protocol="10.0.0.0/8"))
    for header in (version_1(), version_2()):
        with pytest.raises((pymysql.OperationalError, OSError)):
            behind(proxy, header)
    with contextlib.closing(behind(proxy)) as connection:
        assert client_seen(connection)[0] == "127.0.0.1"


def test_reload_changes_who_may_send_headers(start_proxy):
    proxy = start_proxy(listeners=listeners())
    proxy.reload(lambda config: config["listeners"][0].update(proxy_protocol=["127.0.0.1"]))

    def is_believed():
        try:
            with contextlib.closing(behind(proxy, version_1())) as connection:
                return client_seen(connection)[0] == CLIENT_HOST
        except (pymysql.OperationalError, OSError):
            return False
    wait_until(is_believed, 10, "headers to be believed", interval=0.2)


# How many.

def refusal(host, port):
    with contextlib.closing(socket.create_connection((host, port))) as raw:
        raw.settimeout(20)
        data = b""
        while piece := raw.recv(4096):
            data += piece
        return data


def test_beyond_a_listeners_limit_the_error_stands_in_place_of_the_greeting(start_proxy):
    proxy = start_proxy(listeners=listeners(max_connections=1))
    with contextlib.closing(proxy.connect()):
        # Measured on MySQL 9.7.4 and MariaDB 10.11: no SQLSTATE, sequence id 0.
        assert refusal(proxy.host, proxy.port()) == b"\x17\0\0\0\xff\x10\x04Too many connections"
    closed = "pointsman_sessions_closed_total"
    wait_until(lambda: proxy.metrics().total(closed, reason="too_many_connections") == 1, 10,
               "the refused client to be counted")

    def comes_in():
        try:
            proxy.connect().close()
        except pymysql.OperationalError as refused:
            assert refused.args[0] == 1040
            return False
        return True
    wait_until(comes_in, 10, "room for one more")


def test_an_account_has_its_own_limit_as_a_server_words_it(start_proxy, cluster, account):
    user = account("limited")
    cluster.primary.sql(f"ALTER USER '{user}'@'%' WITH MAX_USER_CONNECTIONS 1")
    said = []
    proxy = start_proxy(users=[{"name": user, "password": "limited", "max_connections": 1}])

    def refused(connect):
        with contextlib.closing(connect()):
            with pytest.raises(pymysql.OperationalError) as problem:
                connect()
            said.append(problem.value.args)
    refused(lambda: pymysql.connect(host=cluster.primary.host, port=cluster.primary.port, user=user,
                                    password=b"limited"))
    cluster.primary.sql(f"ALTER USER '{user}'@'%' WITH MAX_USER_CONNECTIONS 0")
    refused(lambda: proxy.connect(user, "limited"))
    assert said[0] == said[1] and said[0][0] == 1226
    reason = "too_many_user_connections"
    wait_until(lambda: proxy.metrics().total("pointsman_sessions_closed_total", reason=reason) == 1,
               10, "the refusal to be counted, once")


def test_all_accounts_have_a_limit_and_change_user_counts(start_proxy, account):
    user = account("other")
    proxy = start_proxy(limits={"max_user_connections": 1})
    with contextlib.closing(proxy.connect()) as connection:
        with error(1203, "User app already has more than 'max_user_connections' active"):
            proxy.connect()
        with contextlib.closing(proxy.connect(user, "other")):
            assert value(connection, "SELECT 1") == 1
    wait_until(lambda: proxy.connect().close() is None, 10, "room for one more")


def keepalive_timers():
    """(this end, the other end) of connections that the kernel asks about in 61 to 119 seconds."""
    shown = subprocess.run(["ss", "-Hnto"], capture_output=True, text=True, check=True)
    lines = [line.split() for line in shown.stdout.splitlines() if "keepalive,1min" in line]
    return [(line[3], line[4]) for line in lines]


def test_keepalive_is_on_for_clients_and_servers(start_proxy):
    proxy = start_proxy(tcp={"keepalive_time": "110s"})
    here = f"{proxy.host}:{proxy.port()}"
    servers = {server["address"] for server in proxy.config["servers"]}
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, WHO)
        wait_until(lambda: any(one == here for one, _ in keepalive_timers()), 20,
                   "the client's socket to be watched")
        wait_until(lambda: any(other in servers for _, other in keepalive_timers()), 20,
                   "the servers' sockets to be watched")
