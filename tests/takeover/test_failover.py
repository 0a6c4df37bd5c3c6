"""A primary that is lost is replaced by itself; nothing acknowledged is lost with it."""

import contextlib
import threading
import time

import pymysql
import pytest

from checkers import CODES_OF_A_FAILOVER, Load
from process import wait_until
from test_switchover import caught_up, follow_roles
from writers import Writers


def new_primary(cluster, old):
    for server in cluster.servers:
        if server is not old and server.scalar("SELECT @@super_read_only") == 0:
            return server
    return None


def kill(server):
    server.kill9()


def hang(server):
    server.freeze()


def shut_down(server):
    server.process.terminate()


def bring_back(server, lost_by):
    if lost_by is hang:
        server.thaw()
    else:
        server.process.wait(60)
        server.start()


def replicates(cluster, server):
    """Also of one that is being fenced, which ends the connections of everybody."""
    with contextlib.suppress(pymysql.Error):
        return cluster.flavour.replicates(server)


@pytest.mark.parametrize("lose, canary", [(kill, "0"), (kill, "100ms"), (hang, "0"),
                                          (shut_down, "0")])
def test_a_lost_primary_is_replaced(cluster, start_proxy, lose, canary):
    proxy = start_proxy(mode="automatic", durability="strict", cooldown="1s", canary=canary)
    old = cluster.primary
    with Load(proxy, cluster) as load:
        time.sleep(1)
        moment = time.monotonic()
        lose(old)
        try:
            wait_until(lambda: new_primary(cluster, old), 30, "a new primary")
        except TimeoutError as late:
            raise AssertionError(proxy.log_path.read_text()[-4000:]) from late
        wait_until(lambda: any(m > moment + 0.05 for m in load.moments[-50:]), 30, "writes")
        time.sleep(2)
        gap = load.longest_gap(moment)
        successor = new_primary(cluster, old)
        bring_back(old, lose)
        # What was under way when it froze is committed there and nowhere else: it is kept apart.
        wait_until(lambda: replicates(cluster, old) or
                   "has transactions that the primary lacks" in proxy.log_path.read_text(), 40,
                   "the old primary to be fenced")
        assert old.scalar("SELECT @@super_read_only") == 1
    load.check(successor, moves=1, codes=CODES_OF_A_FAILOVER)
    if lose is shut_down:  # it says so to all, which clients need not hear (one did, in 1 run of 22)
        assert sum(code != 1213 for _, code, _ in load.errors()) <= 1, load.errors()
    # Attached a second time, by a look from before the first, the third makes its new source wait.
    third = next(server for server in cluster.servers if server not in (old, successor))
    log = proxy.log_path.read_text()
    all_went_well = "step_failed" not in log.split("rejoin of")[0]
    assert not all_went_well or f"rejoin of {third.name}" not in log
    if cluster.flavour.replicates(old):
        follow_roles(cluster, successor.name)
        wait_until(lambda: caught_up(cluster), 20, "equal histories")
        load.bank.check(cluster.servers)
    print(f"longest gap between writes after {lose.__name__}: {gap * 1000:.0f} ms;"
          f" errors {sorted(load.codes())}")


def send_in_part(cluster):
    """A transaction of 300 MB of which replicas have received a tenth when this returns."""
    def commit():
        with contextlib.closing(cluster.primary.connect()) as connection:
            with contextlib.suppress(Exception), connection.cursor() as cursor:
                cursor.execute("BEGIN")
                for number in range(30):
                    cursor.execute("INSERT INTO app.big VALUES (%s, REPEAT('a', 10000000))",
                                   (number,))
                cursor.execute("COMMIT")

    def relay_log():
        return min(int(replica.sql_dicts("SHOW REPLICA STATUS")[0]["Relay_Log_Space"])
                   for replica in cluster.replicas)

    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.big (id INT PRIMARY KEY, v LONGBLOB)")
    cluster.wait_replicated()
    before = relay_log()
    threading.Thread(target=commit, daemon=True).start()
    wait_until(lambda: relay_log() > before + 30_000_000, 60, "a part of the transaction")


def test_a_transaction_received_in_part_holds_nothing_up(cluster, start_proxy):
    """A replica that is told to stop applying waits a minute for the rest of it."""
    cluster.primary.sql("TRUNCATE app.w1")
    proxy = start_proxy(mode="automatic", durability="strict", cooldown="1s")
    old = cluster.primary
    with Writers(proxy, clients=2) as writers:
        time.sleep(3)
        send_in_part(cluster)
        old.kill9()
        try:
            wait_until(lambda: "failover from" in proxy.log_path.read_text() and
                       "kind=completed" in proxy.log_path.read_text(), 40, "the failover")
        except TimeoutError as late:
            raise AssertionError(proxy.log_path.read_text()[-4000:]) from late
        successor = new_primary(cluster, old)
        cluster.primary = successor
        other = next(replica for replica in cluster.replicas if replica is not old)
        wait_until(lambda: other.scalar("SELECT GTID_SUBSET(%s, @@gtid_executed)",
                                        successor.scalar("SELECT @@gtid_executed")), 30,
                   "the other replica to go on")
    writers.check(successor)
    assert successor.scalar("SELECT COUNT(*) FROM app.big") == 0
    cluster.kill()  # the next test gets a fresh start: the old primary has the transaction


def test_in_the_mode_manual_a_lost_primary_is_replaced_on_command_only(cluster, start_proxy):
    from test_switchover import command
    proxy = start_proxy(mode="manual")
    old = cluster.primary
    old.kill9()
    wait_until(lambda: "primary_dead" in proxy.log_path.read_text() or
               "no replica hears of it" in proxy.log_path.read_text(), 15, "the finding")
    time.sleep(1)
    assert new_primary(cluster, old) is None
    code, text = command(proxy, "failover", "--force")
    assert code == 0, text
    successor = new_primary(cluster, old)
    assert successor is not None
    old.start()
    old.sql(cluster.flavour.follow(successor.port))
    old.sql("START REPLICA")
    follow_roles(cluster, successor.name)


def test_what_clients_were_told_of_is_lost_only_by_an_operators_word(cluster, start_proxy):
    from test_switchover import command
    old = cluster.primary
    old.sql(cluster.flavour.semi_sync_source_off)  # takes a second, in which it does not answer
    proxy = start_proxy(mode="automatic", durability="strict")
    for replica in cluster.replicas:
        replica.sql("STOP REPLICA IO_THREAD")
    with contextlib.closing(proxy.connect(database="app")) as connection:
        with connection.cursor() as cursor:
            for number in range(3):
                cursor.execute("INSERT INTO w1 VALUES (88, %s)", (number,))
    uuid = old.scalar("SELECT @@server_uuid")
    own = next(part.strip() for part in old.scalar("SELECT @@gtid_executed").split(",")
               if part.strip().startswith(uuid))
    newest = int(own.removeprefix(uuid).replace("-", ":").rsplit(":", 1)[1])
    old.kill9()
    wait_until(lambda: "clients were told of" in proxy.log_path.read_text(), 20, "the refusal")
    said = proxy.log_path.read_text()
    assert f"{uuid}:{newest - 2}-{newest}" in said, said[-3000:]
    assert new_primary(cluster, old) is None
    code, text = command(proxy, "failover", "--force", "--accept-loss")
    assert code == 0, text
    assert f"{uuid}:{newest - 2}-{newest}" in text
    assert new_primary(cluster, old) is not None
    old.start()
    wait_until(lambda: "has transactions that the primary lacks" in proxy.log_path.read_text(), 30,
               "the old primary to be kept apart")
    assert old.scalar("SELECT @@super_read_only") == 1
