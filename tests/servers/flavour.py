"""What differs between MySQL and MariaDB when a cluster is set up: first start, settings, SQL."""

import hashlib
import subprocess

import binaries

APP = ("app", "app_pw")
MONITOR = ("pointsman", "monitor_pw")
REPLICATION = ("repl", "repl_pw")

COMMON_SETTINGS = """\
skip_name_resolve=ON
log_error=error.log
pid_file=mysqld.pid
performance_schema=ON
max_connections=400
table_open_cache=400
max_allowed_packet=64M
local_infile=ON
log_bin=binlog
binlog_format=ROW
max_binlog_size=128M
log_bin_trust_function_creators=ON
sync_binlog=0
innodb_buffer_pool_size=64M
innodb_flush_log_at_trx_commit=2
innodb_flush_method=nosync
innodb_doublewrite=OFF
innodb_use_native_aio=OFF
innodb_log_buffer_size=8M
performance_schema_digests_size=1000
performance_schema_events_statements_history_long_size=100
"""


def _create_user(name, password, plugin):
    return f"CREATE USER '{name}'@'%' IDENTIFIED {plugin.format(password=password)}"


class MySql:
    """MySQL 8.0.26 and newer."""

    name = "mysql"
    has_super_read_only = True
    semi_sync_source_on = "SET GLOBAL rpl_semi_sync_source_enabled=ON"
    semi_sync_source_off = "SET GLOBAL rpl_semi_sync_source_enabled=OFF"
    writable = "SET GLOBAL super_read_only=OFF, GLOBAL read_only=OFF"
    read_only = "SET GLOBAL read_only=ON, GLOBAL super_read_only=ON"
    stop_replica = "STOP REPLICA"
    start_replica = "START REPLICA"
    forget_source = "RESET REPLICA ALL"
    position = "SELECT @@global.gtid_executed"
    wait_for_position = "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)"
    no_timeout = 4294967295

    def __init__(self):
        self.installation = binaries.mysql()

    def settings(self, server_id, semi_sync_timeout):
        """The part of my.cnf that a cluster member has. super_read_only is what it wakes up with;
        who is the primary is said at run time."""
        return COMMON_SETTINGS + f"""\
server_id={server_id}
mysqlx=OFF
gtid_mode=ON
enforce_gtid_consistency=ON
log_replica_updates=ON
read_only=ON
super_read_only=ON
replica_net_timeout=3
replica_parallel_workers=4
replica_preserve_commit_order=ON
relay_log_recovery=ON
innodb_redo_log_capacity=64M
session_track_gtids=OWN_GTID
plugin_load_add=semisync_source.so
plugin_load_add=semisync_replica.so
loose_rpl_semi_sync_source_timeout={semi_sync_timeout or self.no_timeout}
loose_rpl_semi_sync_replica_enabled=ON
"""

    def initialise(self, datadir):
        """Makes an empty data folder; the account root has no password and only comes by socket."""
        self.installation.server.run(
            "--no-defaults", *self.installation.server_arguments, "--initialize-insecure",
            "--user=root", f"--datadir={datadir}", "--innodb-redo-log-capacity=8M",
            "--mysqlx=OFF", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def accounts(self):
        """Run once on a fresh data folder, and forgotten from the binary log afterwards."""
        plugin = "WITH caching_sha2_password BY '{password}'"
        return [
            *(_create_user(*account, plugin) for account in (APP, MONITOR, REPLICATION)),
            "CREATE DATABASE app", "CREATE DATABASE sbtest",
            "GRANT ALL ON app.* TO app", "GRANT ALL ON sbtest.* TO app",
            "GRANT REPLICATION SLAVE ON *.* TO repl",
            "GRANT REPLICATION CLIENT, REPLICATION SLAVE, PROCESS, RELOAD, BACKUP_ADMIN,"
            " REPLICATION_SLAVE_ADMIN, SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN,"
            " SERVICE_CONNECTION_ADMIN, XA_RECOVER_ADMIN, SYSTEM_USER ON *.* TO pointsman",
            "GRANT SELECT ON performance_schema.* TO pointsman",
            "GRANT SELECT ON mysql.user TO pointsman",
            "GRANT ALL ON pointsman.* TO pointsman",
        ]

    def forget_binary_log(self, server):
        new_words = server.scalar("SELECT VERSION() >= '8.4' OR VERSION() LIKE '9.%'")
        server.sql("RESET BINARY LOGS AND GTIDS" if new_words else "RESET MASTER")

    def follow(self, port):
        user, password = REPLICATION
        return (f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port},"
                f" SOURCE_USER='{user}', SOURCE_PASSWORD='{password}', SOURCE_AUTO_POSITION=1,"
                " GET_SOURCE_PUBLIC_KEY=1, SOURCE_HEARTBEAT_PERIOD=0.1,"
                " SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=86400")

    def replicates(self, server):
        """Both replication threads run."""
        return server.scalar(
            "SELECT COUNT(*) FROM performance_schema.replication_connection_status c"
            " JOIN performance_schema.replication_applier_status a USING (CHANNEL_NAME)"
            " WHERE c.SERVICE_STATE='ON' AND a.SERVICE_STATE='ON'") == 1

    def semi_sync_replicas(self, server):
        return int(server.status()["Rpl_semi_sync_source_clients"])


class MariaDb:
    """MariaDB 10.6 and newer."""

    name = "mariadb"
    has_super_read_only = False
    semi_sync_source_on = "SET GLOBAL rpl_semi_sync_master_enabled=ON"
    semi_sync_source_off = "SET GLOBAL rpl_semi_sync_master_enabled=OFF"
    writable = "SET GLOBAL read_only=OFF"
    read_only = "SET GLOBAL read_only=ON"
    stop_replica = "STOP SLAVE"
    start_replica = "START SLAVE"
    forget_source = "RESET SLAVE ALL"
    position = "SELECT @@global.gtid_binlog_pos"
    wait_for_position = "SELECT MASTER_GTID_WAIT(%s, %s)"
    no_timeout = 4294967295

    def __init__(self):
        self.installation = binaries.mariadb()

    def settings(self, server_id, semi_sync_timeout):
        return COMMON_SETTINGS + f"""\
server_id={server_id}
gtid_strict_mode=ON
log_slave_updates=ON
read_only=ON
slave_net_timeout=3
slave_parallel_threads=4
innodb_log_file_size=64M
plugin_maturity=unknown
character_set_server=utf8mb4
rpl_semi_sync_master_timeout={semi_sync_timeout or self.no_timeout}
rpl_semi_sync_master_wait_point=AFTER_SYNC
rpl_semi_sync_slave_enabled=ON
"""

    def initialise(self, datadir):
        share = self.installation.share
        (datadir / "mysql").mkdir(parents=True)
        text = ["CREATE DATABASE IF NOT EXISTS sys;", "USE mysql;",
                "SET @auth_root_socket=NULL;", "SET @current_hostname='localhost';",
                "SET @skip_auth_anonymous=1;"]  # the bootstrap mode reads one statement a line
        text += [(share / file).read_text() for file in (
            "mysql_system_tables.sql", "mysql_performance_tables.sql",
            "mysql_system_tables_data.sql", "mysql_sys_schema.sql")]
        self.installation.server.run(
            "--no-defaults", *self.installation.server_arguments, "--bootstrap", "--user=root",
            f"--datadir={datadir}", "--skip-log-bin", "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=8M", input="\n".join(text).encode(),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def accounts(self):
        plugin = "BY '{password}'"
        return [
            "DELETE FROM mysql.global_priv WHERE User IN ('', 'PUBLIC')", "FLUSH PRIVILEGES",
            *(_create_user(*account, plugin) for account in (APP, MONITOR, REPLICATION)),
            "CREATE DATABASE app", "CREATE DATABASE sbtest",
            "GRANT ALL ON app.* TO app", "GRANT ALL ON sbtest.* TO app",
            "GRANT REPLICATION SLAVE ON *.* TO repl",
            "GRANT REPLICATION SLAVE, SLAVE MONITOR, BINLOG MONITOR, REPLICATION SLAVE ADMIN,"
            " READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS, RELOAD ON *.* TO pointsman",
            "GRANT SELECT ON mysql.* TO pointsman",
            "GRANT SELECT ON performance_schema.* TO pointsman",
            "GRANT ALL ON pointsman.* TO pointsman",
        ]

    def forget_binary_log(self, server):
        server.sql("RESET MASTER")
        server.sql("SET GLOBAL gtid_slave_pos=''")

    def follow(self, port):
        user, password = REPLICATION
        return (f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port},"
                f" MASTER_USER='{user}', MASTER_PASSWORD='{password}',"
                " MASTER_USE_GTID=slave_pos, MASTER_HEARTBEAT_PERIOD=0.1,"
                " MASTER_CONNECT_RETRY=1")

    def replicates(self, server):
        rows = server.sql_dicts("SHOW SLAVE STATUS")
        return bool(rows) and rows[0]["Slave_IO_Running"] == rows[0]["Slave_SQL_Running"] == "Yes"

    def semi_sync_replicas(self, server):
        return int(server.status()["Rpl_semi_sync_master_clients"])


def fingerprint(flavour):
    """Changes whenever a data folder made earlier would no longer be the same."""
    text = "\n".join([flavour.installation.version, *flavour.accounts(), flavour.settings(1, 1)])
    return f"{flavour.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
