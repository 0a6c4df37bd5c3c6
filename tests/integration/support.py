"""Small tools of the integration tests: which server answered, other clients, background work."""

import contextlib
import os
import struct
import subprocess
import threading

import pymysql
from pymysql.constants import COMMAND

import binaries
from flavour import APP

WHO = "SELECT name FROM app.whoami"


def label_servers(cluster):
    """Gives each server a table app.whoami with its own name in it, written past the binary log, so
    that a plain read tells where it ran."""
    primary = cluster.primary
    primary.sql("CREATE TABLE IF NOT EXISTS app.whoami (id INT PRIMARY KEY, name VARCHAR(10))")
    cluster.wait_replicated()
    for server in cluster.servers:
        if server is not primary:
            server.sql(cluster.flavour.writable)
        server.sql("SET sql_log_bin=0; "
                   f"REPLACE INTO app.whoami VALUES (1, '{server.name}')")
        if server is not primary:
            server.sql(cluster.flavour.read_only)


@contextlib.contextmanager
def sessions(proxy, count, **login):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(proxy.connect(**login)))
               for _ in range(count)]


@contextlib.contextmanager
def prepared(client, sql):
    """A statement in the binary protocol, closed in the end. Calling it executes it with parameters
    (type, bytes of the value) and gives its rows as they are on the wire."""
    client._execute_command(COMMAND.COM_STMT_PREPARE, sql)
    first = client._read_packet().get_all_data()
    number, columns, parameters = struct.unpack_from("<IHH", first, 1)
    for _ in range(bool(columns) * (columns + 1) + bool(parameters) * (parameters + 1)):
        client._read_packet()

    def execute(*values):
        bound = b""
        if values:
            types = b"".join(struct.pack("<H", kind) for kind, _ in values)
            bound = b"\0\1" + types + b"".join(value for _, value in values)
        client._execute_command(COMMAND.COM_STMT_EXECUTE,
                                struct.pack("<IBI", number, 0, 1) + bound)
        found = []
        for ends_to_come in (1, 0) if client._read_packet().get_all_data()[0] else ():
            while not (packet := client._read_packet()).is_eof_packet():
                if ends_to_come == 0:
                    found.append(packet.get_all_data())
        return found

    yield execute
    client._execute_command(COMMAND.COM_STMT_CLOSE, struct.pack("<I", number))


def rows(connection, sql, *arguments):
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments or None)
        return list(cursor.fetchall())


def value(connection, sql, *arguments):
    """The first column of the first row."""
    return rows(connection, sql, *arguments)[0][0]


def name_in(connection, sql):
    """The server's name in the answer: the column that reads app.whoami."""
    return value(connection, sql)


def where_reads_go(proxy, mode="split", connections=20, **login):
    """{server name: reads} for one read on each of so many new connections."""
    seen = {}
    for _ in range(connections):
        with contextlib.closing(proxy.connect(mode=mode, **login)) as connection:
            name = value(connection, WHO)
            seen[name] = seen.get(name, 0) + 1
    return seen


def where_writes_go(connection, table):
    """The server that runs an INSERT."""
    rows(connection, f"INSERT INTO {table} (v) SELECT name FROM app.whoami")
    return value(connection,
                 f"/* route=primary */ SELECT v FROM {table} ORDER BY id DESC LIMIT 1")


def names(servers):
    return {server.name for server in servers}


@contextlib.contextmanager
def error(code, pattern=""):
    """The block must fail with this error of the server's (or the proxy's)."""
    try:
        yield
    except pymysql.MySQLError as problem:
        import re
        assert problem.args[0] == code, problem
        assert re.search(pattern, problem.args[1]), problem
    else:
        raise AssertionError(f"no error, {code} was expected")


def run_client(program, port, *arguments, sql, user=APP[0], password=APP[1]):
    """Runs a command line client with SQL on its standard input."""
    environment = {**os.environ, **program.environment, "MYSQL_PWD": password}
    return subprocess.run(
        [*program.command, "--no-defaults", "-h127.0.0.1", f"-P{port}", f"-u{user}",
         "--batch", "--skip-column-names", "--comments", *arguments],
        input=sql, capture_output=True, text=True, timeout=60, env=environment, check=False)


def mariadb_client(port, *arguments, **options):
    return run_client(binaries.Program(("/usr/bin/mariadb",)), port, *arguments, **options)


def mysql_client(port, *arguments, **options):
    return run_client(binaries.mysql_client(), port, *arguments, **options)


def sysbench(script, command, port, *options, threads=4, seconds=5, folder=None):
    """Runs sysbench (in `folder`: it looks for its certificates there); its whole output as text.
    Fails when it fails."""
    done = subprocess.run(sysbench_command(script, command, port, *options, threads=threads,
                                           seconds=seconds),
                          capture_output=True, text=True, timeout=seconds + 120, check=False,
                          cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sysbench_command(script, command, port, *options, threads=4, seconds=5):
    return ["sysbench", script, "--db-driver=mysql", "--mysql-host=127.0.0.1",
            f"--mysql-port={port}", f"--mysql-user={APP[0]}", f"--mysql-password={APP[1]}",
            "--mysql-db=sbtest", "--tables=4", "--table-size=2000", f"--threads={threads}",
            f"--time={seconds}", "--report-interval=0", *options, command]


class Background(threading.Thread):
    """Calls work() again and again until stopped; keeps the first error."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.error, self.rounds = work, None, 0
        self._stopping = threading.Event()

    def run(self):
        try:
            while not self._stopping.is_set():
                self.work()
                self.rounds += 1
        except Exception as problem:  # noqa: BLE001: handed to the test by __exit__
            self.error = problem

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self._stopping.set()
        self.join(60)
        if kind is None and self.error:
            raise self.error
