"""Accounts that ask for TLS (REQUIRE SSL, X509) are asked for it on the client's own connection,
though links to the servers have TLS all the time."""

import contextlib

import MySQLdb
import pymysql
import pytest

from process import wait_until
from support import error, value

TLS = {"ssl": {"check_hostname": False}}
DENIED = r"Access denied for user '{}'@'[^']+' \(using password: YES\)"


@pytest.fixture
def require(cluster, account):
    """Makes an account with the password `pw` and these conditions."""
    def make(conditions, more=""):
        user = account("pw")
        cluster.primary.sql(f"ALTER USER '{user}'@'%' REQUIRE {conditions} {more}")
        cluster.wait_replicated()
        return user
    return make


def login(proxy, user, **options):
    with contextlib.closing(proxy.connect(user, "pw", **options)) as connection:
        assert value(connection, "SELECT 41 + 1") == 42


@pytest.mark.parametrize("conditions", ["SSL", "X509", "SUBJECT '/CN=nobody'"])
def test_without_tls_it_is_refused_like_a_wrong_password(proxy, require, conditions):
    user = require(conditions)
    for _ in range(2):
        with error(1045, DENIED.format(user)):
            login(proxy, user)


def test_what_was_learned_by_tls_does_not_open_the_door_without(proxy, require):
    user = require("SSL")
    login(proxy, user, **TLS)
    for _ in range(2):
        with error(1045, DENIED.format(user)):
            login(proxy, user)
        login(proxy, user, **TLS)


def test_an_idle_link_of_the_account_does_not_open_the_door(start_proxy, require):
    proxy = start_proxy(credentials={"ttl": "1h"})
    user = require("SSL")
    with contextlib.closing(proxy.connect(user, "pw", **TLS)) as connection:
        value(connection, "SELECT 1")
        with error(1045, DENIED.format(user)):
            login(proxy, user)


def test_change_user_without_tls_is_refused(proxy, account, require):
    plain, secure = account("pw"), require("SSL")
    login(proxy, secure, **TLS)
    connection = MySQLdb.connect(host=proxy.host, port=proxy.port("split"), user="app",
                                 password="app_pw")
    connection.change_user(plain, "pw", "app")
    with pytest.raises(MySQLdb.Error) as problem:
        connection.change_user(secure, "pw", "app")
    assert problem.value.args[0] == 1045


def test_a_unix_socket_is_no_tls(start_proxy, require, tmp_path):
    path = str(tmp_path / "p.sock")
    proxy = start_proxy(listeners=[{"name": "split", "mode": "split", "address": path}])
    user = require("SSL")
    with error(1045, ""):
        pymysql.connect(unix_socket=path, user=user, password="pw")
    pymysql.connect(unix_socket=path, user="app", password="app_pw").close()


def test_a_condition_made_later_is_noticed(start_proxy, cluster, account):
    proxy = start_proxy(credentials={"ttl": "300ms"})
    user = account("pw")
    login(proxy, user)
    cluster.primary.sql(f"ALTER USER '{user}'@'%' REQUIRE SSL")
    cluster.wait_replicated()

    def refused():
        try:
            login(proxy, user)
        except pymysql.MySQLError as problem:
            return problem.args[0] == 1045
        return False
    wait_until(refused, 15, "the account to be refused without TLS", interval=0.2)
    login(proxy, user, **TLS)


def test_a_condition_made_through_the_proxy_counts_at_once(start_proxy, cluster, account):
    proxy = start_proxy(credentials={"ttl": "1h"})
    user = account("pw", grants="CREATE USER ON *.*")
    login(proxy, user)
    with contextlib.closing(proxy.connect(user, "pw")) as connection:
        value_of = connection.cursor()
        value_of.execute(f"ALTER USER '{user}'@'%' REQUIRE SSL")
    with error(1045, DENIED.format(user)):
        login(proxy, user)


@pytest.mark.parametrize("conditions", ["NONE", "SSL"])
def test_an_expired_password_is_changed_under_the_same_conditions(proxy, cluster, require,
                                                                  conditions):
    user = require(conditions, "PASSWORD EXPIRE")
    expired = pymysql.constants.CLIENT.HANDLE_EXPIRED_PASSWORDS
    if conditions == "SSL":
        with error(1045, DENIED.format(user)):
            proxy.connect(user, "pw", client_flag=expired)
        return
    with contextlib.closing(proxy.connect(user, "pw", client_flag=expired)) as connection:
        connection.cursor().execute("ALTER USER USER() IDENTIFIED BY 'new-pw'")
    cluster.wait_replicated()
    with contextlib.closing(proxy.connect(user, "new-pw")) as connection:
        assert value(connection, "SELECT 1") == 1
