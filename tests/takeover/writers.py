"""W1: clients that insert (client, number) on their own, and know what became of each."""

import time

from clients import UNKNOWN, Clients


class Writers(Clients):
    """`check` compares what clients were told with what is there."""

    def __init__(self, proxy, clients=8, transactions=False, pause=0.01):
        super().__init__(proxy, clients, pause)
        self.transactions = transactions
        self.ok, self.unknown = set(), set()
        self.moments = []  # of successful writes

    def step(self, connection, client, number):
        with connection.cursor() as cursor:
            if self.transactions:
                cursor.execute("BEGIN")
                cursor.execute("SELECT COUNT(*) FROM w1 WHERE client = 999")
            cursor.execute("INSERT INTO w1 VALUES (%s, %s)", (client, number))
            if self.transactions:
                cursor.execute("COMMIT")
        with self.lock:
            self.ok.add((client, number))
            self.moments.append(time.monotonic())

    def failed(self, client, number, code):
        if code in UNKNOWN:
            self.unknown.add((client, number))

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
