"""The metrics are what Prometheus takes, and say what happened. No secret is in them or the log."""

import contextlib
import re

import pytest

from process import wait_until
from support import WHO, error, rows, value

EXPECTED = [
    "pointsman_build_info", "pointsman_sessions_open", "pointsman_sessions_opened_total",
    "pointsman_sessions_closed_total", "pointsman_logins_total", "pointsman_errors_total",
    "pointsman_statements_total", "pointsman_statement_duration_seconds",
    "pointsman_server_errors_total", "pointsman_server_sent_bytes_total",
    "pointsman_server_received_bytes_total", "pointsman_client_received_bytes_total",
    "pointsman_client_sent_bytes_total", "pointsman_links_open", "pointsman_links_busy",
    "pointsman_probes_total", "pointsman_probe_duration_seconds", "pointsman_server_role",
    "pointsman_server_health", "pointsman_server_lag_seconds", "pointsman_server_takes_reads",
    "pointsman_topology_epoch", "pointsman_writes_state", "pointsman_protocol_errors_total",
    "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
]


@pytest.fixture
def metrics(proxy, table):
    """A scrape after a bit of everything."""
    with contextlib.closing(proxy.connect()) as connection:
        rows(connection, WHO)
        rows(connection, f"INSERT INTO {table} (v) VALUES ('x')")
        with error(1146):
            rows(connection, "SELECT * FROM app.no_such_table")
    with error(1045):
        proxy.connect("app", "wrong-secret")
    return proxy.metrics()


def test_the_promised_metrics_are_there(metrics):
    assert [name for name in EXPECTED if not metrics.has(name)] == []


def test_names_types_and_units_are_as_prometheus_wants_them(metrics):
    for name, _ in metrics.samples:
        family = metrics.family_of(name)
        assert metrics.help.get(family), f"{family} has no help text"
        kind = metrics.types[family]
        assert (kind == "counter") == family.endswith("_total"), f"{family} is a {kind}"
        assert not re.search(r"_(ms|millis\w*|microseconds|kb|mb|percent)(_|$)", family), family


def test_histograms_are_whole(metrics):
    for (name, labels), count in metrics.samples.items():
        family = metrics.family_of(name)
        if metrics.types[family] != "histogram" or name != family + "_count":
            continue
        buckets = sorted((float(dict(found)["le"].replace("Inf", "inf")), sample)
                         for (bucket, found), sample in metrics.samples.items()
                         if bucket == family + "_bucket" and labels < found)
        assert buckets[-1] == (float("inf"), count)
        assert [sample for _, sample in buckets] == sorted(sample for _, sample in buckets)


def test_counters_count_what_was_done(proxy, metrics, table, cluster):
    with contextlib.closing(proxy.connect()) as connection:
        for _ in range(7):
            rows(connection, f"/* route=server:db2 */ {WHO}")
        for _ in range(3):
            rows(connection, f"INSERT INTO {table} (v) VALUES ('x')")
        now = proxy.metrics()

        def grown(name, **labels):
            return now.total(name, **labels) - metrics.total(name, **labels)

        assert grown("pointsman_statements_total", server="db2", kind="read") == 7
        assert grown("pointsman_statements_total", server="db1", kind="write") == 3
        assert grown("pointsman_statement_duration_seconds_count", server="db2",
                     access="read") >= 7
        assert grown("pointsman_sessions_opened_total") == 1
        assert grown("pointsman_logins_total", result="ok") == 1
        wait_until(lambda: proxy.metrics().total("pointsman_sessions_open") == 1, 5,
                   "the sessions of earlier tests to have ended")


def test_errors_are_counted_by_code(metrics):
    assert metrics.total("pointsman_errors_total", code="1045") >= 1
    assert metrics.total("pointsman_server_errors_total", code="1146") >= 1
    assert metrics.total("pointsman_logins_total", result="denied") >= 1


def test_roles_and_health_are_told(metrics, cluster):
    for server in cluster.servers:
        role = "primary" if server is cluster.primary else "replica"
        assert metrics.by_label("pointsman_server_role", "role",
                                server=server.name)[role] == 1
        assert metrics.by_label("pointsman_server_health", "state",
                                server=server.name)["up"] == 1
    for replica in cluster.replicas:
        assert 0 <= metrics.total("pointsman_server_lag_seconds", server=replica.name) < 1


def test_two_scrapes_never_go_backwards(proxy, metrics):
    later = proxy.metrics()
    for (name, labels), sample in metrics.samples.items():
        if metrics.types[metrics.family_of(name)] == "counter":
            assert later.samples[(name, labels)] >= sample, name


def test_no_secret_and_no_statement_is_told(proxy, metrics, account):
    user = account("s3cr3t-p4ss")
    with contextlib.closing(proxy.connect(user, "s3cr3t-p4ss")) as connection:
        assert value(connection, "SELECT 'customer-data'") == "customer-data"
    text = proxy.metrics_text() + proxy.log_path.read_text()
    for secret in ("s3cr3t-p4ss", "app_pw", "monitor_pw", "wrong-secret", "customer-data"):
        assert secret not in text


def test_log_lines_are_logfmt(proxy):
    lines = proxy.log_path.read_text().splitlines()
    assert lines
    pair = r'[\w.]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)'
    for line in lines:
        assert re.fullmatch(rf"{pair}(?: {pair})*", line), line
