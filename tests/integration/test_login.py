"""Any account logs in with the password that it has on the servers, and only with that."""

import contextlib
import time

import pymysql
import pytest
from pymysql.constants import CLIENT

from process import free_port, wait_until
from support import WHO, error, rows, value

TLS = {"ssl": {"check_hostname": False}}
PLAIN = {}
DENIED = r"Access denied for user '{}'@'[^']+' \(using password: {}\)"


@pytest.fixture
def rsa_exchanges(monkeypatch):
    """Counts the passwords that PyMySQL sends encrypted by RSA."""
    sent = []
    real = pymysql._auth.sha2_rsa_encrypt
    monkeypatch.setattr(pymysql._auth, "sha2_rsa_encrypt",
                        lambda *words: sent.append(1) or real(*words))
    return sent


def login(proxy, user, password, **options):
    """Logs in and asks the servers something."""
    with contextlib.closing(proxy.connect(user, password, **options)) as connection:
        assert value(connection, "SELECT 41 + 1") == 42
        return connection


@pytest.mark.parametrize("security", [PLAIN, TLS], ids=["plain", "tls"])
def test_an_account_never_seen_before_logs_in(proxy, account, security):
    user = account("Corr3ct horse")
    login(proxy, user, "Corr3ct horse", **security)


def test_a_cold_account_takes_the_rsa_path_and_a_known_one_the_fast_path(
        proxy, account, rsa_exchanges):
    user = account("pw-rsa")
    login(proxy, user, "pw-rsa")
    assert len(rsa_exchanges) == 1
    login(proxy, user, "pw-rsa")
    assert len(rsa_exchanges) == 1


def test_after_a_login_by_tls_the_fast_path_works_without_tls(proxy, account, rsa_exchanges):
    user = account("pw-both")
    login(proxy, user, "pw-both", **TLS)
    login(proxy, user, "pw-both")
    assert not rsa_exchanges


def test_tls_connections_are_encrypted(proxy):
    with contextlib.closing(proxy.connect(**TLS)) as connection:
        assert connection._sock.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("security", [PLAIN, TLS], ids=["plain", "tls"])
def test_a_wrong_password_is_refused_as_mysql_words_it(proxy, account, security):
    user = account("right")
    with error(1045, DENIED.format(user, "YES")):
        proxy.connect(user, "wrong", **security)
    login(proxy, user, "right", **security)
    with error(1045, DENIED.format(user, "YES")):
        proxy.connect(user, "wrong", **security)


def test_a_missing_password_is_refused_as_mysql_words_it(proxy, account):
    user = account("right")
    with error(1045, DENIED.format(user, "NO")):
        proxy.connect(user, "")


@pytest.mark.parametrize("password", ["", "whatever"])
def test_an_unknown_user_is_refused_like_a_wrong_password(proxy, password):
    with error(1045, DENIED.format("nobody_here", "YES" if password else "NO")):
        proxy.connect("nobody_here", password)


def test_an_account_without_password_logs_in(proxy, account):
    user = account("")
    login(proxy, user, "")
    with error(1045, DENIED.format(user, "YES")):
        proxy.connect(user, "something")


@pytest.mark.parametrize("password", ["ünïcödé ☃", "x" * 200, "quote'\"\\%"])
def test_unusual_passwords_work(proxy, account, password):
    user = account(password)
    login(proxy, user, password)
    login(proxy, user, password, **TLS)


def test_a_changed_password_is_noticed(start_proxy, cluster, account):
    proxy = start_proxy(credentials={"ttl": "300ms"})
    user = account("old-one")
    login(proxy, user, "old-one")
    cluster.primary.sql(f"ALTER USER '{user}'@'%%' IDENTIFIED BY %s", "new-one")
    cluster.wait_replicated()
    login(proxy, user, "new-one")
    wait_until(lambda: is_denied(proxy, user, "old-one"), 10, "the old password to be refused",
               interval=0.3)
    login(proxy, user, "new-one")


def test_a_session_goes_on_that_changes_its_own_password(proxy, cluster, account):
    user = account("old-one")
    with contextlib.closing(proxy.connect(user, "old-one")) as client:
        rows(client, "ALTER USER USER() IDENTIFIED BY 'new-one'")
        cluster.wait_replicated()
        for _ in range(5):  # at whichever server: no other link could log in
            assert value(client, "SELECT COUNT(*) FROM app.whoami") == 1
        rows(client, "BEGIN")
        rows(client, "COMMIT")
    login(proxy, user, "new-one")


def test_a_session_goes_on_that_replaces_its_expired_password(proxy, cluster, account):
    user = account("old-one")
    cluster.primary.sql(f"ALTER USER '{user}'@'%' PASSWORD EXPIRE")
    cluster.wait_replicated()
    sandbox = {"client_flag": CLIENT.HANDLE_EXPIRED_PASSWORDS}
    with contextlib.closing(proxy.connect(user, "old-one", **sandbox)) as client:
        with error(1820):
            rows(client, "SELECT COUNT(*) FROM app.whoami")
        rows(client, "ALTER USER USER() IDENTIFIED BY 'new-one'")
        cluster.wait_replicated()
        assert value(client, "SELECT COUNT(*) FROM app.whoami") == 1
    login(proxy, user, "new-one")


def test_a_dropped_account_is_noticed(start_proxy, cluster, account):
    proxy = start_proxy(credentials={"ttl": "300ms"})
    user = account("soon-gone")
    login(proxy, user, "soon-gone")
    cluster.primary.sql(f"DROP USER '{user}'@'%'")
    wait_until(lambda: is_denied(proxy, user, "soon-gone"), 10, "the account to be refused",
               interval=0.3)


def is_denied(proxy, user, password):
    try:
        login(proxy, user, password)
        return False
    except pymysql.OperationalError as problem:
        assert problem.args[0] == 1045, problem
        return True


def test_expired_credentials_are_verified_again_without_the_client_noticing(start_proxy, account):
    proxy = start_proxy(credentials={"ttl": "200ms"})
    user = account("kept")
    with contextlib.closing(proxy.connect(user, "kept")) as open_before:
        for _ in range(4):
            time.sleep(0.25)
            login(proxy, user, "kept")
            assert value(open_before, "SELECT 1") == 1


def test_many_failed_logins_block_the_address_for_a_while(start_proxy):
    proxy = start_proxy(limits={"max_connect_errors": 4, "connect_error_block": "2s"})
    codes = []
    for _ in range(8):
        try:
            proxy.connect("app", "guess")
        except pymysql.OperationalError as problem:
            codes.append(problem.args[0])
    assert codes[0] == 1045
    assert codes[-1] == 1129
    with error(1129, "blocked"):
        proxy.connect()
    wait_until(lambda: logs_in(proxy), 15, "the block to end", interval=0.3)


def logs_in(proxy):
    try:
        login(proxy, "app", "app_pw")
        return True
    except pymysql.OperationalError:
        return False


def test_an_unknown_schema_is_named(proxy):
    # An account that may see no such schema gets 1044 from MySQL, one that may all gets 1049.
    with pytest.raises(pymysql.OperationalError) as problem:
        proxy.connect(database="no_such_schema")
    assert problem.value.args[0] in (1044, 1049)
    assert "no_such_schema" in problem.value.args[1]


def test_an_unknown_schema_is_1049_for_who_may_see_all(proxy, account):
    user = account("pw", grants="ALL ON *.*")
    with error(1049, "Unknown database 'no_such_schema'"):
        proxy.connect(user, "pw", database="no_such_schema")


def test_the_schema_of_the_login_is_the_schema_everywhere(proxy):
    with contextlib.closing(proxy.connect(database="app")) as connection:
        assert value(connection, "SELECT DATABASE()") == "app"
        assert value(connection, "SELECT name FROM whoami").startswith("db")
        assert value(connection, "/* route=primary */ SELECT name FROM whoami") == "db1"


def test_connection_attributes_reach_the_server_with_the_proxys_added(proxy, cluster):
    with contextlib.closing(proxy.connect(program_name="attribute-test")) as connection:
        rows(connection, "/* route=primary */ SELECT 1")
        attributes = dict(cluster.primary.sql(
            "SELECT a.ATTR_NAME, a.ATTR_VALUE FROM performance_schema.session_connect_attrs a"
            " JOIN performance_schema.session_connect_attrs p USING (PROCESSLIST_ID)"
            " WHERE p.ATTR_NAME = 'program_name' AND p.ATTR_VALUE = 'attribute-test'"))
    assert attributes["_client_name"] == "pymysql"
    assert any(name.startswith("proxy_") for name in attributes), attributes


def test_connection_ids_are_unique(proxy):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(proxy.connect()))
                       for _ in range(20)]
        assert len({connection.thread_id() for connection in connections}) == 20


def test_the_greeting_has_the_primarys_version(proxy, client, cluster):
    assert client.get_server_info() == cluster.primary.scalar("SELECT VERSION()")


def test_the_greetings_version_is_configurable(start_proxy):
    proxy = start_proxy(server_version="8.0.99-custom")
    with contextlib.closing(proxy.connect()) as connection:
        assert connection.get_server_info() == "8.0.99-custom"


def test_a_listed_user_needs_no_learning(start_proxy, account, rsa_exchanges):
    user = account("listed-pw")
    proxy = start_proxy(users=[{"name": user, "password": "listed-pw"}])
    login(proxy, user, "listed-pw")
    assert proxy.metrics().total("pointsman_logins_learned_total") == 0
    with error(1045, DENIED.format(user, "YES")):
        proxy.connect(user, "listed-pw2")


def test_passwords_of_listed_users_come_from_files_too(start_proxy, account, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from-file\n")
    user = account("from-file")
    proxy = start_proxy(users=[{"name": user, "password_file": str(secret)}])
    login(proxy, user, "from-file")


@pytest.mark.parametrize("mode", ["off", "optional", "required"])
def test_a_listener_takes_tls_as_configured(start_proxy, mode):
    proxy = start_proxy(listeners=[{"name": "split", "client_tls": mode,
                                    "address": f"127.0.0.1:{free_port()}"}])
    for security, allowed in ((PLAIN, mode != "required"), (TLS, mode != "off")):
        if allowed:
            login(proxy, "app", "app_pw", **security)
        elif mode == "off":  # PyMySQL goes on without TLS when none is offered
            with contextlib.closing(proxy.connect(**security)) as connection:
                assert not hasattr(connection._sock, "version")
        else:
            with pytest.raises(pymysql.OperationalError):
                proxy.connect(**security)


def test_refusing_plain_connections_is_said_as_mysql_says_it(start_proxy):
    proxy = start_proxy(listeners=[{"name": "split", "mode": "split", "client_tls": "required",
                                    "address": f"127.0.0.1:{free_port()}"}])
    with error(3159, "--require_secure_transport=ON"):
        proxy.connect()


def test_a_given_certificate_is_shown_to_clients(start_proxy, cluster):
    data = cluster.primary.datadir
    proxy = start_proxy(client_tls={"certificate": str(data / "server-cert.pem"),
                                    "key": str(data / "server-key.pem"), "min_version": "1.3"})
    with contextlib.closing(proxy.connect(
            ssl={"ca": str(data / "ca.pem"), "check_hostname": False})) as connection:
        assert connection._sock.version() == "TLSv1.3"
        assert value(connection, WHO).startswith("db")


@pytest.mark.parametrize("mode", ["off", "preferred", "required", "verify_ca"])
def test_servers_are_reached_by_tls_as_configured(start_proxy, cluster, account, mode):
    server_tls = {"mode": mode}
    if mode == "verify_ca":
        # Each data folder came from one template, so all servers share a CA.
        server_tls["ca"] = str(cluster.primary.datadir / "ca.pem")
    proxy = start_proxy(server_tls=server_tls)
    user = account("pw-" + mode)  # never seen by any server's cache: the full exchange
    with contextlib.closing(proxy.connect(user, "pw-" + mode)) as connection:
        cipher = rows(connection, "/* route=primary */ SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    assert bool(cipher[0][1]) == (mode != "off")


def test_max_connections_of_a_listener(start_proxy):
    proxy = start_proxy(listeners=[{"name": "split", "mode": "split", "max_connections": 2,
                                    "address": f"127.0.0.1:{free_port()}"}])
    with contextlib.closing(proxy.connect()), contextlib.closing(proxy.connect()):
        with error(1040, "ny connections"):  # PyMySQL cuts a text that has no SQLSTATE before it
            proxy.connect()
    wait_until(lambda: logs_in(proxy), 5, "places to be free again")
