"""W1: clients that insert (client, number) on their own, and know what became of each."""

import contextlib
import threading
import time

import pymysql

UNKNOWN = {1180, 2006, 2013, 1053, 0}  # the statement may or may not have been executed


class Writers:
    """A context manager; `check` compares what clients were told with what is there."""

    def __init__(self, proxy, clients=8, transactions=False, pause=0.01):
        self.proxy = proxy
        self.transactions = transactions
        self.pause = pause  # seconds between a client's writes: replicas must be able to keep up
        self.ok, self.unknown = set(), set()
        self.errors = []  # (moment, code, text)
        self.moments = []  # of successful writes
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True)
                         for number in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, client):
        connection, number = None, 0
        while not self._stopping.is_set():
            number += 1
            try:
                if connection is None:
                    connection = self.proxy.connect(database="app")
                self._write(connection, client, number)
                with self._lock:
                    self.ok.add((client, number))
                    self.moments.append(time.monotonic())
            except pymysql.MySQLError as problem:
                code = problem.args[0]
                with self._lock:
                    self.errors.append((time.monotonic(), code, str(problem)))
                    if code in UNKNOWN:
                        self.unknown.add((client, number))
                if code in UNKNOWN and connection is not None:
                    with contextlib.suppress(Exception):
                        connection.close()
                    connection = None
            time.sleep(self.pause)

    def _write(self, connection, client, number):
        with connection.cursor() as cursor:
            if self.transactions:
                cursor.execute("BEGIN")
                cursor.execute("SELECT COUNT(*) FROM w1 WHERE client = 999")
            cursor.execute("INSERT INTO w1 VALUES (%s, %s)", (client, number))
            if self.transactions:
                cursor.execute("COMMIT")

    def longest_gap(self, since):
        """Seconds: the longest time without a successful write of anybody after `since`."""
        moments = [since] + sorted(moment for moment in self.moments if moment > since)
        return max(later - earlier for earlier, later in zip(moments, moments[1:]))

    def check(self, primary):
        """Every acknowledged write is there once, no other more than once."""
        rows = [tuple(row) for row in primary.sql("SELECT client, seq FROM app.w1")]
        there = set(rows)
        assert len(rows) == len(there), "a write was executed twice"
        lost = self.ok - there
        assert not lost, f"acknowledged writes were lost: {sorted(lost)[:10]}"
        stray = there - self.ok - self.unknown
        assert not stray, f"writes that failed are there: {sorted(stray)[:10]}"
