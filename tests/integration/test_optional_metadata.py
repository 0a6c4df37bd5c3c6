"""Clients may ask for results without column definitions (resultset_metadata = NONE), each for
itself: https://dev.mysql.com/doc/refman/en/c-api-optional-metadata.html"""

import contextlib

import pytest
from pymysql.constants import COMMAND

from flavour import APP
from support import rows

OPTIONAL_RESULTSET_METADATA = 1 << 25
NEITHER = "/* route=primary */ SELECT 1, 'two' FROM app.whoami"


def packets_of(client, sql):
    """The answer to a query as it is on the wire, up to the EOF behind the rows."""
    client._execute_command(COMMAND.COM_QUERY, sql)
    found = []
    while len(found) < 2 or not (found[-1][:1] == b"\xfe" and len(found[-1]) < 9 and
                                 found[-2][:1] == b"\x01"):
        found.append(client._read_packet().get_all_data())
    return found


@pytest.fixture
def connect(cluster, start_proxy):
    proxy = start_proxy(workers=1, pool={"max_links": 1})
    with contextlib.ExitStack() as stack:
        def connect(where, **options):
            user = {"user": APP[0], "password": APP[1]} if where == "directly" else {}
            host = cluster.primary if where == "directly" else proxy
            return stack.enter_context(contextlib.closing(host.connect(**user, **options)))
        yield connect


def asks_for_none(connect, where):
    client = connect(where, client_flag=OPTIONAL_RESULTSET_METADATA)
    client.query("SET resultset_metadata = NONE")
    return client


def test_results_without_definitions_are_those_of_a_server(connect):
    direct = packets_of(asks_for_none(connect, "directly"), NEITHER)
    through = packets_of(asks_for_none(connect, "through"), NEITHER)
    assert direct[0] == b"\x02\x00"  # two columns, no definitions follow
    assert through == direct


def test_who_did_not_ask_gets_definitions_from_the_same_link(connect):
    packets_of(asks_for_none(connect, "through"), NEITHER)
    able = connect("through", client_flag=OPTIONAL_RESULTSET_METADATA)
    assert packets_of(able, NEITHER)[0] == b"\x02\x01"
    assert len(packets_of(able, NEITHER)) == 6  # count, two definitions, EOF, row, EOF
    with connect("through").cursor() as cursor:
        cursor.execute(NEITHER)
        assert cursor.fetchall() == ((1, "two"),)
