"""Locks that a statement takes without looking like it: another client must never come to hold them."""

import pytest
from support import error, rows, sessions, value


@pytest.mark.parametrize("take", [
    "CREATE TABLE {table}_new AS SELECT GET_LOCK('hidden', 0) AS a",
    "CREATE TABLE {table}_new (a INT) SELECT app.hidden() AS a",
    "CREATE TEMPORARY TABLE {table}_new AS SELECT GET_LOCK('hidden', 0) AS a",
    "CREATE TEMPORARY TABLE {table}_new AS SELECT app.hidden() AS a",
])
def test_a_lock_taken_while_a_table_is_made_stays_with_its_session(start_proxy, cluster, table, take):
    cluster.primary.sql("DROP FUNCTION IF EXISTS app.hidden")
    cluster.primary.sql("CREATE FUNCTION app.hidden() RETURNS INT NO SQL"
                        " RETURN GET_LOCK('hidden', 0)")
    proxy = start_proxy(workers=1, pool={"max_links": 1, "link_wait_timeout": "200ms"})
    try:
        with sessions(proxy, 2, database="app") as (one, two):
            rows(one, take.format(table=table))
            rows(one, f"DROP TABLE {table}_new")
            rows(one, "DO 0")  # what the statement left itself keeps the link no longer
            with error(1040):
                rows(two, "DO 1")
            assert value(one, "SELECT IS_USED_LOCK('hidden') IS NOT NULL") == 1
            rows(one, "DO RELEASE_ALL_LOCKS()")
            assert value(two, "SELECT IS_FREE_LOCK('hidden')") == 1
    finally:
        cluster.primary.sql("DROP FUNCTION app.hidden")
