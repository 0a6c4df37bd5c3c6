"""mysqlclient (MySQLdb): MariaDB's C library underneath, text protocol only."""

import contextlib

import MySQLdb
import MySQLdb.cursors
from MySQLdb.constants import CLIENT

from python_steps import Steps
from transcript import (CA, HOST, OTHER_PASSWORD, OTHER_USER, PASSWORD, PORT, SCHEMA, USER,
                        WRONG_CA, run_steps, say, say_error)


def connect(**options):
    return contextlib.closing(MySQLdb.connect(**{
        "host": HOST, "port": PORT, "user": USER, "password": PASSWORD, "database": SCHEMA,
        "charset": "utf8mb4", **options}))


def ask(connection, sql, arguments=None):
    """Runs a statement and says all that came of it."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, arguments)
        while True:
            say(cursor.rowcount, cursor.lastrowid, cursor.description, cursor.description_flags,
                list(cursor.fetchall()) if cursor.description else "no rows", connection.info(),
                connection.warning_count())
            if not cursor.nextset():
                return
    except MySQLdb.Error as error:
        say_error(error)
        say(connection.sqlstate() if hasattr(connection, "sqlstate") else "", connection.error())
    finally:
        with contextlib.suppress(MySQLdb.Error):
            cursor.close()


steps = Steps(connect, ask, MySQLdb.Error)
attempt = steps.attempt


def login():
    attempt()
    attempt(database="")
    attempt(password="wrong")
    attempt(password="")
    attempt(database="no_such_schema")
    attempt(user=OTHER_USER, password=OTHER_PASSWORD)
    attempt(user="driver_empty", password="")
    attempt(user="driver_tls")
    attempt(user="driver_locked")
    attempt(init_command="SET @from_init = 1", charset="latin1")
    attempt(auth_plugin="mysql_native_password")
    with connect() as connection:
        say(connection.get_server_info(), connection.character_set_name(),
            connection.get_proto_info(), connection.get_character_set_info())


def tls():
    attempt(ssl={"ca": CA})
    attempt(ssl={"ca": CA, "check_hostname": True})
    attempt(ssl={"ca": WRONG_CA})
    attempt(user="driver_tls", ssl={"ca": CA})
    attempt(user="driver_tls", password="wrong", ssl={"ca": CA})


def column_types():
    with connect() as connection:
        ask(connection, "SELECT * FROM types ORDER BY id")
        ask(connection, "SELECT * FROM vectors")
        ask(connection, "SELECT * FROM zero_dates")
    with connect(conv={}, use_unicode=False) as connection:  # as the server wrote them
        ask(connection, "SELECT * FROM types ORDER BY id")
        connection.query("SELECT * FROM types")
        result = connection.store_result()
        say(result.describe(), result.field_flags(), result.num_rows())


def transactions():
    with connect() as connection:
        say(connection.get_autocommit())
        ask(connection, "INSERT INTO items (name, amount) VALUES (%s, %s)", ("a", 1.5))
        say(connection.insert_id(), connection.affected_rows(), connection.thread_id() > 0)
        connection.rollback()
        ask(connection, "SELECT COUNT(*) FROM items")
        cursor = connection.cursor()
        say(cursor.executemany("INSERT INTO items (name, amount) VALUES (%s, %s)",
                               [(f"many {number}", number) for number in range(100)]))
        connection.commit()
        ask(connection, "UPDATE items SET amount = amount + 1 WHERE id % 2")
        ask(connection, "SELECT COUNT(*), SUM(amount) FROM items")
        connection.autocommit(True)
        ask(connection, "SELECT @@autocommit, @@in_transaction")
        connection.rollback()
        ask(connection, "SELECT COUNT(*), SUM(amount) FROM items")
        connection.begin() if hasattr(connection, "begin") else ask(connection, "BEGIN")
        ask(connection, "DELETE FROM items WHERE id < 50")
        connection.rollback()
        ask(connection, "SELECT COUNT(*), SUM(amount) FROM items")
    with connect(client_flag=CLIENT.FOUND_ROWS, autocommit=True) as connection:
        ask(connection, "UPDATE items SET amount = amount WHERE id < 3")


def small_commands():
    with connect(autocommit=True) as connection:
        say(connection.stat().split(":")[0])
        connection.ping()
        connection.select_db("information_schema")
        ask(connection, "SELECT DATABASE()")
        connection.set_character_set("latin1")
        ask(connection, "SELECT 'é', @@character_set_client")
        say(connection.show_warnings() if hasattr(connection, "show_warnings") else "")


def unbuffered():
    with connect(cursorclass=MySQLdb.cursors.SSDictCursor) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT n, word FROM numbers ORDER BY n")
        say(list(cursor.fetchmany(3)), cursor.fetchone())
        say(list(cursor.fetchall()))
        cursor.execute("SELECT a.n FROM numbers a, numbers b, numbers c, numbers d, numbers e")
        say(cursor.fetchone() is not None)
        cursor.close()
        ask(connection, "SELECT 'after the unread'")


def multi_results():
    with connect(autocommit=True) as connection:  # the driver always asks for several statements
        ask(connection, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3")
        ask(connection, "INSERT INTO items (name) VALUES ('m1'); UPDATE items SET amount = 3"
                        " WHERE name = 'm1'; SELECT name FROM items WHERE name = 'm1'")
        ask(connection, "SELECT 1; SELEC; SELECT 3")
        ask(connection, "CALL several(2)")
        ask(connection, "CALL fails_late()")
        cursor = connection.cursor()
        say(cursor.callproc("doubled", (4, 0, "that")))
        cursor.close()
        ask(connection, "SELECT @_doubled_0, @_doubled_1, @_doubled_2")
        connection.set_server_option(1)  # COM_SET_OPTION: several statements off
        ask(connection, "SELECT 1; SELECT 2")
        connection.set_server_option(0)
        ask(connection, "SELECT 1; SELECT 2")
    with connect(client_flag=0, autocommit=True) as connection:
        ask(connection, "CALL several(1)")
        ask(connection, "SELECT 'still there'")


def big_values():
    data = bytes(range(256)) * (20 * 4096)
    with connect(autocommit=True) as connection:
        ask(connection, "INSERT INTO items (name, data) VALUES ('big', %s)", (data,))
        ask(connection, "INSERT INTO items (name, body) VALUES ('text', %s)", ("ü" * (10 << 20),))
        ask(connection, "SELECT name, data, body FROM items WHERE data <> '' OR body <> ''"
                        " ORDER BY name")
        ask(connection, "SELECT REPEAT('x', 16777210), REPEAT('y', 16777216)")


def kill_query():
    with connect() as victim, connect() as other:
        steps.ask_until_killed(victim, other, "SELECT SLEEP(60) FROM numbers")
        other.kill(victim.thread_id())  # COM_PROCESS_KILL
        steps.say_whether_killed(victim.ping)
        try:
            other.kill(4000000000)
        except MySQLdb.Error as error:
            say_error(error)


def reset_and_change_user():
    with connect(autocommit=True) as connection:
        ask(connection, "SET @x = 1, time_zone = '+03:00'")
        ask(connection, "CREATE TEMPORARY TABLE gone (x INT)")
        connection.change_user(OTHER_USER, OTHER_PASSWORD, SCHEMA)
        ask(connection, "SELECT CURRENT_USER(), USER(), DATABASE(), @x, @@time_zone, @@autocommit")
        ask(connection, "SELECT * FROM gone")
        connection.change_user(USER, PASSWORD)
        ask(connection, "SELECT CURRENT_USER(), USER(), DATABASE()")
        connection.change_user("driver_empty", "", SCHEMA)
        ask(connection, "SELECT CURRENT_USER(), USER(), DATABASE()")
        connection.change_user(USER, "wrong", SCHEMA)
    attempt()


def change_to_unknown_schema():
    with connect(autocommit=True) as connection:
        try:
            connection.change_user(USER, PASSWORD, "no_such_schema")
        except MySQLdb.Error as error:
            say_error(error)
        ask(connection, "SELECT 1")


if __name__ == "__main__":
    run_steps([login, tls, column_types, transactions, steps.statements, small_commands,
               unbuffered, steps.local_infile, multi_results, big_values, kill_query,
               reset_and_change_user, change_to_unknown_schema, steps.timeouts], MySQLdb.Error)
