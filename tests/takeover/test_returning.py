"""A server that cannot follow the primary as it is comes back by the operator's policy."""

import contextlib
import os
import re
import shlex

import pytest

import binaries
from flavour import REPLICATION
from pointsman import Pointsman, config_for
from process import wait_until
from server import Server
from test_switchover import command
from writers import Writers

rare = pytest.mark.skipif("POINTSMAN_CHAOS" not in os.environ, reason="./dev chaos runs it")


@pytest.fixture
def mysqlbinlog(tmp_path):
    """The unpacked program as one file, as an operator's machine has it."""
    program = binaries.unpacked_mysql_program("usr/bin/mysqlbinlog")
    script = tmp_path / "mysqlbinlog"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(program.command)} "$@"\n')
    script.chmod(0o755)
    return str(script)


def set_apart(server, *statements):
    """It follows nobody, and executes these on its own."""
    server.sql("STOP REPLICA")
    server.sql("RESET REPLICA ALL")
    server.sql("SET GLOBAL rpl_semi_sync_source_enabled=OFF")
    server.sql(server.flavour.writable)
    for statement in statements:
        server.sql(statement)
    server.sql(server.flavour.read_only)


def allow_clones(servers):
    for server in servers:
        has_it = server.scalar("SELECT COUNT(*) FROM information_schema.plugins"
                               " WHERE plugin_name = 'clone'")
        if has_it:
            continue
        writable = server.scalar("SELECT @@super_read_only") == 0
        server.sql("SET GLOBAL super_read_only=OFF")
        server.sql("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
        if not writable:
            server.sql(server.flavour.read_only)


def saved_files(proxy):
    return sorted((proxy.folder / "state/errant").glob("*.sql"))


def said(proxy, words, seconds=30):
    try:
        wait_until(lambda: words in proxy.log_path.read_text(), seconds, words)
    except TimeoutError as late:
        raise AssertionError(proxy.log_path.read_text()[-5000:]) from late


def same_rows(cluster, server):
    query = "SELECT * FROM app.w1 ORDER BY 1, 2"
    return server.sql(query) == cluster.primary.sql(query)


def test_what_changed_nothing_is_made_known_to_the_primary(cluster, start_proxy, mysqlbinlog):
    returning = cluster.replicas[1]
    # A restart begins a new log, too: what is looked for is not in the newest one.
    set_apart(returning, "ANALYZE TABLE app.w1", "FLUSH TABLES", "FLUSH BINARY LOGS")
    proxy = start_proxy(mode="automatic", repair="inject_empty", mysqlbinlog=mysqlbinlog)
    said(proxy, "they changed nothing")
    wait_until(lambda: cluster.flavour.replicates(returning), 30, "it to replicate")
    cluster.wait_replicated()
    assert (cluster.primary.scalar("SELECT @@gtid_executed") ==
            returning.scalar("SELECT @@gtid_executed"))
    [saved] = saved_files(proxy)
    assert "ANALYZE TABLE app.w1" in saved.read_text()
    assert saved.stat().st_mode & 0o077 == 0


def test_canaries_that_nobody_else_has_hinder_nobody(cluster, start_proxy):
    returning = cluster.replicas[1]
    canary = "706f696e-7473-6d61-6e00-000000000001:5"
    set_apart(returning, f"SET gtid_next='{canary}'; BEGIN; COMMIT; SET gtid_next='AUTOMATIC'")
    start_proxy(mode="automatic", repair="leave")
    wait_until(lambda: cluster.flavour.replicates(returning), 30, "it to replicate")
    cluster.wait_replicated()
    assert canary in cluster.primary.scalar("SELECT @@gtid_executed")


@rare
def test_writes_that_nobody_was_told_of_are_saved_and_left(cluster, start_proxy, mysqlbinlog):
    returning = cluster.replicas[1]
    set_apart(returning, "INSERT INTO app.w1 VALUES (77, 1234567)")
    proxy = start_proxy(mode="automatic", repair="inject_empty", mysqlbinlog=mysqlbinlog)
    said(proxy, "1 INSERT INTO `app`.`w1`")
    [saved] = saved_files(proxy)
    assert "@2=1234567" in saved.read_text()
    assert not cluster.flavour.replicates(returning)
    assert not list(saved.parent.glob("*.cnf")), "the password must not stay"


@rare
def test_without_the_program_nothing_is_done_and_the_operator_is_told(cluster, start_proxy):
    returning = cluster.replicas[1]
    set_apart(returning, "INSERT INTO app.w1 VALUES (77, 5)")
    proxy = start_proxy(mode="automatic", repair="clone", mysqlbinlog="/nowhere/mysqlbinlog")
    said(proxy, "/nowhere/mysqlbinlog is not there")
    assert returning.scalar("SELECT COUNT(*) FROM app.w1 WHERE client = 77") == 1
    assert "becomes a copy" not in proxy.log_path.read_text()


@rare
def test_a_server_with_writes_of_its_own_becomes_a_copy(cluster, start_proxy, mysqlbinlog):
    returning, donor = cluster.replicas[1], cluster.replicas[0]
    allow_clones(cluster.servers)
    cluster.primary.sql("GRANT CLONE_ADMIN ON *.* TO pointsman")
    cluster.wait_replicated()
    set_apart(returning, "INSERT INTO app.w1 VALUES (77, 1234567)")
    proxy = start_proxy(mode="automatic", repair="clone", mysqlbinlog=mysqlbinlog)
    with Writers(proxy, clients=2) as writers:
        said(proxy, f"{returning.name} becomes a copy of {donor.name}")
        returning.process.wait(60)  # nothing supervises it here
        returning.start()
        wait_until(lambda: cluster.flavour.replicates(returning), 30, "it to replicate")
        said(proxy, f"{returning.name} is a copy of {donor.name} now")
    assert writers.errors == []
    cluster.wait_replicated()
    assert same_rows(cluster, returning)
    assert "@2=1234567" in saved_files(proxy)[0].read_text()
    assert returning.scalar("SELECT @@super_read_only") == 1


@contextlib.contextmanager
def slow_clone(cluster, recipient):
    """One that lasts long enough to kill something in the middle of it."""
    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.ballast (v LONGBLOB)")
    for _ in range(20):
        cluster.primary.sql("INSERT INTO app.ballast VALUES (REPEAT(UUID(), 50000))")
    cluster.wait_replicated()
    recipient.sql("SET GLOBAL clone_max_data_bandwidth = 10")
    recipient.sql("SET GLOBAL clone_autotune_concurrency = OFF")
    yield
    cluster.primary.sql("DROP TABLE app.ballast")


def break_for_good(cluster, replica):
    """It lacks a row that the primary is about to delete, and nobody gives it back."""
    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.keyed (id INT PRIMARY KEY)")
    cluster.primary.sql("REPLACE INTO app.keyed VALUES (1)")
    cluster.wait_replicated()
    replica.sql("SET GLOBAL super_read_only=OFF")
    replica.sql("SET sql_log_bin=0; DELETE FROM app.keyed")
    replica.sql(cluster.flavour.read_only)
    cluster.primary.sql("DELETE FROM app.keyed")


@rare
@pytest.mark.parametrize("broken", [False, True], ids=["errant", "broken"])
def test_a_clone_outlasts_the_process_that_began_it(cluster, start_proxy, mysqlbinlog, broken):
    returning = cluster.replicas[1]
    allow_clones(cluster.servers)
    cluster.primary.sql("GRANT CLONE_ADMIN ON *.* TO pointsman")
    with slow_clone(cluster, returning):
        proxy = start_proxy(mode="automatic", repair="clone", mysqlbinlog=mysqlbinlog)
        if broken:
            break_for_good(cluster, returning)
        else:
            set_apart(returning, "INSERT INTO app.w1 VALUES (77, 1234567)")
        said(proxy, f"{returning.name} is being cloned: FILE COPY", 90)
        progress = rf"{returning.name} is being cloned from db\d: FILE COPY, \d+ of \d+ MB"
        wait_until(lambda: re.search(progress, command(proxy, "topology")[1]), 10,
                   "`pointsman topology` to tell how far it is")
        proxy.kill()
        under_way = returning.scalar("SELECT STATE FROM performance_schema.clone_status")
        assert under_way == "In Progress"
        proxy.start()
        said(proxy, f"{returning.name} is being cloned", 30)
        log = proxy.log_path.read_text()
        assert "becomes a copy" not in log and "rejoin of" not in log, log
        returning.process.wait(90)
        returning.start()
        said(proxy, f"{returning.name} is a copy of", 30)
        wait_until(lambda: cluster.flavour.replicates(returning), 30, "it to replicate")
        cluster.wait_replicated()
        assert same_rows(cluster, returning)
        assert returning.scalar("SELECT @@super_read_only") == 1


@rare
def test_a_clone_that_was_interrupted_is_begun_again_from_the_same_source(cluster, start_proxy,
                                                                          mysqlbinlog):
    returning, donor = cluster.replicas[1], cluster.replicas[0]
    allow_clones(cluster.servers)
    cluster.primary.sql("GRANT CLONE_ADMIN ON *.* TO pointsman")
    with slow_clone(cluster, returning):
        proxy = start_proxy(mode="automatic", repair="clone", mysqlbinlog=mysqlbinlog)
        set_apart(returning, "INSERT INTO app.w1 VALUES (77, 1234567)")
        said(proxy, f"{returning.name} is being cloned: FILE COPY", 90)
        [query] = [row[0] for row in donor.sql(
            "SELECT PROCESSLIST_ID FROM performance_schema.threads"
            " WHERE PROCESSLIST_COMMAND LIKE 'Clone%' AND PROCESSLIST_ID IS NOT NULL LIMIT 1")]
        donor.sql(f"KILL {query}")
        said(proxy, f"{returning.name} did not become a copy of {donor.name}", 60)
        log = proxy.log_path.read_text()
        assert "tried again soon" in log
        again = f"{returning.name} becomes a copy of {donor.name}"
        try:
            wait_until(lambda: proxy.log_path.read_text().count(again) > 1, 60, "another try")
        except TimeoutError as late:
            raise AssertionError(proxy.log_path.read_text()[-6000:]) from late
        assert f"becomes a copy of {cluster.primary.name}" not in proxy.log_path.read_text()
        returning.process.wait(90)
        returning.start()
        said(proxy, f"{returning.name} is a copy of {donor.name} now", 60)


def test_a_replica_whose_replication_broke_is_started_again(cluster, start_proxy):
    broken = cluster.replicas[1]
    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.keyed (id INT PRIMARY KEY)")
    cluster.wait_replicated()

    def behind_its_back(statement):
        broken.sql("SET GLOBAL super_read_only=OFF")
        broken.sql(f"SET sql_log_bin=0; {statement}")
        broken.sql(cluster.flavour.read_only)

    behind_its_back("REPLACE INTO app.keyed VALUES (1)")
    cluster.primary.sql("DELETE FROM app.keyed")
    behind_its_back("REPLACE INTO app.keyed VALUES (1)")
    proxy = start_proxy(mode="automatic", repair="leave")
    cluster.primary.sql("INSERT INTO app.keyed VALUES (1)")
    said(proxy, f"{broken.name} starts replication again")
    behind_its_back("DELETE FROM app.keyed")
    wait_until(lambda: cluster.flavour.replicates(broken), 60, "it to replicate")
    cluster.wait_replicated()
    assert list(broken.sql("SELECT id FROM app.keyed")) == [(1,)]
    cluster.primary.sql("DROP TABLE app.keyed")


@rare
def test_a_new_server_becomes_a_copy_and_one_with_data_does_not(cluster, tmp_path):
    from cluster import template
    import shutil
    new = Server("db9", tmp_path / "db9", cluster.flavour, 9, 4294967295)
    new.folder.mkdir()
    shutil.copytree(template(cluster.flavour), new.datadir)
    allow_clones(cluster.servers)
    cluster.primary.sql("GRANT CLONE_ADMIN ON *.* TO pointsman")
    new.start()
    allow_clones([new])
    new.sql("SET GLOBAL super_read_only=OFF")
    new.sql("SET sql_log_bin=0; GRANT CLONE_ADMIN ON *.* TO pointsman")
    new.sql(cluster.flavour.read_only)
    config = config_for([*cluster.servers, new], tmp_path / "proxy", modes=("split",),
                        failover={"mode": "automatic", "provision": True,
                                  "replication_user": REPLICATION[0],
                                  "replication_password": REPLICATION[1]})
    proxy = Pointsman(tmp_path / "proxy", config).start()
    try:
        said(proxy, "whether it holds data is not seen")
        new.sql("SET GLOBAL super_read_only=OFF")
        new.sql("SET sql_log_bin=0; GRANT SHOW DATABASES ON *.* TO pointsman")
        new.sql(cluster.flavour.read_only)
        said(proxy, "it holds data")  # the schemas of the template
        new.sql("SET GLOBAL super_read_only=OFF")
        new.sql("SET sql_log_bin=0; DROP DATABASE app; DROP DATABASE sbtest")
        new.sql(cluster.flavour.read_only)
        new.process.wait(60)
        new.start()
        wait_until(lambda: cluster.flavour.replicates(new), 30, "it to replicate")
        said(proxy, "db9 is a copy of")
        assert same_rows(cluster, new)
    finally:
        proxy.stop()
        new.kill9()


def test_a_hook_can_refuse_a_switchover(cluster, start_proxy, tmp_path):
    primary, target = cluster.primary.name, cluster.replicas[0].name
    asked = tmp_path / "asked"
    proxy = start_proxy(hooks={"before_switchover":
                               [f"echo {{failedAlias}} > {asked}", f"test -e {asked}.yes",
                                f"touch {asked}.both"]})
    wait_until(lambda: command(proxy, "switchover", "--to", target, "--dry-run")[0] == 0, 30,
               "all servers to have told their settings")
    assert not asked.exists(), "a dry run asks nobody"
    code, text = command(proxy, "switchover", "--to", target)
    assert code != 0
    assert "before_switchover" in text and "exit code 1" in text, text
    assert asked.read_text() == f"{primary}\n"
    assert not asked.with_suffix(".both").exists(), "none is run behind one that failed"
    assert cluster.primary.scalar("SELECT @@super_read_only") == 0
    with contextlib.closing(proxy.connect(database="app")) as client:
        with client.cursor() as cursor:
            cursor.execute("INSERT INTO w1 VALUES (78, 1)")
    _, journal = command(proxy, "journal")
    assert "hook before_switchover: it ended with exit code 1" in journal
    asked.with_suffix(".yes").touch()
    code, text = command(proxy, "switchover", "--to", target)
    assert code == 0, text
    assert asked.with_suffix(".both").exists()
    cluster.primary = cluster.server(target)
