"""Runs one test of the suite by the program `mysqltest`."""

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

import binaries
from stand import fresh_folder, seconds_since
from suite import SUITE

SKIPPED = 62
PROGRAMS = {  # the variable under which a test starts a client program
    "MYSQL": "mysql", "MYSQL_DUMP": "mysqldump", "MYSQL_CHECK": "mysqlcheck",
    "MYSQL_IMPORT": "mysqlimport", "MYSQL_SHOW": "mysqlshow", "MYSQL_SLAP": "mysqlslap",
    "MYSQL_BINLOG": "mysqlbinlog",
}
BARE_PROGRAMS = {  # those that get no options
    "EXE_MYSQL": "mysql", "MYSQLADMIN": "mysqladmin", "MY_PERROR": "perror",
    "MYSQL_CONFIG_EDITOR": "mysql_config_editor", "MYSQL_TZINFO_TO_SQL": "mysql_tzinfo_to_sql",
    "MYSQL_MY_PRINT_DEFAULTS": "my_print_defaults",
}


@dataclass
class Outcome:
    """How a test ended: passed, failed, skipped or late, and what it said."""

    verdict: str
    seconds: float
    text: str = ""

    @property
    def passed(self):
        return self.verdict == "passed"


def _command(path):
    return " ".join(binaries.unpacked_mysql_program(path).command)


class Runner:
    """Runs tests against a stand, each with an empty temporary folder."""

    def __init__(self, stand, limit):
        self.stand = stand
        self.limit = limit
        self.temporary = stand.folder / "tmp"
        self.logs = stand.folder / "log"
        loader = binaries.unpacked_mysql_program("usr/bin/mysql").command[:-1]
        self.program = [*loader, str(SUITE / "bin/mysqltest")]

    def run(self, test):
        """The outcome of one test; nothing that it started runs on."""
        fresh_folder(self.temporary)
        fresh_folder(self.logs)
        self._write_options()
        start = time.monotonic()
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.program, f"--defaults-file={self._options}",
             "--silent", f"--tmpdir={self.temporary}",
             f"--character-sets-dir={self._share}/charsets",
             f"--logdir={self.logs}", "--database=test", f"--timer-file={self.logs}/timer",
             f"--test-file={test.script}", "--tail-lines=20", f"--result-file={test.result}"],
            cwd=SUITE, env={**os.environ, **self._environment()}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output = process.communicate(timeout=self.limit)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Outcome("late", seconds_since(start), f"no end within {self.limit} s")
        return self._judge(process.returncode, output, seconds_since(start))

    @staticmethod
    def _judge(code, output, seconds):
        if code == 0:
            return Outcome("passed", seconds)
        if code == SKIPPED:
            reason = re.search(r"skipped because '(.*?)'", output, re.DOTALL)
            return Outcome("skipped", seconds, reason[1] if reason else output.strip())
        return Outcome("failed", seconds, output)

    @property
    def _options(self):
        return self.stand.folder / "my.cnf"

    @property
    def _share(self):
        return binaries.BUILD / "mysql/usr/share/mysql"

    def _write_options(self):
        """The option file of all client programs."""
        client = (f"user=root\nhost=localhost\nport={self.stand.port}\n"
                  f"socket={self.stand.socket}\n")
        text = f"[client]\n{client}[client.1]\n{client}"
        text += "[mysqltest]\nssl-mode=DISABLED\n"
        text += f"server-public-key-path={SUITE}/std_data/rsa_public_key.pem\n"
        for program in ("mysql", "mysqlshow", "mysqlimport", "mysqlcheck", "mysqltest"):
            text += f"[{program}]\ndefault-character-set=utf8mb4\n"
        text += f"[mysqlbinlog]\ncharacter-sets-dir={self._share}/charsets\n"
        text += f"local-load={self.temporary}\n"
        self._options.write_text(text)

    def _environment(self):
        base = binaries.BUILD / "mysql/usr"
        variables = {
            "MYSQL_TEST_DIR": SUITE, "MYSQL_TEST_DIR_ABS": SUITE, "MYSQL_TMP_DIR": self.temporary,
            "MYSQLTEST_VARDIR": self.stand.folder, "MYSQLTEST_VARDIR_ABS": self.stand.folder,
            "MASTER_MYPORT": self.stand.port, "MASTER_MYSOCK": self.stand.socket,
            "MASTER_ADMINPORT": 0, "MASTER_X_MYPORT": 0, "MASTER_X_MYSOCK": "",
            "DEFAULT_MASTER_PORT": 3306, "USE_RUNNING_SERVER": 0, "BIG_TEST": "",
            "MYSQL_BINDIR": base / "bin", "MYSQL_BASEDIR": base,
            "MYSQL_CHARSETSDIR": self._share / "charsets", "MYSQL_SHAREDIR": self._share,
            "SECURE_LOAD_PATH": SUITE / "std_data", "NUMBER_OF_CPUS": os.cpu_count(),
            "MYSQL_TEST_LOGIN_FILE": self.temporary / ".mylogin.cnf",
            "PATH_CONFIG_FILE": self._options, "PLUGIN_SUFFIX": "so",
            "MYSQL_CLIENT_TEST": "", "MTR_BUILD_THREAD": "auto",
        }
        for name, program in PROGRAMS.items():
            variables[name] = f"{_command('usr/bin/' + program)} --defaults-file={self._options}"
        for name, program in BARE_PROGRAMS.items():
            variables[name] = _command("usr/bin/" + program)
        variables["MYSQLDUMPSLOW"] = f"perl {base}/bin/mysqldumpslow"
        variables["MYSQL_OPTIONS"] = f"--defaults-file={self._options}"
        variables["MYSQL_TEST"] = " ".join(self.program)
        return {name: str(value) for name, value in variables.items()}


def keep_logs(runner, folder):
    """Copies what the last test wrote to a folder, to look at later."""
    shutil.copytree(runner.logs, fresh_folder(folder), dirs_exist_ok=True)
