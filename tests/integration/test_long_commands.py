"""Commands that are longer than what the proxy keeps of one: nothing is lost for that, and nothing of
what stands behind the part that it looks at comes to another client."""

import contextlib
import struct

import pytest
from pymysql.constants import CLIENT, COMMAND
from support import error, prepared, rows, sessions, value

LONG = 200_000
VAR_STRING = 253


def sized(data):
    """A value with its length in front, as the binary protocol has it."""
    if len(data) > 0xffffff:
        return b"\xfe" + struct.pack("<Q", len(data)) + data
    if len(data) > 250:
        return b"\xfd" + struct.pack("<I", len(data))[:3] + data
    return bytes([len(data)]) + data


class Statement:
    """In the binary protocol; parameters are strings, and their types are sent only if told so."""

    def __init__(self, client, sql):
        self.client = client
        client._execute_command(COMMAND.COM_STMT_PREPARE, sql)
        first = client._read_packet().get_all_data()
        self.number, columns, self.parameters = struct.unpack_from("<IHH", first, 1)
        for _ in range(bool(columns) * (columns + 1) + bool(self.parameters) *
                       (self.parameters + 1)):
            client._read_packet()

    def execute(self, *values, types):
        packet = struct.pack("<IBI", self.number, 0, 1) + bytes((self.parameters + 7) // 8)
        packet += b"\1" + struct.pack("<H", VAR_STRING) * self.parameters if types else b"\0"
        self.client._execute_command(COMMAND.COM_STMT_EXECUTE, packet + b"".join(map(sized, values)))
        return self.client._read_packet().get_all_data()


@contextlib.contextmanager
def two_links(start_proxy):
    """Two clients; the second takes the link that the first had whenever it runs something, and the
    first then gets the other link."""
    proxy = start_proxy(workers=1, pool={"max_links": 2})
    with sessions(proxy, 3, database="app") as (one, two, three):
        def swap():
            rows(one, "DO 0")  # what an INSERT leaves keeps the link until the next statement
            rows(two, "BEGIN")
            rows(two, "SELECT 1 FROM app.whoami FOR SHARE")
            rows(three, "COMMIT")
        def swap_back():
            rows(one, "DO 0")
            rows(three, "BEGIN")
            rows(three, "SELECT 1 FROM app.whoami FOR SHARE")
            rows(two, "COMMIT")
        yield one, swap, swap_back


def test_a_long_text_is_prepared_and_prepared_again(start_proxy):
    text = "SELECT LENGTH('" + "x" * LONG + "') FROM app.whoami FOR SHARE"
    with two_links(start_proxy) as (one, swap, swap_back), prepared(one, text) as execute:
        answers = [execute()]
        swap()
        answers.append(execute())
        swap_back()
        answers.append(execute())
    assert answers == [[b"\0\0" + struct.pack("<Q", LONG)]] * 3


def test_a_text_beyond_the_limit_is_refused_and_the_session_goes_on(start_proxy):
    proxy = start_proxy(limits={"max_prepared_text": "100KiB"})
    with sessions(proxy, 1) as (client,):
        with error(1153, "max_prepared_text"):
            client._execute_command(COMMAND.COM_STMT_PREPARE, "SELECT '" + "x" * LONG + "'")
            client._read_packet()
        assert value(client, "SELECT 1") == 1


@pytest.mark.parametrize("length", [1, LONG])
def test_types_of_parameters_outlive_long_values(start_proxy, table, length):
    with two_links(start_proxy) as (one, swap, swap_back):
        statement = Statement(one, f"INSERT INTO {table} (v) VALUES (CONCAT(LENGTH(?), ?))")
        data = b"1" * LONG
        statement.execute(data, b"a", types=True)
        swap()
        statement.execute(b"2" * length, b"b", types=False)
        swap_back()
        statement.execute(b"3" * length, b"c", types=False)
        assert [row[0] for row in rows(one, f"SELECT v FROM {table} ORDER BY id")] == \
            [f"{LONG}a", f"{length}b", f"{length}c"]


def test_types_outlive_a_value_of_several_packets(start_proxy, table):
    proxy = start_proxy(workers=1, pool={"max_links": 2})
    with sessions(proxy, 2, database="app") as (one, two):
        statement = Statement(one, f"INSERT INTO {table} (v) VALUES (CONCAT(LENGTH(?), ?))")
        data = b"1" * 17_000_000
        statement.execute(data, b"a", types=True)
        rows(one, "DO 0")
        rows(two, "BEGIN")  # would take the link
        statement.execute(data, b"a", types=False)
        assert [row[0] for row in rows(one, f"SELECT v FROM {table}")] == ["17000000a"] * 2


def test_types_of_many_parameters_are_kept(start_proxy, table):
    count = 60_000
    with two_links(start_proxy) as (one, swap, swap_back):
        statement = Statement(
            one, f"INSERT INTO {table} (v) VALUES (CONCAT(?, GREATEST(0" + ",?" * count + ")))")
        statement.execute(b"a", *[b"1"] * count, types=True)
        swap()
        statement.execute(b"b", *[b"2"] * count, types=False)
        swap_back()
        statement.execute(b"c", *[b"3"] * count, types=False)
        assert [row[0] for row in rows(one, f"SELECT v FROM {table} ORDER BY id")] == \
            ["a1", "b2", "c3"]


TAILS = {
    "a lock": ("SELECT {long}, GET_LOCK('long', 0)",
               "SELECT IS_USED_LOCK('long') IS NOT NULL", 1, None),
    "a variable": ("SELECT {long}, @tail := 7", "SELECT @tail", 7, None),
    "a variable by SET": ("DO {long}; SET @tail = 7", "SELECT @tail", 7, None),
    "a variable that grows": ("SET @tail = 7, @other = {long}", "SELECT @tail", 7, None),
    "LAST_INSERT_ID": ("SELECT {long}, LAST_INSERT_ID(7)", "SELECT LAST_INSERT_ID()", 7,
                       0),
    "a setting": ("DO {long}; SET div_precision_increment = 7",
                  "SELECT @@div_precision_increment", 7, 4),
    "an unreported setting": ("DO {long}; SET rand_seed1 = 7", "SELECT RAND() < 0", 0, 0),
    "a table": ("DO {long}; CREATE TEMPORARY TABLE app.tail AS SELECT 7 AS a",
                "SELECT a FROM app.tail", 7, 1146),
    "a prepared text": ("DO {long}; PREPARE tail FROM 'SELECT 7'", "EXECUTE tail", 7,
                        1243),
    "a transaction": ("DO {long}; BEGIN; INSERT INTO app.tails VALUES (7)",
                      "SELECT COUNT(*) FROM app.tails", 1, 0),
    "found rows": ("SELECT {long}; SELECT SQL_CALC_FOUND_ROWS 1 FROM"
                   " (SELECT 1 UNION SELECT 2) d LIMIT 1", "SELECT FOUND_ROWS()", 2, 0),
}


LONG_PARTS = {"a string": f"LENGTH('{'x' * LONG}')", "many words": f"1 IN ({'1,' * LONG}1)"}


@pytest.mark.parametrize("part", LONG_PARTS)
@pytest.mark.parametrize("tail", TAILS)
def test_what_stands_behind_the_part_looked_at_stays_with_its_session(start_proxy, cluster, tail,
                                                                      part):
    text, question, own, others = TAILS[tail]
    cluster.primary.sql("CREATE TABLE IF NOT EXISTS app.tails (a INT)")
    cluster.primary.sql("TRUNCATE app.tails")
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    one = proxy.connect(database="app", client_flag=CLIENT.MULTI_STATEMENTS)
    try:
        with sessions(proxy, 1, database="app") as (two,), one.cursor() as cursor:
            cursor.execute(text.format(long=LONG_PARTS[part]))
            while cursor.nextset():
                pass
            # Either the link is kept from the other one, or nothing of it is seen there.
            try:
                answer = value(two, question)
            except Exception as problem:  # noqa: BLE001: compared
                answer = problem.args[0]
            if question != "SELECT IS_USED_LOCK('long') IS NOT NULL":
                assert answer in (1040, others)
            assert value(one, question) == own
            rows(one, "ROLLBACK")
            one.close()
            assert value(two, "SELECT IS_FREE_LOCK('long')") == 1
    finally:
        cluster.primary.sql("DROP TABLE app.tails")
