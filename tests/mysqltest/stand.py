"""What a test runs against: a cluster as MySQL's own test driver would set it up, and the proxy."""

import hashlib
import os
import shutil
import time
from pathlib import Path

import pymysql

from cluster import Cluster
from flavour import MySql
from pointsman import Pointsman, config_for
from suite import SUITE

# As mysql-test/include/default_mysqld.cnf has it, and what a cluster needs on top of that.
SETTINGS = """\
log_error=error.log
pid_file=mysqld.pid
connect_timeout=60
max_connections=151
log_bin_trust_function_creators=ON
innodb_buffer_pool_size=24M
innodb_redo_log_capacity=10M
innodb_flush_method=nosync
sync_binlog=0
explain_format=TRADITIONAL_STRICT
general_log=ON
general_log_file=mysqld.log
slow_query_log=ON
slow_query_log_file=mysqld-slow.log
log_bin=binlog
mysqlx=OFF
gtid_mode=ON
enforce_gtid_consistency=ON
"""

# Accounts and databases that MySQL's test driver makes.
BOOTSTRAP = """\
UPDATE mysql.tables_priv SET timestamp=CURRENT_TIMESTAMP, Grantor='root@localhost'
 WHERE USER='mysql.session';
DELETE FROM mysql.user WHERE user='';
CREATE DATABASE test;
CREATE DATABASE mtr;
INSERT INTO mysql.db VALUES('%','test','','Y','Y','Y','Y','Y',
 'Y','N','Y','Y','Y','Y','Y','Y','Y','Y','N','N','Y','Y');
DELETE FROM mysql.proxies_priv WHERE user='root';
INSERT INTO mysql.proxies_priv VALUES ('localhost','root','','',TRUE,'',now());
"""

ENVIRONMENT = {"TZ": "GMT-3", "LC_ALL": "C", "LC_CTYPE": "C", "LC_COLLATE": "C", "UMASK": "0660",
               "UMASK_DIR": "0770"}

# What a test may leave behind. Each statement gives rows that are the same before and after a test.
SIGHTS = {
    "schema": "SELECT schema_name, default_character_set_name, default_collation_name"
              " FROM information_schema.schemata",
    "variable": "SELECT variable_name, variable_value FROM performance_schema.global_variables"
                " WHERE variable_name NOT IN ('timestamp', 'gtid_executed', 'gtid_purged')",
    "persisted variable": "SELECT variable_name FROM performance_schema.persisted_variables",
    "account": "SELECT user, host, plugin, authentication_string, account_locked FROM mysql.user",
    "role": "SELECT from_user, from_host, to_user, to_host FROM mysql.role_edges",
    "privilege": "SELECT grantee, privilege_type FROM information_schema.user_privileges",
    "schema privilege": "SELECT user, host, db FROM mysql.db",
    "table privilege": "SELECT user, host, db, table_name, table_priv FROM mysql.tables_priv",
    "system table": "SELECT table_schema, table_name FROM information_schema.tables"
                    " WHERE table_schema IN ('mysql', 'sys', 'mtr')",
    "plugin": "SELECT plugin_name, plugin_status FROM information_schema.plugins",
    "component": "SELECT component_urn FROM mysql.component",
    "function": "SELECT udf_name FROM performance_schema.user_defined_functions",
    "foreign server": "SELECT server_name FROM mysql.servers",
    "tablespace": "SELECT file_name FROM information_schema.files WHERE file_type <> 'TEMPORARY'"
                  " AND file_name NOT LIKE './test/%%'",
    "instrument": "SELECT SUM(enabled='YES'), SUM(timed='YES') FROM"
                  " performance_schema.setup_instruments",
    "consumer": "SELECT name, enabled FROM performance_schema.setup_consumers",
    "cost": "SELECT cost_name, cost_value FROM mysql.server_cost",
    "time zone": "SELECT COUNT(*) FROM mysql.time_zone_name",
    "spatial system": "SELECT COUNT(*) FROM information_schema.st_spatial_reference_systems",
    "resource group": "SELECT resource_group_name FROM information_schema.resource_groups",
}


def _bootstrap_text():
    parts = ["use mysql;", (SUITE / "include/mtr_test_data_timezone.sql").read_text(), BOOTSTRAP]
    parts += [(SUITE / "include" / name).read_text()
              for name in ("mtr_warnings.sql", "mtr_check.sql")]
    return "\n".join(parts)


class SuiteServer(MySql):
    """A MySQL server with the accounts, databases and options that the suite expects: one account,
    root without a password, which the proxy's monitor and the replicas use too."""

    def __init__(self, vardir):
        super().__init__()
        self.vardir = vardir
        self.bootstrap = _bootstrap_text()
        self.name = "mysqltest-" + hashlib.sha256(self.bootstrap.encode()).hexdigest()[:8]

    def settings(self, server_id, semi_sync_timeout):
        certificates = SUITE / "std_data"
        text = SETTINGS + f"server_id={server_id}\n"
        text += "".join(f"{key}={certificates}/{file}\n" for key, file in (
            ("ssl_ca", "cacert.pem"), ("ssl_cert", "server-cert.pem"),
            ("ssl_key", "server-key.pem"),
            ("caching_sha2_password_private_key_path", "rsa_private_key.pem"),
            ("caching_sha2_password_public_key_path", "rsa_public_key.pem")))
        return text + ("super_read_only=ON\n" if server_id > 1 else "")

    def initialise(self, datadir):
        datadir.parent.mkdir(parents=True, exist_ok=True)
        script = datadir.parent / "bootstrap.sql"
        script.write_text(self.bootstrap)
        self.installation.server.run(
            "--no-defaults", *self.installation.server_arguments, "--initialize-insecure",
            "--user=root", f"--datadir={datadir}", "--innodb-redo-log-capacity=10M",
            "--innodb-flush-method=nosync", "--mysqlx=OFF", f"--init-file={script}",
            f"--log-error={datadir.parent}/initialise.log")

    def accounts(self):
        return []

    def follow(self, port):
        return (f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port},"
                " SOURCE_USER='root', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1,"
                " SOURCE_HEARTBEAT_PERIOD=0.5, SOURCE_CONNECT_RETRY=1")


class Stand:
    """A cluster with the proxy in front, made anew whenever a test leaves something behind that
    cannot be taken away. `through` says where tests connect to: None, or a listener's mode."""

    def __init__(self, folder, servers, through):
        self.folder = Path(folder).resolve()
        self.through = through
        self.flavour = SuiteServer(self.folder)
        os.environ.update(ENVIRONMENT)  # the servers' own, too
        self.cluster = Cluster(self.folder, servers, self.flavour, semi_sync=False)
        self.proxy = None
        self.before = None

    @property
    def primary(self):
        return self.cluster.servers[0]

    @property
    def port(self):
        return self.proxy.port(self.through) if self.through else self.primary.port

    @property
    def socket(self):
        return str(self.folder / "proxy.sock") if self.through else self.primary.socket

    def start(self):
        self.stop()
        self.cluster.start()
        standard_data = self.folder / "std_data"  # tests name it relative to the data folder
        if not standard_data.exists():
            standard_data.symlink_to(SUITE / "std_data")
        if self.through:
            self._start_proxy()
        self.before = self._look()
        return self

    def _start_proxy(self):
        folder = self.folder / "proxy"
        keys = SUITE / "std_data"
        config = config_for(self.cluster.servers, folder, modes=(self.through,),
                            monitor={"user": "root", "password": ""}, server_tls={"mode": "off"},
                            client_tls={"certificate": str(keys / "server-cert.pem"),
                                        "key": str(keys / "server-key.pem")},
                            limits={"max_connect_errors": 100000}, workers=1,
                            # Tests wait for the server's connections to go with their own.
                            pool={"idle_timeout": "1s"}, log={"level": "warn"},
                            # Tests read over one connection what another one wrote.
                            routing={"consistency": "global", "consistency_timeout": "10s"})
        # Clients of some tests hold the public part of the server's key.
        own_key = fresh_folder(folder / "state") / "rsa-key.pem"
        shutil.copy(keys / "rsa_private_key.pem", own_key)
        own_key.chmod(0o600)
        config["listeners"].append({"name": "socket", "mode": self.through,
                                    "address": self.socket})
        Path(self.socket).unlink(missing_ok=True)
        self.proxy = Pointsman(folder, config)
        self.proxy.start()

    def stop(self):
        if self.proxy:
            self.proxy.kill()
            self.proxy.check_log()
            self.proxy = None
        self.cluster.stop()

    def clean_up(self, afresh=False):
        """Takes away what a test left. Returns what could not be taken away, in words; then (or when
        asked to) the stand is made anew."""
        if afresh:
            self.start()
            return []
        try:
            self._tidy()
            left = self._differences()
        except (pymysql.Error, TimeoutError, RuntimeError, OSError) as error:
            left = [f"the server does not answer as before: {error}"]
        if left:
            self.start()
        return left

    def _tidy(self):
        """The databases as at first; global variables back to their values."""
        connection = self.primary.connect(database="mysql")
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION foreign_key_checks=OFF, lock_wait_timeout=10")
            cursor.execute("SELECT schema_name FROM information_schema.schemata")
            known = {row[0] for row in self.before["schema"]}
            for (name,) in cursor.fetchall():
                if name == "test" or name not in known:
                    cursor.execute(f"DROP DATABASE `{name.replace('`', '``')}`")
            cursor.execute("CREATE DATABASE test")
            cursor.execute("DELETE FROM mtr.test_suppressions")
            now = dict(self._rows(cursor, "variable"))
            for name, value in self.before["variable"]:
                if now.get(name) != value:
                    self._set_back(cursor, name, value)
        connection.close()
        self.cluster.wait_replicated()

    @staticmethod
    def _set_back(cursor, name, value):
        number = value.lstrip("-").replace(".", "", 1).isdigit()
        try:
            cursor.execute(f"SET GLOBAL `{name}` = %s",
                           (float(value) if "." in value else int(value)) if number else value)
        except pymysql.Error:
            pass  # it will be seen among the differences

    def _differences(self):
        now = self._look()
        return [f"{what}: {', '.join(map(str, sorted(set(rows) ^ set(now[what]))[:3]))}"
                for what, rows in self.before.items() if set(rows) != set(now[what])]

    def _look(self):
        connection = self.primary.connect()
        with connection.cursor() as cursor:
            seen = {what: self._rows(cursor, what) for what in SIGHTS}
        connection.close()
        return seen

    @staticmethod
    def _rows(cursor, what):
        cursor.execute(SIGHTS[what].replace("%%", "%"))
        return [tuple(map(str, row)) for row in cursor.fetchall()]


def fresh_folder(path):
    """An empty folder, in place of whatever was there."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def seconds_since(start):
    return round(time.monotonic() - start, 2)
