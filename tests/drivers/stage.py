"""Where drivers play: a cluster, a proxy in front of it, accounts, a schema for each driver."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "servers")]

import certificates
from cluster import Cluster
from pointsman import Pointsman, config_for

USER = ("driver", "driver_pw")
OTHER = ("driver_other", "other_pw, with 'quotes'")
# Scripts read over one connection what another one wrote, and at replicas wherever these can have it.
ROUTING = {"consistency": "global", "consistency_timeout": "5s"}
ACCOUNTS = [
    "CREATE USER driver@'%' IDENTIFIED BY 'driver_pw'",
    "CREATE USER driver_other@'%' IDENTIFIED BY 'other_pw, with ''quotes'''",
    "CREATE USER driver_empty@'%' IDENTIFIED BY ''",
    "CREATE USER driver_tls@'%' IDENTIFIED BY 'driver_pw' REQUIRE SSL",
    "CREATE USER driver_locked@'%' IDENTIFIED BY 'driver_pw' ACCOUNT LOCK",
    *[f"GRANT ALL ON `drv\\_%`.* TO driver{suffix}@'%'"
      for suffix in ("", "_other", "_empty", "_tls", "_locked")],
    "GRANT XA_RECOVER_ADMIN, SYSTEM_VARIABLES_ADMIN, PERSIST_RO_VARIABLES_ADMIN,"
    " REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO driver@'%'",
]


def _write_files(folder):
    """What LOAD DATA LOCAL INFILE reads. The second line of rows.csv has too many fields."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{number},Zeile {number} ü,{number * 3}" for number in range(1, 1001)]
    lines[1] += ",too much"
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    (folder / "empty.csv").write_text("")
    (folder / "long.csv").write_text(
        "".join(f"{number},{'n' * 50},{number % 100}\n" for number in range(2001, 302_001)))


def statements(text):
    """Splits schema.sql: a statement ends at a semicolon that ends a line, a routine at END;"""
    found, rest = [], []
    text = re.sub(r"^--.*\n", "", text, flags=re.M)
    for line in text.splitlines():
        rest.append(line)
        body = "\n".join(rest)
        if not line.rstrip().endswith(";"):
            continue
        if " BEGIN" in body and not body.rstrip().endswith("END;"):
            continue
        found.append(body.strip().rstrip(";"))
        rest = []
    return found


class Stage:
    """A context manager; `target(name)` gives what a driver's environment says of where to go."""

    def __init__(self, folder, say=lambda text: None, **sections):
        self.folder = Path(folder)
        self.tls = self.folder / "tls"
        self.files = self.folder / "files"
        self.cluster = Cluster(self.folder / "mysql", say=say)
        proxy_tls = {"certificate": str(self.tls / "server.pem"),
                     "key": str(self.tls / "server-key.pem")}
        config = config_for(self.cluster.servers, self.folder / "proxy",
                            **{"client_tls": proxy_tls, "routing": ROUTING, **sections})
        self.proxy = Pointsman(self.folder / "proxy", config)

    def __enter__(self):
        certificates.make(self.tls)
        _write_files(self.files)
        self.cluster.__enter__()
        try:
            self._prepare_servers()
            self.proxy.__enter__()
        except BaseException:
            self.cluster.kill()
            raise
        return self

    def __exit__(self, *reason):
        try:
            self.proxy.__exit__(*reason)
        finally:
            self.cluster.__exit__(*reason)

    def _prepare_servers(self):
        for server in self.cluster.servers:
            server.sql(f"SET GLOBAL ssl_ca='{self.tls}/ca.pem',"
                       f" GLOBAL ssl_cert='{self.tls}/server.pem',"
                       f" GLOBAL ssl_key='{self.tls}/server-key.pem'")
            server.sql("ALTER INSTANCE RELOAD TLS")
        for statement in ACCOUNTS:
            self.cluster.primary.sql(statement)
        self.cluster.wait_replicated()

    def fresh_schema(self, schema):
        """The driver's schema as it was before the driver came."""
        connection = self.cluster.primary.connect(charset="utf8mb4")
        with connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {schema}")
            cursor.execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4")
            cursor.execute(f"USE {schema}")
            for statement in statements((HERE / "schema.sql").read_text()):
                cursor.execute(statement)
        self.cluster.wait_replicated()

    def environment(self, target, schema):
        """`target`: "direct" is the primary itself, else the mode of a listener of the proxy."""
        direct = target == "direct"
        host = self.cluster.primary.host if direct else self.proxy.host
        port = self.cluster.primary.port if direct else self.proxy.port(target)
        return {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                "DRIVER_HOST": host, "DRIVER_PORT": str(port), "DRIVER_SCHEMA": schema,
                "DRIVER_USER": USER[0], "DRIVER_PASSWORD": USER[1],
                "DRIVER_OTHER_USER": OTHER[0], "DRIVER_OTHER_PASSWORD": OTHER[1],
                "DRIVER_CA": str(self.tls / "ca.pem"),
                "DRIVER_WRONG_CA": str(self.tls / "wrong-ca.pem"),
                "DRIVER_FILES": str(self.files),
                "DRIVER_STATEMENTS": str(HERE / "statements.txt")}
