"""Steps that the scripts for Python's drivers share; both follow the DB-API."""

import contextlib
import threading
import time

from transcript import FILES, STATEMENTS, say, say_error

LOAD = " INTO TABLE loaded CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' (id, name, amount)"
CONNECTION_LOST = (2006, 2013)


class Steps:
    """`connect(**options)` gives a context manager, `ask(connection, sql)` says all that came of a
    statement, `error` is what the driver raises."""

    def __init__(self, connect, ask, error):
        self.connect, self.ask, self.error = connect, ask, error

    def attempt(self, **options):
        try:
            with self.connect(**options) as connection:
                self.ask(connection, "SELECT DATABASE(), CURRENT_USER(), USER()")
        except self.error as error:
            say_error(error)

    def statements(self):
        with self.connect(autocommit=True) as connection:
            for sql in STATEMENTS:
                say(sql)
                self.ask(connection, sql)

    def local_infile(self):
        with self.connect(local_infile=1, autocommit=True) as connection:
            for name in ("rows", "rows", "empty", "long", "missing"):
                self.ask(connection, f"LOAD DATA LOCAL INFILE '{FILES}/{name}.csv'" + LOAD)
                self.ask(connection, "SHOW WARNINGS LIMIT 5")
            self.ask(connection, "SELECT COUNT(*), SUM(amount), MAX(name) FROM loaded")
            self.ask(connection, f"LOAD DATA LOCAL INFILE '{FILES}/rows.csv' INTO TABLE nowhere")
            self.ask(connection, "SELECT 'still there'")
        with self.connect(local_infile=0) as connection:
            self.ask(connection, f"LOAD DATA LOCAL INFILE '{FILES}/rows.csv'" + LOAD)
            self.ask(connection, "SELECT 'still there'")

    def ask_until_killed(self, victim, other, sql):
        """Another connection kills the statement: again and again, since a KILL that comes before
        it does nothing."""
        done = threading.Event()

        def kill():
            while not done.wait(0.2):
                with contextlib.closing(other.cursor()) as cursor:
                    cursor.execute(f"KILL QUERY {victim.thread_id()}")

        killer = threading.Thread(target=kill)
        killer.start()
        self.ask(victim, sql)
        done.set()
        killer.join()
        self.ask(victim, "DO 0")  # a late one may still hit this
        self.ask(victim, "SELECT 'still there'")

    def say_whether_killed(self, use):
        """`use()` asks something, until the connection is gone."""
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline:
                use()
                time.sleep(0.05)
            say("was not killed")
        except self.error as error:
            say("killed", error.args[0] in CONNECTION_LOST)

    def timeouts(self):
        with self.connect(read_timeout=1) as connection:
            self.ask(connection, "SELECT SLEEP(30)")
            self.ask(connection, "SELECT 1")
        with self.connect() as connection:
            self.ask(connection, "SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers")
            self.ask(connection, "SET SESSION max_execution_time = 100")
            self.ask(connection, "SELECT SLEEP(30) FROM numbers")
            self.ask(connection, "SELECT 'still there'")
        with self.connect() as connection:
            self.ask(connection, "SET SESSION wait_timeout = 1")
            time.sleep(3)
            self.ask(connection, "SELECT 1")
