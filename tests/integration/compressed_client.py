"""PyMySQL over the compressed protocol, which it does not speak itself. Strict: sequence ids count
on a compressed connection as they do on a plain one."""

import ctypes
import ctypes.util
import struct
import zlib

import pymysql
from pymysql.constants import CLIENT

CLIENT_COMPRESS = 1 << 5
CLIENT_ZSTD = 1 << 26
FLAGS = {"zlib": CLIENT_COMPRESS, "zstd": CLIENT_ZSTD}
SHORTEST = 50  # what is shorter goes as it is
LONGEST = 0xFFFFFF


class Zstd:
    """The little that is needed of libzstd."""

    library = ctypes.CDLL("libzstd.so.1")
    for function in ("ZSTD_compress", "ZSTD_decompress", "ZSTD_compressBound"):
        getattr(library, function).restype = ctypes.c_size_t

    @classmethod
    def compress(cls, plain, level=3):
        room = cls.library.ZSTD_compressBound(ctypes.c_size_t(len(plain)))
        out = ctypes.create_string_buffer(room)
        size = cls.library.ZSTD_compress(out, ctypes.c_size_t(room), plain,
                                         ctypes.c_size_t(len(plain)), level)
        return out.raw[:size]

    @classmethod
    def decompress(cls, data, size):
        out = ctypes.create_string_buffer(size)
        got = cls.library.ZSTD_decompress(out, ctypes.c_size_t(size), data,
                                          ctypes.c_size_t(len(data)))
        assert got == size, "a frame of another length than it says"
        return out.raw


def expand(algorithm, data, size):
    plain = zlib.decompress(data) if algorithm == "zlib" else Zstd.decompress(data, size)
    assert len(plain) == size, "a packet of another length than it says"
    return plain


def compressed_packet(algorithm, plain, sequence):
    if len(plain) < SHORTEST:
        data, size = plain, 0
    else:
        data = zlib.compress(plain, 1) if algorithm == "zlib" else Zstd.compress(plain)
        size = len(plain)
    return (struct.pack("<I", len(data))[:3] + bytes([sequence])
            + struct.pack("<I", size)[:3] + data)


class CompressedSocket:
    """Takes the place of the connection's socket and of its file for reading."""

    def __init__(self, sock, file, algorithm):
        self.sock, self.file, self.algorithm = sock, file, algorithm
        self.plain = b""
        self.sequence = 0
        self.wire_bytes = self.plain_bytes = 0  # that came

    def sendall(self, data):
        for at in range(0, len(data), LONGEST):
            self.sock.sendall(compressed_packet(self.algorithm, data[at:at + LONGEST],
                                                self.sequence))
            self.sequence = (self.sequence + 1) % 256

    def read(self, size):
        parts, missing = [self.plain], size - len(self.plain)
        while missing > 0:
            part = self._packet()
            if part is None:
                break
            parts.append(part)
            missing -= len(part)
        whole = b"".join(parts)
        self.plain = whole[size:]
        return whole[:size]

    def _packet(self):
        header = self.file.read(7)
        if len(header) < 7:
            return None
        length = int.from_bytes(header[:3], "little")
        size = int.from_bytes(header[4:], "little")
        assert header[3] == self.sequence, f"packet {header[3]} where {self.sequence} was due"
        self.sequence = (self.sequence + 1) % 256
        data = self.file.read(length)
        plain = expand(self.algorithm, data, size) if size else data
        self.wire_bytes += 7 + length
        self.plain_bytes += len(plain)
        return plain

    def __getattr__(self, name):
        return getattr(self.sock, name)


class CompressedConnection(pymysql.connections.Connection):
    def __init__(self, algorithm, level=3, **options):
        self.algorithm, self.level = algorithm, level
        super().__init__(defer_connect=True, autocommit=None, **options)
        self.client_flag |= FLAGS[algorithm] | CLIENT.MULTI_STATEMENTS
        self.connect()
        self.autocommit(True)

    def _request_authentication(self):
        assert self.server_capabilities & FLAGS[self.algorithm], f"{self.algorithm} is not offered"
        super()._request_authentication()
        packed = CompressedSocket(self._sock, self._rfile, self.algorithm)
        self._sock = self._rfile = packed

    def write_packet(self, payload):
        is_login = len(payload) > 32 and not isinstance(self._sock, CompressedSocket)
        if is_login and self.algorithm == "zstd" and payload[:4] == struct.pack(
                "<I", self.client_flag):
            payload += bytes([self.level])
        super().write_packet(payload)

    def _execute_command(self, command, sql):
        if isinstance(self._sock, CompressedSocket):
            self._sock.sequence = 0
        super()._execute_command(command, sql)

    def close(self):
        if isinstance(self._sock, CompressedSocket):
            self._sock.sequence = 0  # COM_QUIT is a command
        super().close()


def connect(proxy, algorithm, **options):
    return CompressedConnection(algorithm, **{
        "host": "127.0.0.1", "port": proxy.port(), "user": "app", "password": b"app_pw",
        "connect_timeout": 10, "read_timeout": 120, "max_allowed_packet": 64 << 20, **options})
