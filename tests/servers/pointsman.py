"""The proxy under test (or in the demo): its YAML, its process, its metrics."""

import copy
import os
import re
import signal
import urllib.request
from pathlib import Path

import pymysql
import yaml

import binaries
from flavour import MONITOR
from metrics_text import Metrics
from process import free_port, spawn, tail, wait_until

LISTENER_MODES = ("split", "primary", "replicas")
SANITIZER_WORDS = re.compile(r"(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:")


def binary():
    """The program to run: POINTSMAN_BINARY (an ASan build, say) or the optimized build."""
    path = Path(os.environ.get("POINTSMAN_BINARY", binaries.BUILD / "release/pointsman"))
    if not path.exists():
        raise binaries.NotFound(f"{path} is missing: ./dev builds it")
    return binaries.Program((str(path),))


def config_for(servers, folder, modes=LISTENER_MODES, ports=None, **sections):
    """A configuration as a dictionary: one listener for each mode on a free port, all else default
    but for what `sections` says, and POINTSMAN_IO (epoll, io_uring), which has whole runs go so."""
    ports = ports or {}
    config = {
        "listeners": [{"name": mode, "mode": mode,
                       "address": f"127.0.0.1:{ports.get(mode) or free_port()}"}
                      for mode in modes],
        "servers": [{"name": server.name, "address": f"{server.host}:{server.port}"}
                    for server in servers],
        "monitor": {"user": MONITOR[0], "password": MONITOR[1]},
        # What tests look at is where reads go, not how soon.
        "pool": {"slow_start": "0s"},
        "metrics": {"address": f"127.0.0.1:{free_port()}"},
        "admin": {"listen": f"127.0.0.1:{free_port()}"},
        "state_directory": str(Path(folder) / "state"),
        "workers": 2,  # on any machine: sessions of different threads meet
        **({"io": os.environ["POINTSMAN_IO"]} if "POINTSMAN_IO" in os.environ else {}),
    }
    for section, value in sections.items():
        if isinstance(value, dict) and isinstance(config.get(section), dict):
            config[section] = {**config[section], **value}
        else:
            config[section] = value
    return config


class Pointsman:
    """A running proxy. stop() fails when it crashed or a sanitizer found something."""

    # The key that this program's first proxy made, for later ones: making one takes up to 0.3 s.
    _rsa_key = None

    def __init__(self, folder, config, group=None):
        self.folder = Path(folder).resolve()
        self.group = group  # runs under this group's id
        self.config = config
        self.process = None
        self.host = "127.0.0.1"

    @property
    def config_path(self):
        return self.folder / "pointsman.yaml"

    @property
    def log_path(self):
        return self.folder / "pointsman.log"

    @property
    def metrics_url(self):
        return f"http://{self.config['metrics']['address']}/metrics"

    def port(self, mode="split"):
        for listener in self.config["listeners"]:
            if listener.get("mode", "split") == mode:
                return int(listener["address"].rsplit(":", 1)[1])
        raise KeyError(f"no listener of mode {mode}")

    def write_config(self, config=None):
        if config is not None:
            self.config = config
        self.write_text(yaml.safe_dump(self.config, sort_keys=False))

    def write_text(self, text):
        """Replaces the file in one step, as an editor or a configuration tool does."""
        draft = self.folder / "pointsman.yaml.new"
        draft.write_text(text)
        draft.rename(self.config_path)

    def start(self, timeout=30, writes="open"):
        """Waits until it takes clients, and writes are `writes`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_state_directory()
        self.log_path.unlink(missing_ok=True)
        self.write_config()
        self.process = spawn(binary(), ["serve", "--config", self.config_path], self.log_path,
                             group=self.group)
        try:
            wait_until(lambda: self._ready(writes), timeout, f"pointsman to be ready\n{tail(self.log_path)}")
        except BaseException:
            self.kill()
            raise
        if self._key_path.exists():
            Pointsman._rsa_key = self._key_path.read_bytes()
        return self

    @property
    def _key_path(self):
        return Path(self.config["state_directory"]) / "rsa-key.pem"

    def _make_state_directory(self):
        self._key_path.parent.mkdir(parents=True, exist_ok=True)
        if Pointsman._rsa_key and not self._key_path.exists():
            self._key_path.touch(mode=0o600)
            self._key_path.write_bytes(Pointsman._rsa_key)

    def _ready(self, writes):
        self.check_alive()
        try:
            metrics = self.metrics()
        except OSError:
            return False
        return metrics.total("pointsman_writes_state", state=writes) == 1

    def check_alive(self):
        if self.process.poll() is not None:
            raise AssertionError(f"pointsman ended with {self.process.returncode}\n{self.log()}")

    def log(self):
        return tail(self.log_path, 60)

    def check_log(self):
        text = self.log_path.read_text(errors="replace")
        if found := SANITIZER_WORDS.search(text):
            raise AssertionError(text[max(0, found.start() - 500):found.start() + 6000])

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, change=None):
        """Writes the configuration after `change(config)` and says so by SIGHUP. The caller waits for
        the effect it wants."""
        config = copy.deepcopy(self.config)
        if change:
            change(config)
        self.write_config(config)
        self.signal(signal.SIGHUP)

    def stop(self, timeout=40):
        """An orderly end, which must be one."""
        self.check_alive()
        self.process.terminate()
        code = self.process.wait(timeout)
        self.check_log()
        if code != 0:
            raise AssertionError(f"pointsman ended with {code} on SIGTERM\n{self.log()}")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind in (None, KeyboardInterrupt):
            self.stop()
        else:
            self.kill()

    def metrics_text(self):
        with urllib.request.urlopen(self.metrics_url, timeout=5) as answer:
            return answer.read().decode()

    def metrics(self):
        return Metrics(self.metrics_text())

    def connect(self, user="app", password="app_pw", mode="split", **options):
        """A client connection by PyMySQL, in autocommit mode. It would send a text as latin1."""
        if isinstance(password, str):
            password = password.encode()
        return pymysql.connect(**{
            "host": self.host, "port": self.port(mode), "user": user, "password": password,
            "autocommit": True, "connect_timeout": 10, "read_timeout": 60, **options})
