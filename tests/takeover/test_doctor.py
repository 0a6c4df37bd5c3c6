"""Servers that are not set up for takeovers: it is said, and mended where that is wanted."""

import pytest

from process import wait_until
from test_switchover import command


@pytest.fixture
def spoilt(cluster):
    """A replica that does not acknowledge, and whose source is heard of every 30 seconds."""
    replica = cluster.replicas[0]
    replica.sql("SET GLOBAL rpl_semi_sync_replica_enabled = OFF")
    reconnect(replica, 30)
    yield replica
    replica.sql("SET GLOBAL rpl_semi_sync_replica_enabled = ON")
    reconnect(replica, 0.1)
    wait_until(lambda: cluster.flavour.semi_sync_replicas(cluster.primary) ==
               len(cluster.replicas), 20, "semi-synchronous replicas")


def reconnect(replica, heartbeat):
    replica.sql("STOP REPLICA IO_THREAD")
    replica.sql(f"CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = {heartbeat}")
    replica.sql("START REPLICA IO_THREAD")


def heartbeat(replica):
    return float(replica.scalar("SELECT HEARTBEAT_INTERVAL FROM"
                                " performance_schema.replication_connection_configuration"))


def when_all_answer(proxy):
    """What the doctor says, once no server was too slow for it."""
    code, text = command(proxy, "doctor")
    return None if "could not be asked" in text else (code, text)


def test_the_doctor_names_what_is_wrong_and_changes_nothing(cluster, start_proxy, spoilt):
    proxy = start_proxy()
    code, text = wait_until(lambda: when_all_answer(proxy), 30, "the doctor to reach all servers")
    assert code == 1, text
    about = text.split(f"{spoilt.name}:")[1].split("\ndb")[0]
    assert "required     rpl_semi_sync_replica_enabled is OFF, wanted: ON" in about
    assert "channel.heartbeat is 30" in about
    assert "loose_rpl_semi_sync_replica_enabled = ON" in about
    assert "rpl_semi_sync_replica_enabled" not in text.replace(about, "")
    assert f"{spoilt.name}'s settings: rpl_semi_sync_replica_enabled is OFF" in \
        proxy.log_path.read_text()
    assert spoilt.scalar("SELECT @@rpl_semi_sync_replica_enabled") == 0
    assert heartbeat(spoilt) == 30


def test_managed_settings_are_mended_while_the_server_runs(cluster, start_proxy, spoilt):
    start_proxy(manage_settings=True)
    wait_until(lambda: heartbeat(spoilt) == 0.1, 20, "the heartbeat")
    wait_until(lambda: cluster.flavour.semi_sync_replicas(cluster.primary) ==
               len(cluster.replicas), 20, "the replica to acknowledge again")
    cluster.primary.sql("INSERT INTO app.w1 VALUES (77, 1)")
    cluster.wait_replicated()
