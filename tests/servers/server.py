"""One real server process: started, asked, stopped, killed."""

import shutil
import signal
import tempfile
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT

from process import free_port, spawn, tail, wait_until

LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes


class Server:
    """A mysqld (or mariadbd) with its data below `folder`. The address stays the same over
    restarts."""

    def __init__(self, name, folder, flavour, server_id, semi_sync_timeout=None):
        self.name = name
        self.folder = Path(folder)
        self.flavour = flavour
        self.server_id = server_id
        self.semi_sync_timeout = semi_sync_timeout
        self.host = "127.0.0.1"
        self.port = free_port()
        self.more_settings = ""  # lines of my.cnf, from the next start on
        self.process = None
        self._socket_folder = None

    @property
    def datadir(self):
        return self.folder / "data"

    @property
    def error_log(self):
        return self.datadir / "error.log"

    @property
    def socket(self):
        path = self.folder / "mysqld.sock"
        if len(str(path)) <= LONGEST_SOCKET_PATH:
            return str(path)
        if self._socket_folder is None:
            self._socket_folder = tempfile.mkdtemp(prefix="pointsman-")
        return f"{self._socket_folder}/mysqld.sock"

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def launch(self):
        """Starts the process; wait_ready() says when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for stale in (self.socket, self.socket + ".lock"):
            Path(stale).unlink(missing_ok=True)
        settings = self.folder / "my.cnf"
        settings.write_text(
            f"[mysqld]\ndatadir={self.datadir}\nsocket={self.socket}\nport={self.port}\n"
            f"bind_address={self.host}\nuser=root\n"
            + self.flavour.settings(self.server_id, self.semi_sync_timeout) + self.more_settings)
        installation = self.flavour.installation
        self.process = spawn(installation.server,
                             [f"--defaults-file={settings}", *installation.server_arguments],
                             self.folder / "output.log")

    def wait_ready(self, timeout=60):
        wait_until(self._answers, timeout, f"{self.name} to answer\n{tail(self.error_log)}")

    def _answers(self):
        if not self.running:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n"
                               f"{tail(self.folder / 'output.log')}{tail(self.error_log)}")
        try:
            self.connect().close()
            return True
        except pymysql.Error:
            return False

    def start(self, timeout=60):
        if not self.running:
            self.launch()
        self.wait_ready(timeout)

    def stop(self, timeout=60):
        """An orderly shutdown."""
        if self.running:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(timeout)
        self._remove_socket_folder()

    def kill9(self):
        """Death without a word."""
        if self.running:
            self.process.kill()
            self.process.wait()
        self._remove_socket_folder()

    def freeze(self):
        """Hangs: takes connections (the kernel does), never answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def _remove_socket_folder(self):
        if self._socket_folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
            self._socket_folder = None

    def connect(self, **options):
        """A new direct connection, by default as root over the unix socket."""
        if "user" in options:
            options = {"host": self.host, "port": self.port, **options}
        else:
            options = {"user": "root", "unix_socket": self.socket, **options}
        return pymysql.connect(**{"autocommit": True, "connect_timeout": 5,
                                  "client_flag": CLIENT.MULTI_STATEMENTS, **options})

    def sql(self, text, *arguments, **options):
        """Runs one statement as root on a new connection; the rows as a list of tuples."""
        connection = self.connect(**options)
        try:
            with connection.cursor() as cursor:
                cursor.execute(text, arguments or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def sql_dicts(self, text, *arguments):
        """As sql(), the rows as dictionaries."""
        return self.sql(text, *arguments, cursorclass=pymysql.cursors.DictCursor)

    def scalar(self, text, *arguments):
        """The first column of the first row."""
        return self.sql(text, *arguments)[0][0]

    def status(self):
        """The server's own counters."""
        return dict(self.sql("SHOW GLOBAL STATUS"))
