"""ROW_COUNT(), FOUND_ROWS() and GET DIAGNOSTICS tell the session's own last result, whoever had its link
in between. Two sessions share one link here, so that each command of the one takes it from the other."""

import contextlib
import struct

import pymysql
import pytest
from pymysql.constants import CLIENT, FIELD_TYPE

from support import error, prepared, rows, sessions, value

FIVE = "INSERT INTO {} (id, v) VALUES (1,'a'), (2,'a'), (3,'b'), (4,'b'), (5,'c')"
# What is run, and what is asked behind it, through another session's statement.
LEFT = ["INSERT INTO {t} (id, v) VALUES (11,'x'), (12,'x')",
        "UPDATE {t} SET v = 'z' WHERE id < 5", "UPDATE {t} SET v = v", "DELETE FROM {t} WHERE id > 3",
        "REPLACE INTO {t} (id, v) VALUES (1, 'q')", "SELECT id FROM {t} FOR UPDATE",
        "SELECT id FROM {t} LIMIT 2", "SELECT id FROM {t} WHERE id > 100", "SELECT v FROM {t} GROUP BY v",
        "SELECT id FROM {t} UNION ALL SELECT id FROM {t}", "SELECT id FROM {t} ORDER BY v LIMIT 0",
        "TABLE {t}", "VALUES ROW(1), ROW(2)", "DO 1", "SET @a = 1", "SET time_zone = '+01:00'", "USE app",
        "BEGIN", "ALTER TABLE {t} COMMENT 'x'", "SHOW TABLES", "SELECT v FROM {t} LIMIT 1 INTO @v"]
UNKNOWN_FOUND = ("INSERT", "UPDATE", "DELETE", "REPLACE", "ALTER", "SHOW", "INTO @v")


@pytest.fixture
def proxy(start_proxy, cluster):
    return start_proxy([cluster.primary], workers=1, pool={"max_links": 1})


@pytest.fixture
def table(table, cluster):
    """Without ids of its own: who makes one keeps its link."""
    cluster.primary.sql(f"ALTER TABLE {table} MODIFY id INT")
    cluster.wait_replicated()
    return table


def disturb(other, table):
    """Everything that is asked for is another number on the link now."""
    rows(other, f"SELECT id FROM {table} UNION ALL SELECT 1 UNION ALL SELECT 2 FOR UPDATE")
    rows(other, f"UPDATE {table} SET v = CONCAT(v, '!') WHERE id IN (1, 2, 3)")


def description(client, sql):
    with client.cursor() as cursor:
        cursor.execute(sql)
        fields = [(f.name, f.type_code, f.length, f.flags, f.scale) for f in cursor._result.fields]
        answer = fields, cursor._result.warning_count, cursor.fetchall()
    return answer, rows(client, "SHOW WARNINGS")


def run_everywhere(cluster, proxy, table, statement, ask):
    """What `ask` gives behind the statement: on a server, and through the proxy once another session
    had the link. Each begins with the same five rows."""
    answers = []
    for through in (cluster.primary, proxy):
        with sessions(through, 2, database="app") as (one, other):
            rows(other, f"DELETE FROM {table}")
            rows(other, FIVE.format(table))
            rows(one, statement.format(t=table))
            if statement == "BEGIN":
                rows(one, "ROLLBACK")
            disturb(other, table)
            answers.append(ask(one))
    return answers


def test_row_count(cluster, proxy, table):
    def ask(client):
        return description(client, "SELECT ROW_COUNT()")
    for statement in LEFT:
        direct, shared = run_everywhere(cluster, proxy, table, statement, ask)
        assert shared == direct, statement


def test_found_rows(cluster, proxy, table):
    def ask(client):
        return description(client, "SELECT FOUND_ROWS(), ROW_COUNT() AS counted, LAST_INSERT_ID()")
    for statement in LEFT:
        if any(other in statement for other in UNKNOWN_FOUND):
            continue
        direct, shared = run_everywhere(cluster, proxy, table, statement, ask)
        assert shared == direct, statement


@pytest.mark.parametrize("limit", ["1, 2", "2 OFFSET 1"])
def test_a_number_of_found_rows_that_is_not_certain_is_no_guess(proxy, table, limit):
    with sessions(proxy, 2) as (one, other):
        rows(one, FIVE.format(table))
        rows(one, f"SELECT id FROM {table} LIMIT {limit}")
        disturb(other, table)
        with error(1105, "no longer known"):
            value(one, "SELECT FOUND_ROWS()")
        rows(one, f"SELECT id FROM {table} LIMIT {limit}")  # from now on it keeps its link
        assert value(one, "SELECT FOUND_ROWS()") == 3


@pytest.mark.parametrize("ask", [
    "SELECT ROW_COUNT() + 1, CONCAT('ROW_COUNT()', ROW_COUNT()) x, CONNECTION_ID() > 0",
    "SELECT IF(ROW_COUNT() = 4, 'four', 'else')",
    "SET @n = ROW_COUNT(); SELECT @n",
    "SELECT ROW_COUNT() INTO @n; SELECT @n",
    "GET DIAGNOSTICS @n = ROW_COUNT, @m = NUMBER; SELECT @n, @m",
    "GET CURRENT DIAGNOSTICS @n = ROW_COUNT; SELECT ROW_COUNT(), @n",
    "GET DIAGNOSTICS @n = ROW_COUNT; GET DIAGNOSTICS @m = ROW_COUNT; SELECT @n, @m",
    "INSERT INTO {t} (id, v) VALUES (ROW_COUNT() + 20, 'n'); SELECT id, v FROM {t} WHERE id > 20 FOR UPDATE",
    "SHOW WARNINGS; SELECT ROW_COUNT()",
    "SELECT ROW_COUNT(), @@warning_count",
    "SELECT ROW_COUNT() AS a UNION ALL SELECT 7",
])
def test_questions_in_other_forms(cluster, proxy, table, ask):
    def asked(client):
        return [rows(client, one.format(t=table)) for one in ask.split("; ")]
    direct, shared = run_everywhere(cluster, proxy, table, LEFT[1], asked)
    assert shared == direct


@pytest.mark.parametrize("ask", ["SELECT ROW_COUNT()", "SELECT ROW_COUNT() x, LAST_INSERT_ID(), ROW_COUNT()"])
def test_prepared_questions(cluster, proxy, table, ask):
    answers = []
    for through in (cluster.primary, proxy):
        with sessions(through, 2) as (one, other), prepared(one, ask) as execute:
            rows(one, FIVE.format(table))
            for statement in ("UPDATE {} SET v = 'p' WHERE id < 4", "SELECT id FROM {}", "DELETE FROM {}"):
                rows(one, statement.format(table))
                disturb(other, table)
                answers.append(execute())
    assert answers[:3] == answers[3:]


def test_prepared_statements_leave_counts_too(cluster, proxy, table):
    answers = []
    for through in (cluster.primary, proxy):
        with sessions(through, 2) as (one, other), \
                prepared(one, f"SELECT id FROM {table} WHERE id < ?") as read, \
                prepared(one, f"UPDATE {table} SET v = ? ") as write, \
                prepared(one, "SELECT FOUND_ROWS(), ROW_COUNT()") as ask:
            rows(one, FIVE.format(table))
            read((FIELD_TYPE.LONGLONG, struct.pack("<q", 4)))
            disturb(other, table)
            answers.append(ask())
            write((FIELD_TYPE.VAR_STRING, b"\1w"))
            disturb(other, table)
            answers.append(value(one, "SELECT ROW_COUNT()"))
            rows(one, f"DELETE FROM {table}")
    assert answers[:2] == answers[2:]


def test_found_and_changed_rows_with_the_clients_own_flag(cluster, proxy, table):
    answers = []
    for through in (cluster.primary, proxy):
        with sessions(through, 2, client_flag=CLIENT.FOUND_ROWS) as (one, other):
            rows(one, FIVE.format(table))
            rows(one, f"UPDATE {table} SET v = v WHERE id > 2")
            disturb(other, table)
            answers.append(value(one, "SELECT ROW_COUNT()"))
            rows(one, f"DELETE FROM {table}")
    assert answers == [3, 3]


def test_found_rows_under_a_limit_of_the_session(cluster, proxy, table):
    answers = []
    for through in (cluster.primary, proxy):
        with sessions(through, 2) as (one, other):
            rows(one, FIVE.format(table))
            rows(one, "SET sql_select_limit = 2")
            rows(one, f"SELECT id FROM {table}")
            disturb(other, table)
            answers.append(value(one, "SELECT FOUND_ROWS()"))
            rows(one, f"DELETE FROM {table}")
    assert answers == [2, 2]


def test_a_prepared_texts_rows_are_counted(cluster, proxy, table):
    answers = []
    for through in (cluster.primary, proxy):
        with sessions(through, 2) as (one, other):
            rows(one, FIVE.format(table))
            rows(one, f"PREPARE s FROM 'SELECT id FROM {table} LIMIT 4'")
            rows(one, "EXECUTE s")
            rows(one, "DEALLOCATE PREPARE s")
            disturb(other, table)
            answers.append(value(one, "SELECT FOUND_ROWS()"))
            rows(one, f"DELETE FROM {table}")
    assert answers == [4, 4]


def test_errors_and_pings_count_as_well(cluster, proxy, table):
    for spoil, counted in ((lambda client: rows(client, "SELECT nosuch"), -1),
                           (lambda client: client.ping(reconnect=False), 0)):
        with sessions(proxy, 2) as (one, other):
            rows(one, FIVE.format(table))
            rows(one, f"DELETE FROM {table}")
            with contextlib.suppress(pymysql.Error):
                spoil(one)
            if counted == 0:
                disturb(other, table)
            assert value(one, "SELECT ROW_COUNT()") == counted


def test_who_asks_for_what_is_known_keeps_no_link(proxy, table):
    """Both go on asking, over one link: it would end in 1040."""
    with sessions(proxy, 2) as (one, other):
        rows(one, FIVE.format(table))
        for count in (3, 2, 1):
            rows(one, f"UPDATE {table} SET v = '{count}' WHERE id <= {count}")
            rows(other, f"SELECT id FROM {table} ORDER BY id LIMIT {count} FOR UPDATE")
            assert value(one, "SELECT ROW_COUNT()") == count
            assert value(other, "SELECT FOUND_ROWS()") == count
            rows(other, "DO 1")  # FOUND_ROWS() left a warning, which does keep it


def test_counts_are_known_behind_reads_at_replicas(cluster, start_proxy, table):
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    answers = []
    cluster.primary.sql(FIVE.format(table))
    cluster.wait_replicated()
    for through in (cluster.primary, proxy):
        with sessions(through, 2) as (one, other):
            rows(one, f"SELECT id FROM {table}")
            for _ in range(4):
                rows(other, f"SELECT id FROM {table} LIMIT 1")
            answers.append(rows(one, "SELECT FOUND_ROWS(), ROW_COUNT()"))
    assert answers[0] == answers[1] == [(5, -1)]
