"""The planned move of the primary role, as an operator does it, under load."""

import subprocess
import time

from checkers import Load
from process import wait_until
from pointsman import binary


def command(proxy, *words):
    """Runs the program's own subcommand against the running proxy."""
    done = subprocess.run([*binary().command, *words, "--admin", proxy.config["admin"]["listen"]],
                          capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def follow_roles(cluster, name):
    """What the cluster's helper thinks of roles, after Pointsman has moved them."""
    cluster.primary = cluster.server(name)
    wait_until(lambda: all(map(cluster.flavour.replicates, cluster.replicas)), 30,
               "all others to replicate from the new primary")
    for replica in cluster.replicas:
        port = replica.sql("SELECT PORT FROM performance_schema.replication_connection_configuration"
                           " WHERE CHANNEL_NAME = ''")[0][0]
        assert port == cluster.primary.port, f"{replica.name} replicates from elsewhere"
        assert replica.scalar("SELECT @@super_read_only") == 1
    cluster.wait_replicated()


def caught_up(cluster):
    sets = {server.scalar("SELECT @@gtid_executed") for server in cluster.servers}
    return len(sets) == 1


def test_switching_over_under_load_is_a_short_pause_without_an_error(cluster, start_proxy):
    proxy = start_proxy()
    pauses, moves = [], 6
    with Load(proxy, cluster, clients=6) as load:
        for _ in range(moves):
            time.sleep(0.5)
            target = cluster.replicas[0].name
            began = time.monotonic()
            code, text = command(proxy, "switchover", "--to", target)
            assert code == 0, text + proxy.log_path.read_text()[-4000:]
            assert f"{target} is the primary" in text
            time.sleep(0.3)
            pauses.append(load.longest_gap(began))
            follow_roles(cluster, target)
    wait_until(lambda: caught_up(cluster), 20, "equal histories")
    load.check(cluster.primary, moves)
    load.bank.check(cluster.servers)
    print(f"pauses seen by clients, ms: {[round(p * 1000, 1) for p in pauses]}")


def test_a_dry_run_and_a_plan_change_nothing(cluster, start_proxy):
    proxy = start_proxy()
    before = cluster.primary.name
    code, text = command(proxy, "switchover", "--dry-run")
    assert code == 0 and "from here on only forward" in text
    code, text = command(proxy, "plan")
    assert code == 0 and f"candidate {cluster.replicas[0].name}" in text
    assert f"if {before} is lost now, {cluster.replicas[0].name} follows, and nothing is" in text
    assert "writes wait for 150 ms at most" in text and "found within 200 ms" in text
    code, text = command(proxy, "topology")
    assert code == 0 and text.splitlines()[0].startswith(before)
    assert cluster.primary.scalar("SELECT @@super_read_only") == 0


def test_hooks_are_told_of_a_switchover_and_hold_nothing_up(cluster, start_proxy, tmp_path):
    told = tmp_path / "told"
    line = f"echo {{successorHost}}:{{successorPort}} {{failedAlias}} $ORC_SUCCESSOR_ALIAS > {told}"
    proxy = start_proxy(hooks={"after_switchover": line + "; echo done; sleep 60",
                               "timeout": "3s"})
    before, after = cluster.primary, cluster.replicas[0]
    code, text = command(proxy, "switchover", "--to", after.name)
    assert code == 0, text
    wait_until(lambda: told.exists() and told.read_text().endswith("\n"), 10, "the hook to run")
    assert told.read_text() == f"127.0.0.1:{after.port} {before.name} {after.name}\n"
    wait_until(lambda: "timed_out=true" in proxy.log_path.read_text(), 20, "the hook to be ended")
    (said,) = [line for line in proxy.log_path.read_text().splitlines() if "event=hook" in line]
    assert "hook=after_switchover" in said and "done" in said
    follow_roles(cluster, after.name)


def test_a_switchover_that_cannot_be_is_refused_with_the_reason(cluster, start_proxy):
    proxy = start_proxy()
    code, text = command(proxy, "switchover", "--to", cluster.primary.name)
    assert code == 1 and "is the primary already" in text
    code, text = command(proxy, "switchover", "--to", "nobody")
    assert code == 1 and "no server of that name" in text
    replica = cluster.replicas[0]
    replica.sql("STOP REPLICA SQL_THREAD")
    try:
        wait_until(lambda: "does not replicate now" in command(proxy, "plan")[1], 10,
                   "Pointsman to see it")
        code, text = command(proxy, "switchover", "--to", replica.name)
        assert code == 1 and "does not replicate now" in text
    finally:
        replica.sql("START REPLICA SQL_THREAD")


def test_a_statement_that_holds_the_fence_up_ends_the_attempt_not_the_service(cluster,
                                                                              start_proxy):
    proxy = start_proxy()
    locker = cluster.primary.connect(database="app")
    with locker.cursor() as cursor:
        cursor.execute("LOCK TABLES w1 WRITE")
        code, text = command(proxy, "switchover")
        assert code == 1 and "not done" in text, text
        cursor.execute("UNLOCK TABLES")
    locker.close()
    connection = proxy.connect(database="app")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO w1 VALUES (77, 77)")
    connection.close()
    cluster.primary.sql("DELETE FROM app.w1 WHERE client = 77")
    follow_roles(cluster, cluster.primary.name)


def test_with_the_mode_off_nothing_moves(cluster, start_proxy):
    proxy = start_proxy(mode="off")
    code, text = command(proxy, "switchover")
    assert code == 1 and "failover.mode is off" in text
