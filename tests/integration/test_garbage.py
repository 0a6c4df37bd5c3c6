"""What is not a MySQL client harms nobody, is gone at handshake_timeout, and is counted."""

import contextlib
import os
import random
import socket
import struct
import time

import pytest

from process import wait_until
from support import Background, WHO, rows, value

TIMEOUT = 1.0
PATIENCE = TIMEOUT + 4.0


@pytest.fixture
def guarded(start_proxy):
    return start_proxy(limits={"handshake_timeout": "1s", "drain_timeout": "1s",
                               "max_connect_errors": 1_000_000})


def dial(proxy):
    connection = socket.create_connection(("127.0.0.1", proxy.port()), timeout=10)
    greeting = connection.recv(4096)
    assert greeting[3:5] == b"\x00\x0a"
    return connection


def until_closed(connection, limit=PATIENCE):
    """Seconds until the proxy closes; fails when it does not."""
    started = time.monotonic()
    connection.settimeout(limit)
    with contextlib.suppress(ConnectionError):
        while connection.recv(65536):
            pass
    return time.monotonic() - started


def packet(payload, sequence=1):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


CAPABILITIES = 0x000FA28D  # 4.1 protocol, secure connection, plugin auth, schema
LOGIN = struct.pack("<IIB23x", CAPABILITIES, 1 << 24, 45) + b"app\0"
HUGE = struct.pack("<Q", 4 << 30)
LENENC_LOGIN = struct.pack("<IIB23x", CAPABILITIES | 1 << 21, 1 << 24, 45) + b"app\0"

GARBAGE = {
    "zeros": b"\0" * 300,
    "text": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
    "an empty packet": packet(b""),
    "a wrong sequence id": packet(LOGIN, sequence=77),
    "a cut login": packet(LOGIN[:20]),
    "a login without an end to the name": packet(LOGIN[:-1] + b"x" * 200),
    "a 4 GB length": packet(LENENC_LOGIN + b"\xfe" + HUGE + b"short"),
    "the longest null length": packet(LENENC_LOGIN + b"\xfb\xff\xff\xff\xff\xff\xff\xff\xff"),
    "a TLS request and then noise": packet(struct.pack("<IIB23x", CAPABILITIES | 0x800, 1, 45))
                                    + b"\x16\x03\x01\xff\xff" + b"\xaa" * 300,
    "the old protocol": packet(b"\x05\x00\x00\x00\x00app\0xxxxxxxx"),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_closes_only_its_own_connection(guarded, what):
    with contextlib.closing(guarded.connect()) as other:
        with dial(guarded) as connection:
            connection.sendall(GARBAGE[what])
            assert until_closed(connection) <= PATIENCE
        assert value(other, WHO).startswith("db")
    everything_is_released(guarded)


def test_random_bytes(guarded):
    noise = random.Random(7)
    with contextlib.closing(guarded.connect()) as other:
        connections = []
        for _ in range(100):
            connection = dial(guarded)
            with contextlib.suppress(ConnectionError):
                connection.sendall(noise.randbytes(noise.randint(1, 5000)))
            connections.append(connection)
        for connection in connections:
            until_closed(connection)
            connection.close()
        assert value(other, WHO).startswith("db")
    everything_is_released(guarded)


def test_half_a_handshake_ends_at_the_timeout(guarded):
    with dial(guarded) as connection:
        connection.sendall(packet(LOGIN)[:25])
        assert TIMEOUT * 0.8 <= until_closed(connection) <= PATIENCE
    everything_is_released(guarded)


def test_a_silent_client_ends_at_the_timeout(guarded):
    with dial(guarded) as connection:
        assert TIMEOUT * 0.8 <= until_closed(connection) <= PATIENCE
    everything_is_released(guarded)


def test_a_byte_at_a_time_does_not_prolong_the_handshake(guarded):
    login = packet(LOGIN + b"\0" * 20)
    started = time.monotonic()
    with dial(guarded) as connection:
        with pytest.raises(OSError):
            for byte in login * 3:
                connection.sendall(bytes([byte]))
                time.sleep(0.1)
    assert time.monotonic() - started <= PATIENCE
    everything_is_released(guarded)


def test_a_tls_handshake_that_stops_ends_at_the_timeout(guarded):
    with dial(guarded) as connection:
        connection.sendall(packet(struct.pack("<IIB23x", CAPABILITIES | 0x800, 1 << 24, 45)))
        assert TIMEOUT * 0.8 <= until_closed(connection) <= PATIENCE
    everything_is_released(guarded)


def test_a_login_as_long_as_a_packet_can_be_costs_no_memory(guarded):
    before = resident(guarded)
    connections = [dial(guarded) for _ in range(20)]
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.sendall(b"\xff\xff\xff\x01" + LOGIN + b"x" * 200_000)
    assert resident(guarded) - before < 20 << 20
    for connection in connections:
        until_closed(connection)
        connection.close()
    everything_is_released(guarded)


def test_many_half_handshakes_do_not_disturb_work(guarded):
    with contextlib.closing(guarded.connect()) as worker:
        slowest = 0.0

        def work():
            nonlocal slowest
            started = time.monotonic()
            rows(worker, WHO)
            slowest = max(slowest, time.monotonic() - started)

        with Background(work) as background:
            connections = [dial(guarded) for _ in range(300)]
            for connection in connections:
                until_closed(connection)
                connection.close()
        assert background.rounds > 20
        assert slowest < 1.0
    everything_is_released(guarded)


def test_garbage_after_the_login_closes_only_its_own_connection(guarded):
    for noise in (b"\x05\x00\x00\x09\x03SEL", b"\x00\x00\x00\x00", b"\x01\x00\x00\x00\xfa"):
        with contextlib.closing(guarded.connect()) as bad, \
                contextlib.closing(guarded.connect()) as good:
            bad._write_bytes(noise)
            bad._sock.close()
            assert value(good, WHO).startswith("db")
    everything_is_released(guarded)


def test_it_is_counted(guarded):
    before = guarded.metrics()
    with dial(guarded) as connection:
        connection.sendall(GARBAGE["text"])
        until_closed(connection)
    with dial(guarded) as connection:
        until_closed(connection)
    everything_is_released(guarded)
    after = guarded.metrics()
    assert (after.total("pointsman_protocol_errors_total")
            == before.total("pointsman_protocol_errors_total") + 1)
    reasons = {reason: count - before.by_label("pointsman_sessions_closed_total",
                                               "reason").get(reason, 0)
               for reason, count in after.by_label("pointsman_sessions_closed_total",
                                                   "reason").items()}
    assert any("timeout" in reason and count == 1 for reason, count in reasons.items()), reasons


def everything_is_released(proxy):
    """No session is left, the next client is served, and no file descriptor was lost."""
    proxy.check_alive()
    wait_until(lambda: proxy.metrics().total("pointsman_sessions_open") == 0, PATIENCE + 3,
               "sessions to end")
    with contextlib.closing(proxy.connect()) as connection:
        assert value(connection, WHO).startswith("db")
    assert len(os.listdir(f"/proc/{proxy.process.pid}/fd")) < 200


def resident(proxy):
    with open(f"/proc/{proxy.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
