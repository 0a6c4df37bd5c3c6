"""Rows that foreign keys take along are in the binary log as a server has them there, whichever link
they go through."""

import pytest

from support import rows, sessions

COM_RESET_CONNECTION = 0x1f


@pytest.fixture
def family(cluster):
    """A table and one whose rows go with its rows."""
    cluster.primary.sql(
        "CREATE TABLE app.parent (a INT PRIMARY KEY); INSERT INTO app.parent VALUES (1), (2), (3);"
        "CREATE TABLE app.child (b INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES app.parent (a)"
        " ON DELETE CASCADE); INSERT INTO app.child VALUES (1, 1), (2, 2), (3, 3)")
    cluster.wait_replicated()
    yield
    cluster.primary.sql("DROP TABLE app.child, app.parent")


def logged_rows(primary, act):
    """What act() leaves in the binary log: which kinds of row events, with which flags."""
    log, position = primary.sql("SHOW BINARY LOG STATUS")[0][:2]
    act()
    events = primary.sql(f"SHOW BINLOG EVENTS IN '{log}' FROM {position}")
    return [(kind, text.partition("flags: ")[2])
            for _, _, kind, _, _, text in events if kind.endswith("_rows")]


@pytest.mark.parametrize("leave", ["a variable", "a reset"])
def test_what_goes_with_a_row_is_logged_as_a_server_does(start_proxy, cluster, family, leave):
    """MySQL since 9.6 logs what a foreign key takes along, but not on a connection that was reset."""
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    write = "DELETE FROM app.parent WHERE a = %s"
    direct = logged_rows(cluster.primary, lambda: cluster.primary.sql(write, 1))
    with sessions(proxy, 2) as (first, second):
        rows(first, "INSERT INTO app.parent VALUES (10)")
        if leave == "a variable":
            rows(first, "SET @left = 1")
            rows(first, "INSERT INTO app.parent VALUES (11)")
        else:
            first._execute_command(COM_RESET_CONNECTION, b"")
            first._read_ok_packet()
        assert logged_rows(cluster.primary, lambda: rows(second, write % 2)) == direct
    # Nor is a link of sessions that have ended.
    with sessions(proxy, 1) as (third,):
        assert logged_rows(cluster.primary, lambda: rows(third, write % 3)) == direct
