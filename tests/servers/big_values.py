"""Values too long to be held: sent and received in pieces, and what the proxy's memory does meanwhile.
The client's side is a bare socket, so that its own memory stays out of the way."""

import contextlib
import struct
from pathlib import Path

import pymysql
from pymysql.constants import COMMAND

MEBIBYTE = 1 << 20
FULL = 0xFFFFFF  # a packet that is continued by the next
OF_ROW = 16 * MEBIBYTE  # the longest column of a long row
LINE = MEBIBYTE  # of a long file


class Peak:
    """with Peak(pid) as peak: …; then peak.growth says by how many bytes the process had grown."""

    def __init__(self, pid):
        self.folder = Path(f"/proc/{pid}")
        self.growth = None

    def _status(self, name):
        for line in (self.folder / "status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(name)

    def __enter__(self):
        (self.folder / "clear_refs").write_text("5")  # the peak so far is forgotten
        self._before = self._status("VmRSS")
        return self

    def __exit__(self, *_):
        self.growth = self._status("VmHWM") - self._before


class Packets:
    """Reads packets off a socket and keeps no more of them than their first bytes."""

    def __init__(self, sock):
        self.sock = sock
        self.room = memoryview(bytearray(4 * MEBIBYTE))
        self.bytes = 0

    def _exactly(self, size):
        got = bytearray()
        while len(got) < size:
            part = self.sock.recv(size - len(got))
            assert part, "the connection was lost"
            got += part
        return bytes(got)

    def next(self):
        """(sequence id, payload size, first bytes) of the next packet."""
        header = self._exactly(4)
        size = int.from_bytes(header[:3], "little")
        first = self._exactly(min(size, 64))
        missing = size - len(first)
        while missing:
            got = self.sock.recv_into(self.room, min(missing, len(self.room)))
            assert got, "the connection was lost"
            missing -= got
        self.bytes += size
        return header[3], size, first

    def answer(self):
        """Reads one result to its end; raises what the server says."""
        ends, continued = 0, False
        while ends < 2:
            _, size, first = self.next()
            if not continued and first[:1] == b"\xff":
                raise pymysql.err.OperationalError(*struct.unpack("<H", first[1:3]), first[9:])
            if not continued and (first[:1] == b"\xfe" and size < 9):
                ends += 1
            continued = size == FULL


def receive_row(connection, size, hint=""):
    """Has the server send one row of `size` bytes; how many came."""
    columns = [min(OF_ROW, size - at) for at in range(0, size, OF_ROW)]
    statement = f"{hint}SELECT " + ", ".join(f"REPEAT('x', {column})" for column in columns)
    connection._execute_command(COMMAND.COM_QUERY, statement)
    packets = Packets(connection._sock)
    packets.answer()
    return packets.bytes


def send_file(connection, size, table):
    """LOAD DATA LOCAL INFILE of `size` bytes, of which the server keeps each line's length. A short
    line comes last: what the user variable holds then is state that moves with the session."""
    connection._execute_command(
        COMMAND.COM_QUERY, f"LOAD DATA LOCAL INFILE 'any' INTO TABLE {table} (@line)"
                           " SET v = LENGTH(@line)")
    packets = Packets(connection._sock)
    sequence, _, first = packets.next()
    assert first[:1] == b"\xfb", first
    line = b"x" * (LINE - 1) + b"\n"
    for _ in range(size // LINE):
        for at in range(0, LINE, 1 << 16):
            sequence = (sequence + 1) % 256
            piece = line[at:at + (1 << 16)]
            connection._sock.sendall(struct.pack("<I", len(piece))[:3] + bytes([sequence]) + piece)
    connection._sock.sendall(b"\2\0\0" + bytes([(sequence + 1) % 256]) + b"x\n")
    connection._sock.sendall(b"\0\0\0" + bytes([(sequence + 2) % 256]))
    _, _, first = packets.next()
    assert first[:1] == b"\0", first
    return size


def send_statement(connection, size):
    """A statement with a literal of `size` bytes, whose length the server is asked for."""
    head, tail = b"\x03SELECT LENGTH('", b"')"
    whole = len(head) + size + len(tail)

    def piece(at, most):
        if at < len(head):
            return head[at:at + most]
        if at < len(head) + size:
            return b"x" * min(most, len(head) + size - at, MEBIBYTE)
        return tail[at - len(head) - size:][:most]

    at, sequence, length = 0, 0, FULL
    while length == FULL:
        length = min(FULL, whole - at)
        connection._sock.sendall(struct.pack("<I", length)[:3] + bytes([sequence % 256]))
        end = at + length
        while at < end:
            part = piece(at, end - at)
            connection._sock.sendall(part)
            at += len(part)
        sequence += 1
    packets = Packets(connection._sock)
    packets.answer()
    return size


@contextlib.contextmanager
def closing(connection):
    try:
        yield connection
    finally:
        connection._force_close()
