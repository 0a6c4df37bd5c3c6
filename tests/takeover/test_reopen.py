"""A primary that restarts, and could not be replaced meanwhile, takes writes again by itself."""

import contextlib
import time

from flavour import REPLICATION
from pointsman import Pointsman, config_for
from process import wait_until


def write(connection, number):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO w1 VALUES (1, %s)", (number,))


def test_a_primary_that_restarted_read_only_is_opened_again(cluster, tmp_path):
    primary = cluster.primary
    primary.sql("TRUNCATE app.w1")
    config = config_for(cluster.servers, tmp_path, modes=("split",),
                        routing={"hold_timeout": "60s"},
                        failover={"mode": "automatic", "replication_user": REPLICATION[0],
                                  "replication_password": REPLICATION[1]})
    for server in config["servers"]:
        if server["name"] != primary.name:
            server["promotion_rule"] = "must_not"
    proxy = Pointsman(tmp_path, config).start()
    try:
        with contextlib.closing(proxy.connect(database="app")) as client:
            write(client, 1)
            time.sleep(3)  # it is looked at while it takes writes: how it waits for replicas
            primary.kill9()
            primary.process.wait(60)
            primary.start()
            write(client, 2)  # it waits; the session notices nothing else
        assert primary.scalar("SELECT @@super_read_only") == 0
        assert list(primary.sql("SELECT seq FROM app.w1 ORDER BY seq")) == [(1,), (2,)]
        wait_until(lambda: primary.scalar("SELECT @@rpl_semi_sync_source_enabled") == 1, 20,
                   "it to wait for replicas again")
        primary.sql("SET GLOBAL super_read_only=ON")  # by hand: left so
        time.sleep(3)
        assert primary.scalar("SELECT @@super_read_only") == 1
        primary.sql(cluster.flavour.writable)
    finally:
        proxy.stop()
