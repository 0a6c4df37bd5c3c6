"""The usual clients connect with the account's password, with and without TLS."""

import pytest

from support import WHO, mariadb_client, mysql_client

SECURITY = {
    "mysql": {"tls": ["--ssl-mode=REQUIRED"],
              "plain": ["--ssl-mode=DISABLED", "--get-server-public-key"],
              "default": []},
    "mariadb": {"tls": ["--ssl"], "plain": ["--skip-ssl"], "default": []},
}
CLIENTS = {"mysql": mysql_client, "mariadb": mariadb_client}
CASES = [(client, security) for client in CLIENTS for security in SECURITY[client]]


@pytest.mark.parametrize("client, security", CASES)
def test_a_client_logs_in_reads_and_writes(proxy, account, table, client, security):
    user = account("cli-pw")  # its first login is the full exchange, its second the fast path
    for round_number in (1, 2):
        done = CLIENTS[client](
            proxy.port(), *SECURITY[client][security], user=user, password="cli-pw",
            sql=f"INSERT INTO {table} (v) VALUES ('from {client}');"
                f"/* route=primary */ SELECT COUNT(*) FROM {table};")
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(round_number)


@pytest.mark.parametrize("client, security", CASES)
def test_a_client_is_told_of_a_wrong_password(proxy, client, security):
    done = CLIENTS[client](proxy.port(), *SECURITY[client][security], password="wrong",
                           sql="SELECT 1")
    assert done.returncode != 0
    assert "ERROR 1045 (28000): Access denied for user 'app'@" in done.stderr


def test_mysql_with_tls_really_has_it(proxy):
    done = mysql_client(proxy.port(), "--ssl-mode=REQUIRED", "--commands", sql="\\s")
    assert "Cipher in use is TLS_" in done.stdout, done.stdout + done.stderr


def test_a_cold_account_without_tls_and_without_asking_for_the_key_is_refused(proxy, account):
    # MySQL's client asks for the RSA key only when told to; this is its own message.
    user = account("no-key")
    done = mysql_client(proxy.port(), "--ssl-mode=DISABLED", user=user, password="no-key",
                        sql="SELECT 1")
    assert done.returncode != 0
    assert "requires secure connection" in done.stderr


def test_mysql_client_switches_the_schema_and_reads_its_tables(proxy):
    done = mysql_client(proxy.port(), "--commands", "app",
                        sql=f"{WHO};\nuse sbtest\nSELECT DATABASE();")
    assert done.returncode == 0, done.stderr
    name, schema = done.stdout.split()
    assert name in ("db2", "db3") and schema == "sbtest"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_prefers_the_old_plugin_is_switched(proxy, account, client):
    user = account("switch-pw")
    done = CLIENTS[client](proxy.port(), "--default-auth=caching_sha2_password", user=user,
                           password="switch-pw", sql="SELECT 5")
    assert done.stdout.strip() == "5", done.stderr


def test_mariadb_client_starting_with_native_is_switched(proxy):
    done = mariadb_client(proxy.port(), "--default-auth=mysql_native_password", sql="SELECT 6")
    assert done.stdout.strip() == "6", done.stderr


def test_prepared_statements_as_text(proxy):
    done = mysql_client(proxy.port(), "app", sql="""
        PREPARE p FROM 'SELECT ? + ?'; SET @a = 40; SET @b = 2; EXECUTE p USING @a, @b;
        DEALLOCATE PREPARE p; SELECT 'end';""")
    assert done.stdout.split() == ["42", "end"], done.stderr


def test_variables_of_one_reads_hint_bind_it_to_no_server(proxy, table):
    done = mysql_client(proxy.port(), "app", sql=f"""
        SELECT /*+ SET_VAR(sort_buffer_size = 400000) */ 'read' FROM whoami;
        INSERT INTO {table} (v) VALUES (1);
        SELECT /*+ SET_VAR(sort_buffer_size = 400000) */ 'read' FROM whoami FOR SHARE;
        SELECT @@sort_buffer_size = 400000, 'written';""")
    assert done.stdout.split() == ["read", "read", "0", "written"], done.stderr


def test_a_reset_of_the_connection_forgets_its_state(proxy):
    done = mysql_client(proxy.port(), "--commands", "app",
                        sql="SET @x = 7;\nSELECT @x;\nresetconnection\n"
                            "SELECT IFNULL(@x, 'gone');")
    assert done.stdout.split() == ["7", "gone"], done.stderr


def test_errors_carry_mysqls_code_state_and_text(proxy):
    for client in CLIENTS.values():
        done = client(proxy.port(), "app", sql="SELECT * FROM no_such_table")
        assert "ERROR 1146 (42S02) at line 1: Table 'app.no_such_table' doesn't exist" in done.stderr
