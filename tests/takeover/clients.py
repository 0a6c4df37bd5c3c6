"""Threads that work through a proxy until they are told to stop, and keep account of errors."""

import contextlib
import threading
import time

import pymysql

# What was under way may or may not have been done, and the connection is of no use any more.
UNKNOWN = {1180, 2006, 2013, 1053, 0}


class Clients:
    """A context manager; a subclass says what a client does in `step`, and checks it afterwards."""

    def __init__(self, proxy, clients, pause):
        self.proxy = proxy
        self.pause = pause  # seconds between a client's steps: replicas must be able to keep up
        self.errors = []  # (moment, code, text)
        self.lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True)
                         for number in range(clients)]

    def step(self, connection, client, number):
        """One piece of work; errors are raised."""
        raise NotImplementedError

    def failed(self, client, number, code):
        """A step ended with this error. The lock is held."""

    def connected(self, client):
        """The client has a new connection: what the last one had seen does not bind it."""

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
                    self.connected(client)
                self.step(connection, client, number)
            except pymysql.MySQLError as problem:
                code = problem.args[0]
                with self.lock:
                    self.errors.append((time.monotonic(), code, str(problem)))
                    self.failed(client, number, code)
                if code in UNKNOWN and connection is not None:
                    with contextlib.suppress(Exception):
                        connection.close()
                    connection = None
            time.sleep(self.pause)
