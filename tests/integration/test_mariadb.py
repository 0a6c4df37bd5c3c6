"""A MariaDB pair behind the proxy, with mysql_native_password accounts."""

import contextlib
import uuid

import pytest

from process import wait_until
from support import (WHO, error, mariadb_client, mysql_client, name_in, rows, value,
                     where_reads_go)


@pytest.fixture
def native_account(mariadb_cluster):
    name = f"u_{uuid.uuid4().hex[:10]}"
    mariadb_cluster.primary.sql(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'native-pw'")
    mariadb_cluster.primary.sql(f"GRANT ALL ON app.* TO '{name}'@'%'")
    mariadb_cluster.wait_replicated()
    yield name
    mariadb_cluster.primary.sql(f"DROP USER '{name}'@'%'")


def test_a_native_account_logs_in(mariadb_proxy, native_account):
    for _ in range(2):
        with contextlib.closing(mariadb_proxy.connect(native_account, "native-pw")) as connection:
            assert name_in(connection, WHO) == "db2"
    with error(1045, "Access denied for user"):
        mariadb_proxy.connect(native_account, "wrong")


def test_the_greeting_tells_mariadbs_version(mariadb_proxy, mariadb_cluster):
    with contextlib.closing(mariadb_proxy.connect()) as connection:
        assert "MariaDB" in connection.get_server_info()
        assert value(connection, "SELECT VERSION()") == mariadb_cluster.primary.scalar(
            "SELECT VERSION()")


@pytest.mark.parametrize("tls", ["--ssl", "--skip-ssl"])
def test_the_mariadb_client(mariadb_proxy, tls):
    done = mariadb_client(mariadb_proxy.port(), tls, "app", sql="SELECT 1 + 1")
    assert done.stdout.strip() == "2", done.stderr


def test_mysqls_own_client(mariadb_proxy):
    done = mysql_client(mariadb_proxy.port(), "app", sql="SELECT 1 + 1")
    # MySQL 9 has no mysql_native_password any more; what it says then is its own.
    assert done.stdout.strip() == "2" or "mysql_native_password" in done.stderr, done.stderr


def test_reads_and_writes_are_split(mariadb_proxy, mariadb_cluster):
    assert set(where_reads_go(mariadb_proxy, connections=10)) == {"db2"}
    with contextlib.closing(mariadb_proxy.connect(database="app")) as connection:
        rows(connection, "CREATE OR REPLACE TABLE written (name VARCHAR(10))")
        rows(connection, "INSERT INTO written SELECT name FROM whoami")
        assert rows(connection, "INSERT INTO written VALUES ('x') RETURNING name") == [("x",)]
        rows(connection, "BEGIN")
        assert name_in(connection, WHO) == "db1"
        rows(connection, "COMMIT")
    assert mariadb_cluster.primary.sql("SELECT name FROM app.written") == [("db1",), ("x",)]
    mariadb_cluster.wait_replicated()
    assert mariadb_cluster.replicas[0].scalar("SELECT COUNT(*) FROM app.written") == 2


def test_the_replicas_death_is_survived(mariadb_proxy, mariadb_cluster):
    with contextlib.closing(mariadb_proxy.connect()) as connection:
        assert name_in(connection, WHO) == "db2"
        mariadb_cluster.replicas[0].kill9()
        assert name_in(connection, WHO) == "db1"
    mariadb_cluster.restore()
    wait_until(lambda: set(where_reads_go(mariadb_proxy, connections=4)) == {"db2"}, 15,
               "reads on the replica again")


def test_a_primary_moved_by_hand_is_followed(mariadb_proxy, mariadb_cluster):
    mariadb_cluster.switch_primary_by_hand(mariadb_cluster.servers[1])
    with contextlib.closing(mariadb_proxy.connect(database="app")) as connection:
        rows(connection, "CREATE OR REPLACE TABLE moved (name VARCHAR(10))")
        rows(connection, "INSERT INTO moved SELECT name FROM whoami")
    assert mariadb_cluster.primary.scalar("SELECT name FROM app.moved") == "db2"
    mariadb_cluster.restore()
