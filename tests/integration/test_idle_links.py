"""How many links lie idle, and how old they get."""

import time

from process import wait_until
from support import rows, sessions, value


def link_ids(cluster, user="app"):
    """The primary's own connection ids of what the account has open there."""
    return {row[0] for row in cluster.primary.sql(
        f"SELECT PROCESSLIST_ID FROM performance_schema.threads WHERE PROCESSLIST_USER = '{user}'")}


def test_of_many_links_that_become_idle_few_are_kept(start_proxy, cluster):
    before = link_ids(cluster)
    proxy = start_proxy(workers=1, pool={"max_idle": 2})
    with sessions(proxy, 6) as clients:
        for client in clients:
            rows(client, "BEGIN")
            rows(client, "SELECT 1 FROM app.whoami FOR SHARE")
        assert len(link_ids(cluster) - before) >= 6
        for client in clients:
            rows(client, "COMMIT")
        wait_until(lambda: len(link_ids(cluster) - before) <= 2, 10, "links to be closed")
        for client in clients:  # nobody notices
            assert value(client, "SELECT 1 FROM app.whoami FOR SHARE") == 1


def test_an_old_link_is_replaced_between_transactions_and_not_within(start_proxy, cluster):
    before = link_ids(cluster)
    proxy = start_proxy(workers=1, pool={"max_age": "1s"})
    with sessions(proxy, 1) as (client,):
        rows(client, "SET @kept = 7")
        rows(client, "BEGIN")
        rows(client, "SELECT 1 FROM app.whoami FOR SHARE")
        used = link_ids(cluster) - before
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            rows(client, "SELECT 1")
            assert used <= link_ids(cluster)
        rows(client, "COMMIT")
        # The last one there is stays until a statement has had another one opened.
        wait_until(lambda: rows(client, "DO 1") == [] and not used & link_ids(cluster), 10,
                   "the old link to be closed")
        assert value(client, "SELECT @kept FROM app.whoami FOR SHARE") == 7


def test_links_are_opened_ahead_of_those_who_will_want_them(start_proxy, cluster):
    before = link_ids(cluster)
    proxy = start_proxy(workers=1, pool={"min_idle": 3})
    with sessions(proxy, 1) as (client,):
        rows(client, "BEGIN")
        rows(client, "SELECT 1 FROM app.whoami FOR SHARE")
        own = {cluster.primary.scalar("SELECT trx_mysql_thread_id FROM information_schema.innodb_trx"
                                      " WHERE trx_rows_locked > 0")}
        wait_until(lambda: len(link_ids(cluster) - before) == 4, 10, "links to be opened ahead")
        for link in link_ids(cluster) - before - own:
            cluster.primary.sql(f"KILL {link}")
        wait_until(lambda: link_ids(cluster) - before == own, 10, "the idle links to end")
        time.sleep(1.5)  # the pool looks after its idle links once a second
        rows(client, "COMMIT")
        rows(client, "BEGIN")
        wait_until(lambda: len(link_ids(cluster) - before) == 4, 10, "links to be opened again")


def test_links_opened_ahead_respect_the_limit(start_proxy, cluster):
    before = link_ids(cluster)
    proxy = start_proxy(workers=1, pool={"min_idle": 9, "max_links": 3})
    with sessions(proxy, 1) as (client,):
        rows(client, "BEGIN")
        wait_until(lambda: len(link_ids(cluster) - before) == 3, 10, "links to be opened ahead")
        time.sleep(0.2)
        assert len(link_ids(cluster) - before) == 3


def test_who_may_not_have_more_connections_has_none_opened_ahead(start_proxy, cluster):
    cluster.primary.sql("CREATE USER ahead IDENTIFIED BY 'ahead' WITH MAX_USER_CONNECTIONS 1")
    try:
        proxy = start_proxy(workers=1, pool={"min_idle": 2})
        with sessions(proxy, 1, user="ahead", password="ahead") as (client,):
            for _ in range(20):
                assert value(client, "SELECT 1 FOR SHARE") == 1
    finally:
        cluster.primary.sql("DROP USER ahead")
