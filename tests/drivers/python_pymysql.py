"""PyMySQL: text protocol only, TLS by Python's ssl, cursors read unbuffered."""

import contextlib
import datetime
import decimal
import ssl

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import DictCursor, SSCursor

from python_steps import Steps
from transcript import (CA, HOST, OTHER_PASSWORD, OTHER_USER, PASSWORD, PORT, SCHEMA, USER,
                        WRONG_CA, run_steps, say, say_error)


# All but three: several factors of authentication, which a proxy can't pass on, and two that only
# mean something within a client library.
SHARED_CAPABILITIES = 0xFFFFFFFF & ~(1 << 28 | 1 << 30 | 1 << 31)


def connect(**options):
    return contextlib.closing(pymysql.connect(**{
        "host": HOST, "port": PORT, "user": USER, "password": PASSWORD.encode(),
        "database": SCHEMA, "charset": "utf8mb4", "max_allowed_packet": 64 << 20, **options}))


def ask(connection, sql, arguments=None):
    """Runs a statement and says all that came of it."""
    with connection.cursor() as cursor:
        try:
            affected = cursor.execute(sql, arguments)
        except pymysql.MySQLError as error:
            say_error(error)
            return
        while True:
            say(affected, cursor.lastrowid, cursor.description, list(cursor.fetchall()))
            if not cursor.nextset():
                return
            affected = cursor.rowcount


steps = Steps(connect, ask, pymysql.MySQLError)
attempt = steps.attempt


def login():
    attempt()
    attempt(database=None)
    attempt(password=b"wrong")
    attempt(password=b"")
    attempt(user="nobody_like_that")
    attempt(database="no_such_schema")
    attempt(database="mysql")
    attempt(user=OTHER_USER, password=OTHER_PASSWORD.encode())
    attempt(user="driver_empty", password=b"")
    attempt(user="driver_empty", password=b"not empty")
    attempt(user="driver_tls")
    attempt(user="driver_locked")
    attempt(init_command="SET @from_init = 1", charset="latin1")
    with connect() as connection:
        say(connection.get_server_info(), connection.character_set_name(),
            connection.get_proto_info(),
            hex(connection.server_capabilities & SHARED_CAPABILITIES),
            connection.server_language, connection.server_status)
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            say(cursor.fetchone()[0] == connection.thread_id())


def tls():
    for name, options in {"verified": {"ssl": {"ca": CA}},
                          "not asked who": {"ssl": {"ca": CA, "check_hostname": False}},
                          "of another": {"ssl": {"ca": WRONG_CA}}}.items():
        say(name)
        attempt(**options)
    attempt(user="driver_tls", ssl={"ca": CA})
    attempt(password=b"wrong", ssl={"ca": CA})
    context = ssl.create_default_context(cafile=CA)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with connect(ssl=context) as connection:
        say(connection._sock.version(), connection._sock.getpeercert()["subject"])


def column_types():
    with connect() as connection:
        ask(connection, "SELECT * FROM types ORDER BY id")
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM types")
            for field in cursor._result.fields:
                say(field.catalog, field.db, field.table_name,
                    field.org_table, field.name, field.org_name, field.charsetnr, field.length,
                    field.type_code, field.flags, field.scale)
        ask(connection, "SELECT * FROM vectors")
        ask(connection, "SELECT * FROM zero_dates")
        ask(connection, "SELECT NULL, 1, -1, 1.5, 1e3, 'text', 0xFF, TRUE, NOW() IS NULL, ''")


def writing_types():
    values = [None, 1, -2, 3.25, decimal.Decimal("12345.67"), True,
              "Grüße 🐬 ' \" \\ \n \0 %", b"\0 bytes '\\", datetime.date(2024, 2, 29),
              datetime.datetime(2024, 2, 29, 12, 34, 56, 789012),
              datetime.timedelta(hours=-5, microseconds=7)]
    with connect(autocommit=True) as connection:
        ask(connection, "SELECT " + ", ".join(["%s"] * len(values)), values)
        for number, value in enumerate(values):
            ask(connection, "INSERT INTO items (name, body) VALUES (%s, %s)", (f"w{number}", value))
        ask(connection, "SELECT name, body FROM items ORDER BY id")


def transactions():
    with connect() as connection:
        say(connection.get_autocommit())
        ask(connection, "INSERT INTO items (name, amount) VALUES ('a', 1.5)")
        ask(connection, "SELECT COUNT(*) FROM items")
        connection.rollback()
        ask(connection, "SELECT COUNT(*) FROM items")
        connection.begin()
        ask(connection, "INSERT INTO items (name, amount) VALUES ('b', 2)")
        ask(connection, "SAVEPOINT s")
        ask(connection, "INSERT INTO items (name, amount) VALUES ('c', 3)")
        ask(connection, "ROLLBACK TO SAVEPOINT s")
        connection.commit()
        ask(connection, "SELECT name, amount FROM items")
        ask(connection, "START TRANSACTION READ ONLY")
        ask(connection, "INSERT INTO items (name) VALUES ('d')")
        ask(connection, "SELECT COUNT(*) FROM items")
        ask(connection, "COMMIT AND CHAIN")
        ask(connection, "ROLLBACK RELEASE")
        ask(connection, "SELECT 1")
    with connect(autocommit=True) as one, connect(autocommit=True) as two:
        for connection in (one, two):
            ask(connection, "SET SESSION innodb_lock_wait_timeout = 1")
            connection.begin()
        ask(one, "UPDATE items SET amount = 5 WHERE name = 'b'")
        ask(two, "UPDATE items SET amount = 6 WHERE name = 'b'")
        one.commit()
        ask(two, "UPDATE items SET amount = 7 WHERE name = 'b'")
        two.rollback()
        ask(one, "SELECT name, amount FROM items")
        ask(one, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        ask(one, "SELECT @@transaction_isolation")
        ask(one, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        ask(one, "SELECT @@transaction_isolation")


def unbuffered():
    with connect(cursorclass=SSCursor) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT n, word FROM numbers ORDER BY n")
        say(list(cursor.fetchmany(3)), cursor.fetchone())
        say(list(cursor.fetchall_unbuffered()))
        cursor.execute("SELECT a.n, b.word FROM numbers a, numbers b, numbers c, numbers d")
        say(cursor.fetchone() is not None)
        cursor.close()
        cursor = connection.cursor()
        cursor.execute("SELECT 'after the unread'")
        say(cursor.fetchall())
    with connect(cursorclass=DictCursor) as connection:
        ask(connection, "SELECT n, word, n AS n FROM numbers WHERE n > 8 ORDER BY n")


def multi_results():
    with connect(client_flag=CLIENT.MULTI_STATEMENTS, autocommit=True) as connection:
        ask(connection, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3")
        ask(connection, "INSERT INTO items (name) VALUES ('m1'); SELECT LAST_INSERT_ID() > 0;"
                        " UPDATE items SET amount = 3 WHERE name = 'm1'; SELECT name FROM items")
        ask(connection, "SELECT 1; SELEC; SELECT 3")
        ask(connection, "CALL several(2)")
        ask(connection, "CALL fails_late()")
        ask(connection, "SET @out = 0, @text = 'this'; CALL doubled(21, @out, @text);"
                        " SELECT @out, @text")
        ask(connection, "SELECT @out, @text")
        ask(connection, "SELECT plus_one(41)")
        with connection.cursor() as cursor:
            say(cursor.callproc("doubled", (4, 0, "that")))
            cursor.execute("SELECT @_doubled_0, @_doubled_1, @_doubled_2")
            say(cursor.fetchall())
    with connect() as connection:
        ask(connection, "SELECT 1; SELECT 2")
        ask(connection, "CALL several(3)")
        ask(connection, "SELECT 'still there'")


def big_values():
    data = bytes(range(256)) * (20 * 4096)
    with connect(autocommit=True) as connection:
        ask(connection, "INSERT INTO items (name, data) VALUES ('big', %s)", data)
        ask(connection, "INSERT INTO items (name, body) VALUES ('text', %s)", "ü" * (10 << 20))
        ask(connection, "SELECT name, LENGTH(body), SHA2(data, 256), SHA2(body, 256) FROM items")
        ask(connection, "SELECT data FROM items WHERE name = 'big'")
        ask(connection, "SELECT name, data, body FROM items ORDER BY name")
        ask(connection, "SELECT REPEAT('x', 16777210), REPEAT('y', 16777216)")
        ask(connection, "SELECT LENGTH(REPEAT('x', 80000000))")
        ask(connection, "SHOW WARNINGS")
        try:
            ask(connection, "SELECT LENGTH(%s)", b"z" * (65 << 20))
        except OSError as problem:  # the server closes while the client still sends
            say("closed", isinstance(problem, OSError))
    attempt()


def kill_query():
    with connect() as victim, connect() as other:
        steps.ask_until_killed(victim, other, "SELECT SLEEP(60) FROM numbers")
        ask(other, "KILL QUERY 4000000000")
        ask(other, f"KILL {victim.thread_id()}")
        steps.say_whether_killed(lambda: victim.query("SELECT 1"))


def reset():
    with connect(autocommit=True) as connection:
        ask(connection, "SET @x = 1, SESSION sql_mode = '', time_zone = '+03:00'")
        ask(connection, "CREATE TEMPORARY TABLE gone (x INT)")
        connection._execute_command(0x1F, b"")  # COM_RESET_CONNECTION has no name in PyMySQL
        say(connection._read_ok_packet().__dict__.get("server_status"))
        ask(connection, "SELECT @x, @@sql_mode = '', @@time_zone, DATABASE()")
        ask(connection, "SELECT * FROM gone")
    with connect() as connection:
        connection.ping(reconnect=True)
        connection.select_db("sys")
        ask(connection, "SELECT DATABASE()")
        try:
            connection.select_db("no_such_schema")
        except pymysql.MySQLError as error:
            say_error(error)


if __name__ == "__main__":
    run_steps([login, tls, column_types, writing_types, transactions, steps.statements, unbuffered,
               steps.local_infile, multi_results, big_values, kill_query, reset, steps.timeouts],
              pymysql.MySQLError)
