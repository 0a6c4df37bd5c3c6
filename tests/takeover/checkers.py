"""What must hold while roles move: W2 (bank), W5 (session), W6 (single writer), W8 (error codes), and
all of them with W1 as one load."""

import contextlib
import random
import time

from clients import Clients
from writers import Writers

# What a client may be told when a takeover cannot be hidden from it.
CODES_OF_A_FAILOVER = {
    1290,  # not executed: no primary in time
    1213,  # a transaction that was rolled back
    1180,  # nobody can tell: COMMIT or a write was under way
    1053,  # state of the session was lost with the server
}


class Bank(Clients):
    """W2: transfers between accounts; nobody may ever see another sum."""

    ACCOUNTS, EACH = 10, 100

    def __init__(self, proxy, clients=2, pause=0.01):
        super().__init__(proxy, clients, pause)
        self.wrong = []  # sums and smallest balances that somebody saw

    @classmethod
    def open(cls, primary):
        primary.sql("TRUNCATE app.bank")
        rows = ", ".join(f"({number}, {cls.EACH})" for number in range(cls.ACCOUNTS))
        primary.sql(f"INSERT INTO app.bank VALUES {rows}")

    def step(self, connection, client, number):
        with connection.cursor() as cursor:
            try:
                self._transfer(cursor)
                self._look(cursor)
            except Exception:
                with contextlib.suppress(Exception):
                    connection.rollback()
                raise

    def _transfer(self, cursor):
        giver, taker = random.sample(range(self.ACCOUNTS), 2)
        cursor.execute("BEGIN")
        cursor.execute("SELECT id, balance FROM bank WHERE id IN (%s, %s) ORDER BY id FOR UPDATE",
                       (giver, taker))
        amount = min(random.randint(1, 30), dict(cursor.fetchall())[giver])
        cursor.execute("UPDATE bank SET balance = balance - %s WHERE id = %s", (amount, giver))
        cursor.execute("UPDATE bank SET balance = balance + %s WHERE id = %s", (amount, taker))
        cursor.execute("COMMIT")

    def _look(self, cursor):
        """By a statement of its own, which a replica answers, and in a transaction."""
        for around in ((), ("BEGIN", "COMMIT")):
            for statement in around[:1]:
                cursor.execute(statement)
            cursor.execute("SELECT SUM(balance), MIN(balance), COUNT(*) FROM bank")
            self.see(*map(int, cursor.fetchone()))
            for statement in around[1:]:
                cursor.execute(statement)

    def see(self, total, smallest, accounts):
        if (total, accounts) != (self.ACCOUNTS * self.EACH, self.ACCOUNTS) or smallest < 0:
            self.wrong.append((total, smallest, accounts))

    def check(self, servers):
        """`servers` have all caught up."""
        for server in servers:
            ((total, smallest, accounts),) = server.sql(
                "SELECT SUM(balance), MIN(balance), COUNT(*) FROM app.bank")
            self.see(int(total), int(smallest), int(accounts))
        assert not self.wrong, f"sum, smallest balance, accounts: {self.wrong[:10]}"


class Registers(Clients):
    """W5: each client has a register of its own, and reads everybody's: it sees its own last write,
    and nothing older than what it saw before."""

    def __init__(self, proxy, clients=2, pause=0.01):
        super().__init__(proxy, clients, pause)
        self.wrong = []  # sentences
        self._seen = [{} for _ in range(clients)]  # by the client's present connection

    def connected(self, client):
        self._seen[client] = {}

    def step(self, connection, client, number):
        with connection.cursor() as cursor:
            cursor.execute("REPLACE INTO w5 VALUES (%s, %s)", (client, number))
            self._seen[client][client] = number
            for _ in range(2):
                cursor.execute("SELECT client, version FROM w5")
                self.see(client, dict(cursor.fetchall()))

    def see(self, client, versions):
        seen = self._seen[client]
        for register, version in seen.items():
            if versions.get(register, 0) < version:
                self.wrong.append(f"client {client} read {versions.get(register)} of register"
                                  f" {register}, and had seen {version}")
        seen.update(versions)

    def check(self):
        assert not self.wrong, self.wrong[:10]


class SingleWriter(Clients):
    """W6: each write says which server executed it; there is one at a time."""

    def __init__(self, proxy, clients=2, pause=0.01):
        super().__init__(proxy, clients, pause)
        self.spans = {}  # of acknowledged writes: (client, number) → (begun, ended)

    def step(self, connection, client, number):
        begun = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO w6 VALUES (%s, %s, @@server_uuid)", (client, number))
        with self.lock:
            self.spans[client, number] = begun, time.monotonic()

    def check(self, primary, moves):
        """The role was moved so often: the writes fit into as many changes of their server."""
        rows = {(client, number): server for client, number, server in
                primary.sql("SELECT client, seq, server FROM app.w6")}
        lost = self.spans.keys() - rows.keys()
        assert not lost, f"acknowledged writes were lost: {sorted(lost)[:10]}"
        writes = [(begun, ended, rows[write]) for write, (begun, ended) in self.spans.items()]
        changes = least_changes(writes)
        assert changes <= moves, f"{changes} changes of the server that writes, {moves} moves"


def least_changes(writes):
    """How often the one writing server must have changed: each of (begun, ended, server) was executed
    at some moment between the two."""
    changes, writer = -1, None
    pending = sorted(writes, key=lambda write: write[1])
    while pending:
        # It stays what it is up to the first end of a write by another one.
        writer, changes = pending[0][2], changes + 1
        until = min((ended for _, ended, server in pending if server != writer), default=None)
        if until is None:
            break
        pending = [(begun, ended, server) for begun, ended, server in pending
                   if server != writer or begun > until]
    return max(changes, 0)


class Load:
    """All workloads at once; a context manager. `moments` and gaps are those of W1's writers."""

    def __init__(self, proxy, cluster, clients=4):
        Bank.open(cluster.primary)
        for table in ("w1", "w5", "w6"):
            cluster.primary.sql(f"TRUNCATE app.{table}")
        cluster.wait_replicated()
        self.writers = Writers(proxy, clients=clients)
        self.bank, self.registers = Bank(proxy), Registers(proxy)
        self.single = SingleWriter(proxy)
        self.parts = [self.writers, self.bank, self.registers, self.single]
        self._running = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as starting:
            for part in self.parts:
                starting.enter_context(part)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *error):
        return self._running.__exit__(*error)

    @property
    def moments(self):
        return self.writers.moments

    def longest_gap(self, since):
        return self.writers.longest_gap(since)

    def errors(self):
        return [error for part in self.parts for error in part.errors]

    def codes(self):
        return {code for _, code, _ in self.errors()}

    def check(self, primary, moves, codes=frozenset()):
        """`primary` has the role now, after so many moves; clients were told nothing but `codes`."""
        self.writers.check(primary)
        self.bank.check([primary])
        self.registers.check()
        self.single.check(primary, moves)
        told = [error for error in self.errors() if error[1] not in codes]
        assert not told, told[:10]
