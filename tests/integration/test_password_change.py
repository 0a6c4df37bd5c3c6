"""A password that is changed while sessions of the account are there: as on a server, they go on."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from process import wait_until
from support import error, rows, sessions, value
from test_idle_links import link_ids


@pytest.fixture
def account(cluster):
    cluster.primary.sql("CREATE USER rotated IDENTIFIED BY 'old'")
    cluster.primary.sql("GRANT ALL ON app.* TO rotated")
    cluster.wait_replicated()
    yield {"user": "rotated", "password": "old"}
    cluster.primary.sql("DROP USER rotated")


def change_password(cluster):
    cluster.primary.sql("ALTER USER rotated IDENTIFIED BY 'new'")
    cluster.wait_replicated()


def links(cluster):
    return link_ids(cluster, "rotated")


def test_sessions_go_on_by_the_links_that_are_there(start_proxy, cluster, account):
    proxy = start_proxy(workers=1, pool={"max_idle": 1})
    with sessions(proxy, 2, **account) as (one, two), ThreadPoolExecutor(1) as elsewhere:
        for client in (one, two, one):
            rows(client, "SELECT 1 FROM app.whoami FOR SHARE")
        wait_until(lambda: len(links(cluster)) == 1, 10, "one link to be left")
        change_password(cluster)
        rows(one, "BEGIN")
        assert value(one, "SELECT 1 FROM app.whoami FOR SHARE") == 1
        waiting = elsewhere.submit(value, two, "SELECT 2 FROM app.whoami FOR SHARE")
        time.sleep(0.3)
        assert not waiting.done()
        rows(one, "COMMIT")
        assert waiting.result(timeout=10) == 2
        for client in (one, two) * 5:
            assert value(client, "SELECT 3 FROM app.whoami") == 3
        # Who knows the new password opens links, which serve all of them.
        with sessions(proxy, 1, user="rotated", password="new") as (new,):
            rows(new, "BEGIN")
            assert value(new, "SELECT 4 FROM app.whoami FOR SHARE") == 4
            assert value(one, "SELECT 5 FROM app.whoami FOR SHARE") == 5


def test_the_last_link_outlives_its_age(start_proxy, cluster, account):
    proxy = start_proxy(workers=1, pool={"max_age": "1s"})
    with sessions(proxy, 1, **account) as (client,):
        rows(client, "SELECT 1 FROM app.whoami FOR SHARE")
        change_password(cluster)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert value(client, "SELECT 1 FROM app.whoami FOR SHARE") == 1
            time.sleep(0.1)


def test_a_session_whose_account_has_no_link_any_more_is_told(start_proxy, cluster, account):
    proxy = start_proxy(workers=1)
    with sessions(proxy, 1, **account) as (client,):
        rows(client, "SELECT 1 FROM app.whoami FOR SHARE")
        change_password(cluster)
        for link in links(cluster):
            cluster.primary.sql(f"KILL {link}")
        wait_until(lambda: not links(cluster), 10, "its links to end")
        with error(1045):
            rows(client, "SELECT 1 FROM app.whoami FOR SHARE")
