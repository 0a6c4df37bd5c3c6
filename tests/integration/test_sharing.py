"""Many sessions share few links to the servers, and none ever sees another one's state."""

import contextlib
import random
import struct
import threading

import pymysql
import pytest
from pymysql.constants import CLIENT

from flavour import MONITOR
from process import wait_until
from support import error, rows, sessions, value

LINKS = 4  # to each server; two workers have two each


@pytest.fixture
def few_links(start_proxy):
    return start_proxy(pool={"max_links": LINKS, "link_wait_timeout": "3s"})


def links_open(proxy, server="db1"):
    return proxy.metrics().total("pointsman_links_open", server=server)


def test_many_sessions_use_few_links(few_links, cluster):
    with sessions(few_links, 40) as clients:
        for client in clients:
            assert value(client, "SELECT COUNT(*) FROM app.whoami FOR UPDATE") == 1
        # A login may open one beyond the limit, for as long as it takes.
        wait_until(lambda: links_open(few_links) <= LINKS, 5, "links beyond the limit to close")
        assert few_links.metrics().total("pointsman_links_moved_total", server="db1") > 0


def test_idle_links_are_kept_down_to_the_least_number(start_proxy, account):
    proxy = start_proxy(workers=1, pool={"min_idle": 2, "idle_timeout": "1s"})

    def use_six_links(**login):
        with sessions(proxy, 6, **login) as clients:
            for statement in ("BEGIN", "COMMIT"):
                for client in clients:
                    rows(client, statement)
    use_six_links()
    wait_until(lambda: links_open(proxy) <= 2, 20, "links to be closed that were idle for long")
    use_six_links(user=account("pw"), password="pw")
    # By now those of the first account are idle for much longer.
    wait_until(lambda: links_open(proxy) <= 4, 20, "the other account's to be closed as well")
    assert links_open(proxy) == 4


@pytest.mark.parametrize("asked", ["FOUND_ROWS()", "ROW_COUNT()"])
def test_a_sessions_first_question_is_not_about_anothers_rows(start_proxy, cluster, table, asked):
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    nothing_first = {"autocommit": None}  # else the client itself sends a SET
    with contextlib.closing(cluster.primary.connect(**nothing_first)) as direct, \
            contextlib.closing(proxy.connect(**nothing_first)) as asking, \
            contextlib.closing(proxy.connect()) as other:
        rows(other, f"INSERT INTO {table} (v) VALUES ('a'), ('b')")
        rows(other, f"SELECT id FROM {table} FOR UPDATE")
        rows(other, f"UPDATE {table} SET v = 'c'")
        question = f"/* route=primary */ SELECT {asked}"
        assert value(asking, question) == value(direct, question)


def test_each_session_keeps_its_own_state(few_links):
    """Settings, user variables, schemas and statements under the same names, in random order."""
    chance = random.Random(1)
    with sessions(few_links, 24) as clients:
        expected = []
        for number, client in enumerate(clients):
            mode = chance.choice(["ANSI_QUOTES", "PIPES_AS_CONCAT", ""])
            schema = chance.choice(["app", "sbtest"])
            text = f"it's {number} ü"
            rows(client, f"USE {schema}")
            rows(client, f"SET sql_mode='{mode}', @number={number}, @text=%s, @half={number}.5",
                 text)
            rows(client, f"SET @own{number % 3}=@number*2")
            expected.append((mode, schema, number, text, f"{number}.5"))
        for _ in range(3):
            for number in chance.sample(range(len(clients)), len(clients)):
                client = clients[number]
                row = rows(client, "SELECT @@sql_mode, DATABASE(), @number, @text, @half,"
                                   " @own0, @own1, @own2")[0]
                assert row[:4] == expected[number][:4]
                assert str(row[4]) == expected[number][4]
                own = [None, None, None]
                own[number % 3] = 2 * number
                assert list(row[5:]) == own
                rows(client, "SET @half=@half")


def test_last_insert_id_is_the_sessions_own(few_links, table):
    with sessions(few_links, 12) as clients:
        ids = []
        for client in clients:
            rows(client, f"INSERT INTO {table} (v) VALUES ('x')")
            ids.append(client.insert_id())
            rows(client, "DO 0")  # the link is free from here on
        assert len(set(ids)) == len(clients)
        assert [value(client, "SELECT LAST_INSERT_ID()") for client in clients] == ids
        # An explicit value stands in the OK, but is no LAST_INSERT_ID().
        rows(clients[0], f"INSERT INTO {table} (id, v) VALUES (1000000, 'y')")
        rows(clients[0], "DO 0")
        for client in clients[1:]:
            rows(client, "DO 1")
        assert value(clients[0], "SELECT LAST_INSERT_ID()") == ids[0]


@pytest.mark.parametrize("pin, unpin", [
    ("START TRANSACTION", "ROLLBACK"),
    ("CREATE TEMPORARY TABLE app.own (a INT)", "DROP TEMPORARY TABLE app.own"),
    ("LOCK TABLES app.whoami READ", "UNLOCK TABLES"),
    ("SELECT GET_LOCK(CONCAT('lock', CONNECTION_ID()), 0)", "SELECT RELEASE_ALL_LOCKS()"),
    ("SELECT GET_LOCK('lock', 0)", "DO RELEASE_LOCK('lock')"),
    ("HANDLER app.whoami OPEN AS h", "HANDLER h CLOSE"),
    ("PREPARE p FROM 'SELECT @a:=2'", "DEALLOCATE PREPARE p"),
    ("XA START 'a'; XA END 'a'", "XA ROLLBACK 'a'"),
])
def test_what_cannot_move_keeps_its_link(start_proxy, pin, unpin):
    proxy = start_proxy(workers=1, pool={"max_links": 2, "link_wait_timeout": "200ms"})
    one = proxy.connect()
    with sessions(proxy, 2) as (two, three):
        rows(one, pin.split(";")[0].replace("'a'", "'b'"))
        rows(two, pin.split(";")[0])
        for statement in pin.split(";")[1:]:
            rows(two, statement)
        with error(1040, r"none to server db1 became free in time \(pool.max_links is 2\)"):
            rows(three, "DO 1")
        rows(two, "DO 2")  # a session that holds a link does not wait
        one.close()        # what it held ends with it
        assert rows(three, "DO 3") == []
    with sessions(proxy, 3) as (one, two, three):
        for client in (one, two):
            # The server may still be ending the 'a' of a session that is gone.
            for statement in pin.replace("'a'", "'c'").split(";"):
                rows(client, statement)
            if pin.startswith("PREPARE"):
                rows(client, "EXECUTE p")
            rows(client, unpin.replace("'a'", "'c'"))
        assert rows(three, "DO 4") == []  # nothing keeps a link any more
        if pin.startswith("PREPARE"):
            assert value(one, "SELECT @a") == value(two, "SELECT @a") == 2
            assert value(three, "SELECT @a") is None


def test_a_routine_that_fails_leaves_nothing_to_others(start_proxy, cluster):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    cluster.primary.sql("DROP PROCEDURE IF EXISTS app.half")
    cluster.primary.sql("CREATE PROCEDURE app.half() BEGIN SET @half=1;"
                        " CREATE TEMPORARY TABLE app.half_done (a INT);"
                        " SIGNAL SQLSTATE '45000'; END")
    try:
        one = proxy.connect()
        with error(1644):
            rows(one, "CALL app.half()")
        assert rows(one, "SELECT COUNT(*), @half FROM app.half_done") == [(0, 1)]
        one.close()
        with sessions(proxy, 1) as (two,):
            assert value(two, "SELECT @half") is None
            with error(1146):
                rows(two, "SELECT * FROM app.half_done")
    finally:
        cluster.primary.sql("DROP PROCEDURE app.half")


@pytest.fixture
def routines(cluster):
    """app.lock_it() and app.locked() take a user lock, app.let_go() releases it, app.plain() and
    app.one() do nothing of the kind. A server tells of routines in other schemas than the
    session's that some state changed; of these it tells nothing."""
    programs = {"PROCEDURE app.lock_it": "() DO GET_LOCK('in a routine', 0)",
                "PROCEDURE app.let_go": "() DO RELEASE_LOCK('in a routine')",
                "PROCEDURE app.plain": "() SELECT 1",
                "FUNCTION app.locked": "() RETURNS INT NO SQL RETURN GET_LOCK('in a routine', 0)",
                "FUNCTION app.one": "() RETURNS INT NO SQL RETURN 1"}
    for name, body in programs.items():
        cluster.primary.sql(f"DROP {name.split()[0]} IF EXISTS {name.split()[1]}")
        cluster.primary.sql(f"CREATE {name}{body}")
    cluster.wait_replicated()
    yield
    for name in programs:
        cluster.primary.sql(f"DROP {name}")


@pytest.mark.parametrize("take", [
    "CALL app.lock_it()", "SELECT app.locked()", "DO app.locked()", "SET @got = app.locked()",
    "INSERT INTO {table} (id, v) VALUES (1, app.locked())", "UPDATE {table} SET v = app.locked()",
    "SELECT 1; CALL app.lock_it()"])
def test_a_lock_that_a_routine_takes_stays_with_its_session(start_proxy, routines, table, take):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    several = proxy.connect(database="app", client_flag=CLIENT.MULTI_STATEMENTS)
    with contextlib.closing(several) as one, \
            sessions(proxy, 1, database="app") as (two,):
        rows(one, f"INSERT INTO {table} (id, v) VALUES (2, 'x')")
        with one.cursor() as cursor:
            cursor.execute(take.format(table=table))
            while cursor.nextset():
                pass
        rows(one, "DO 0")  # what the statement left itself keeps the link no longer
        with error(1040):
            rows(two, "DO 1")
        assert value(one, "SELECT IS_USED_LOCK('in a routine') IS NOT NULL") == 1
        rows(one, "DO RELEASE_ALL_LOCKS()")
        assert value(two, "SELECT IS_FREE_LOCK('in a routine')") == 1


def test_routines_that_take_no_lock_keep_no_link(start_proxy, routines, table):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    with sessions(proxy, 2, database="app") as clients:
        for client in clients * 2:
            rows(client, "CALL app.plain()")
            assert value(client, "SELECT app.one()") == 1
            rows(client, f"INSERT INTO {table} (v) VALUES (app.one())")
            rows(client, "CALL app.lock_it()")
            rows(client, "DO RELEASE_ALL_LOCKS()")


@pytest.fixture
def variable_setters(cluster):
    """app.remember(x) sets @remembered and div_precision_increment; so does a trigger of app.marked,
    whose INSERT then fails."""
    primary = cluster.primary
    primary.sql("DROP FUNCTION IF EXISTS app.remember")
    primary.sql("CREATE FUNCTION app.remember(x INT) RETURNS INT NO SQL BEGIN SET @remembered = x;"
                " SET SESSION div_precision_increment = x; RETURN x; END")
    primary.sql("DROP TABLE IF EXISTS app.marked")
    primary.sql("CREATE TABLE app.marked (id INT PRIMARY KEY)")
    primary.sql("INSERT INTO app.marked VALUES (7)")
    primary.sql("CREATE TRIGGER app.marking BEFORE INSERT ON app.marked FOR EACH ROW"
                " SET @remembered = NEW.id")
    yield
    primary.sql("DROP TABLE app.marked")
    primary.sql("DROP FUNCTION app.remember")


@pytest.mark.parametrize("text", [
    "SELECT app.remember(7)", "SELECT app.remember(7), @a", "DO app.remember(7)",
    "SELECT app.remember(7), app.remember(NULL) UNION SELECT app.nosuch()",
    "INSERT INTO app.marked VALUES (7)"])
def test_what_a_routine_sets_unseen_is_its_sessions_own(start_proxy, variable_setters, text):
    """Neither errors nor the end of rows, as these clients know it, have room for what changed."""
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    with sessions(proxy, 2) as (one, two):
        with contextlib.suppress(pymysql.Error):
            rows(one, text)
        rows(one, "DO 0")  # what the statement left itself keeps the link no longer
        try:
            assert value(two, "SELECT CONCAT(IFNULL(@remembered, ''), @@div_precision_increment)") == "4"
        except pymysql.err.OperationalError as refused:
            assert refused.args[0] == 1040
        mine = value(one, "SELECT @remembered")
        assert mine == (None if "nosuch" in text else 7)


def test_nobody_is_asked_about_locks_for_ever(start_proxy, cluster, routines):
    """Who asks has a connection of its own, which goes like an idle link."""
    proxy = start_proxy(workers=1, pool={"idle_timeout": "1s"})

    def watching():
        return cluster.primary.sql("SELECT COUNT(*) FROM performance_schema.threads WHERE"
                                  f" processlist_user='{MONITOR[0]}'")[0][0]
    with sessions(proxy, 1, database="app") as (client,):
        before = watching()
        rows(client, "CALL app.plain()")
        wait_until(lambda: watching() == before + 1, 5, "the question to be asked")
        wait_until(lambda: watching() == before, 10, "the connection to be closed")


def test_who_knows_the_routines_may_switch_the_question_off(start_proxy, routines):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms",
                                         "check_routine_locks": False})
    with sessions(proxy, 2, database="app") as (one, two):
        rows(one, "CALL app.lock_it()")
        assert value(two, "SELECT RELEASE_ALL_LOCKS()") == 1


def test_nothing_is_left_for_the_next_session(start_proxy, table):
    """Sessions that end in the middle of everything, on one link."""
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    dirt = ["SET @left=1", "SET sql_mode='ANSI'", "SET NAMES latin1", "SET autocommit=0",
            "CREATE TEMPORARY TABLE app.left_behind (a INT)", "PREPARE left_behind FROM 'SELECT 1'",
            f"INSERT INTO {table} (v) VALUES ('uncommitted')", "LOCK TABLES app.whoami WRITE",
            "SELECT GET_LOCK('left', 0)", "USE sbtest", "SET SESSION TRANSACTION READ ONLY"]
    for sql in dirt:
        with contextlib.closing(proxy.connect(autocommit=None)) as client:
            if sql.startswith("INSERT"):
                rows(client, "BEGIN")
            rows(client, sql)
        with contextlib.closing(proxy.connect()) as client:
            found = rows(client, "SELECT @left, @@sql_mode LIKE '%ANSI%', @@autocommit, DATABASE(),"
                                 " @@character_set_client, IS_FREE_LOCK('left'),"
                                 " @@transaction_read_only")[0]
            assert found == (None, 0, 1, None, "utf8mb4", 1, 0), sql
            with pytest.raises(pymysql.err.MySQLError):
                rows(client, "SELECT * FROM app.left_behind")
            with error(1243, "left_behind"):
                rows(client, "EXECUTE left_behind")
            assert value(client, f"SELECT COUNT(*) FROM {table}") == 0
            rows(client, "UPDATE app.whoami SET name=name WHERE id=0")


def test_waiting_sessions_are_served_in_turn(start_proxy):
    proxy = start_proxy(workers=1, pool={"max_links": 2, "link_wait_timeout": "20s"})
    done = []

    def work(number):
        with contextlib.closing(proxy.connect()) as client:
            for _ in range(20):
                rows(client, "BEGIN")
                rows(client, "SELECT name FROM app.whoami FOR SHARE")
                rows(client, "COMMIT")
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == list(range(12))
    assert proxy.metrics().total("pointsman_link_waits_total") > 0
    assert proxy.metrics().total("pointsman_link_wait_timeouts_total") == 0


def test_a_row_count_is_told_without_its_link(start_proxy, table):
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    with sessions(proxy, 2) as (one, two):
        rows(one, f"INSERT INTO {table} (id, v) SELECT 1, 'a' UNION SELECT 2, 'b'")
        rows(one, f"UPDATE {table} SET v='c'")
        assert value(one, "SELECT ROW_COUNT()") == 2  # nobody else had the link
        rows(one, "DO 0")
    with sessions(proxy, 2) as (one, two):
        rows(one, f"UPDATE {table} SET v='d'")
        for new in ("e", "f"):
            rows(two, "DO 1")  # one keeps nothing
            assert value(one, "SELECT ROW_COUNT()") == 2
            rows(one, f"UPDATE {table} SET v='{new}'")


def test_what_an_insert_left_can_be_asked_for_in_turn(start_proxy, cluster):
    proxy = start_proxy(workers=1)
    cluster.primary.sql("CREATE TABLE app.numbered (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    try:
        with sessions(proxy, 1) as (one,):
            rows(one, "INSERT INTO app.numbered (v) VALUES (1), (2)")
            assert value(one, "SELECT LAST_INSERT_ID()") == 1
            assert value(one, "SELECT ROW_COUNT()") == -1  # of the SELECT before
    finally:
        cluster.primary.sql("DROP TABLE app.numbered")


def test_warnings_of_a_read_outlive_what_others_did_on_its_link(start_proxy, table):
    """A link to a replica that carries another session's leftovers which plain reads do not need
    gone: nothing may be set between a read and the question for its warnings."""
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    for _ in range(3):
        with sessions(proxy, 1) as (one,):
            rows(one, "SET @left='over'")
            rows(one, "/* route=replica */ SELECT CAST('12abc' AS SIGNED) FROM app.whoami")
            assert [row[1] for row in rows(one, "SHOW WARNINGS")] == [1292]
            rows(one, "/* route=replica */ SELECT name FROM app.whoami")
            assert value(one, "SELECT FOUND_ROWS()") == 1
            rows(one, "/* route=replica */ SELECT CAST('12abc' AS SIGNED) FROM app.whoami")


def test_what_keeps_a_link_is_counted_by_reason(start_proxy):
    proxy = start_proxy(workers=1, log={"level": "debug"})

    def pinned(reason):
        return proxy.metrics().total("pointsman_sessions_pinned", reason=reason)
    with sessions(proxy, 2) as (one, two):
        for client in (one, two):
            rows(client, "SELECT GET_LOCK(CONCAT('counted', RAND()), 0)")
        rows(one, "BEGIN")
        assert (pinned("user_lock"), pinned("transaction")) == (2, 1)
        rows(one, "COMMIT")
        rows(one, "DO RELEASE_ALL_LOCKS()")
        assert (pinned("user_lock"), pinned("transaction")) == (1, 0)
    wait_until(lambda: pinned("user_lock") == 0, 5, "the session to end")
    assert proxy.metrics().total("pointsman_pins_total", reason="user_lock") == 2
    assert "session keeps its link" in proxy.log() and "reason=user_lock" in proxy.log()


@pytest.mark.parametrize("flag, name, in_login", [
    (CLIENT.IGNORE_SPACE, "sql_mode", "IGNORE_SPACE"), (CLIENT.INTERACTIVE, "wait_timeout", "4321")])
def test_what_a_login_chose_by_a_flag_outlives_other_sessions_settings(cluster, start_proxy, flag,
                                                                     name, in_login):
    for server in cluster.servers:
        server.sql("SET GLOBAL interactive_timeout = 4321")
    try:
        proxy = start_proxy(workers=1, pool={"max_links": 1})
        for setting in ("DEFAULT", "''" if name == "sql_mode" else "77"):
            with contextlib.closing(proxy.connect(client_flag=flag)) as connection:
                assert in_login in str(value(connection, f"SELECT @@{name}"))
                rows(connection, f"SET SESSION {name} = {setting}")
                assert in_login not in str(value(connection, f"SELECT @@{name}"))
    finally:
        for server in cluster.servers:
            server.sql("SET GLOBAL interactive_timeout = DEFAULT")


def test_several_statements_allowed_by_one_session_are_not_by_others(start_proxy):
    proxy = start_proxy(workers=1, pool={"max_links": 1})

    def allow(client, allowed):
        client._execute_command(0x1b, struct.pack("<H", 0 if allowed else 1))
        client._read_packet()

    def allows_several(client):
        try:
            with contextlib.closing(client.cursor()) as cursor:
                cursor.execute("DO 1; DO 2")
                cursor.nextset()
            return True
        except pymysql.err.ProgrammingError:
            rows(client, "DO 0")  # the link was kept for the error
            return False

    with sessions(proxy, 2) as (one, two):
        allow(one, False)
        rows(two, "DO 0")
        allow(two, True)
        for _ in range(2):
            assert not allows_several(one)
            assert allows_several(two)
        two._execute_command(0x1f, b"")  # COM_RESET_CONNECTION
        two._read_packet()
        assert not allows_several(one)
        assert allows_several(two)
    with sessions(proxy, 1) as (three,):
        assert not allows_several(three)


def run_all(client, text):
    """Several statements, none of which gives rows."""
    with client.cursor() as cursor:
        cursor.execute(text)
        while cursor.nextset():
            pass


@pytest.mark.parametrize("take", ["SET ROLE ALL", "SET time_zone = '+01:00'; SET ROLE ALL",
                                  "SET ROLE ALL; SET nosuch = 1"])
def test_a_role_is_the_sessions_own_even_after_a_reset(start_proxy, cluster, account, take):
    proxy = start_proxy(workers=1, pool={"max_links": 2, "link_wait_timeout": "200ms"})
    user = account("pw")
    cluster.primary.sql(f"CREATE ROLE IF NOT EXISTS borrowed; GRANT borrowed TO {user}")
    cluster.wait_replicated()
    with sessions(proxy, 2, user=user, password="pw",
                  client_flag=CLIENT.MULTI_STATEMENTS) as (one, two):
        with contextlib.suppress(pymysql.Error):
            run_all(one, take)
        one._execute_command(0x1f, b"")  # COM_RESET_CONNECTION
        one._read_packet()
        for _ in range(2):
            assert value(two, "SELECT CURRENT_ROLE()") == "NONE"
            assert "borrowed" in value(one, "SELECT CURRENT_ROLE()")


def test_the_number_of_found_rows_is_the_sessions_own(start_proxy, table):
    """It speaks of the last SELECT, which is not always the statement before."""
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    with sessions(proxy, 2) as (one, two):
        rows(two, "SELECT 1 UNION SELECT 2 UNION SELECT 3 FOR UPDATE")
        assert value(one, "SELECT FOUND_ROWS()") == 0  # its first statement
        rows(one, "COMMIT")
    with sessions(proxy, 2) as (one, two):
        rows(two, "SELECT 1 UNION SELECT 2 UNION SELECT 3 FOR UPDATE")
        assert value(one, "SELECT ROW_COUNT()") == 0
    with sessions(proxy, 2) as (one, two):
        rows(one, "SELECT id FROM app.whoami FOR UPDATE")
        rows(two, "SELECT 1 UNION SELECT 2 UNION SELECT 3 FOR UPDATE")
        rows(one, "SET time_zone='+01:00'")
        assert value(one, "SELECT FOUND_ROWS()") == 1
        rows(one, "SET time_zone='+02:00'")
        assert value(one, "SELECT ROW_COUNT()") == 0


def test_a_ping_makes_the_row_count_what_it_makes_it_on_a_server(start_proxy, cluster, table):
    proxy = start_proxy(workers=1)
    counts = []
    for server in (proxy, cluster.primary):
        with contextlib.closing(server.connect()) as client:
            rows(client, f"INSERT INTO {table} (id, v) SELECT 101, 'a' UNION SELECT 102, 'b'")
            client.ping(reconnect=False)
            counts.append(value(client, "SELECT ROW_COUNT()"))
            rows(client, f"DELETE FROM {table}")
    assert counts[0] == counts[1]
