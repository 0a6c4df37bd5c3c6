"""A client by the C client library that C programs and sysbench use: what PyMySQL lacks."""

import ctypes
import struct


class CClient:
    def __init__(self, proxy, user="app", password="app_pw", flags=0):
        self.library = ctypes.CDLL("libmariadb.so.3")
        for name in ("mysql_init", "mysql_real_connect", "mysql_stmt_init", "mysql_error",
                     "mysql_stmt_error"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.mysql_init(None))
        connected = self.library.mysql_real_connect(
            self.handle, b"127.0.0.1", user.encode(), password.encode(), b"app",
            ctypes.c_uint(proxy.port()), None, ctypes.c_ulong(flags))
        assert connected, self.error()

    def error(self):
        return ctypes.string_at(self.library.mysql_error(self.handle)).decode()

    def change_user(self, user, password, schema):
        return self.library.mysql_change_user(self.handle, user.encode(), password.encode(),
                                              schema.encode())

    def prepare(self, sql):
        statement = ctypes.c_void_p(self.library.mysql_stmt_init(self.handle))
        failed = self.library.mysql_stmt_prepare(statement, sql.encode(),
                                                  ctypes.c_ulong(len(sql)))
        assert not failed, self.statement_error(statement)
        return statement

    def execute(self, statement):
        """Runs a statement without parameters; the number of rows that it gave."""
        failed = self.library.mysql_stmt_execute(statement)
        assert not failed, self.statement_error(statement)
        self.library.mysql_stmt_store_result(statement)
        self.library.mysql_stmt_num_rows.restype = ctypes.c_ulonglong
        return self.library.mysql_stmt_num_rows(statement)

    def bind_long_data(self, statement):
        """Its one parameter is a text that is sent in pieces."""
        bind = ctypes.create_string_buffer(112)  # MYSQL_BIND; its type stands at 96
        struct.pack_into("<I", bind, 96, 252)
        assert self.library.mysql_stmt_bind_param(statement, bind) == 0

    def send_long_data(self, statement, piece):
        failed = self.library.mysql_stmt_send_long_data(
            statement, ctypes.c_uint(0), piece, ctypes.c_ulong(len(piece)))
        assert not failed, self.statement_error(statement)

    def statement_error(self, statement):
        return ctypes.string_at(self.library.mysql_stmt_error(statement)).decode()

    def query(self, sql):
        return self.library.mysql_query(self.handle, sql.encode())

    def close(self):
        self.library.mysql_close(self.handle)
