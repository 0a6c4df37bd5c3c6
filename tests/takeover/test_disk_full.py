"""The disk of the primary's binary log is full: it answers, reads are served, and no commit ends."""

import contextlib
import os
import shutil
import subprocess
import threading
import time

import pymysql
import pytest

from process import wait_until
from test_failover import new_primary
from test_no_failover import rare
from writers import Writers

ROOM = 12  # MiB, for the binary log; its last file and what tests write first take less
ROW = 1_000_000


@pytest.fixture
def small_disk(cluster, tmp_path):
    """The primary's binary log is on a disk of its own, which is small. Yields what makes it larger."""
    primary, disk = cluster.primary, tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}M", "tmpfs", disk],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        primary.sql("FLUSH LOCAL BINARY LOGS")
        cluster.wait_replicated()
        newest = primary.sql("SHOW BINARY LOGS")[-1][0]
        primary.sql(f"PURGE BINARY LOGS TO '{newest}'")
        primary.stop()
        shutil.copy(primary.datadir / newest, disk)
        (disk / "binlog.index").write_text(f"{disk / newest}\n")
        primary.more_settings = f"log_bin={disk / 'binlog'}\n"
        primary.start()
        primary.sql(cluster.flavour.writable)
        cluster._semi_sync_on()
        yield lambda: subprocess.run(["mount", "-o", f"remount,size={20 * ROOM}M", disk], check=True)
    finally:
        cluster.kill()  # the next test gets a fresh start
        primary.more_settings = ""
        subprocess.run(["umount", "-l", disk], check=True)


def fill(server):
    """Returns when no more fits in; what waits then ends when there is room."""
    def write():
        with contextlib.suppress(pymysql.Error), contextlib.closing(server.connect()) as link:
            for _ in range(2 * ROOM):
                link.cursor().execute("INSERT INTO app.fill VALUES (REPEAT('a', %s))", (ROW,))

    server.sql("CREATE TABLE IF NOT EXISTS app.fill (v LONGBLOB)")
    threading.Thread(target=write, daemon=True).start()
    wait_until(lambda: "Disk is full" in server.error_log.read_text(errors="replace"), 30,
               "the disk to be full")


@pytest.mark.parametrize("room_again", [False, pytest.param(True, marks=rare)])
def test_a_primary_with_a_full_disk_is_replaced(cluster, start_proxy, small_disk, room_again):
    cluster.primary.sql("TRUNCATE app.w1")
    proxy = start_proxy(mode="automatic", durability="strict", cooldown="1s")
    old = cluster.primary

    def says(text):
        return text in proxy.log_path.read_text()

    with Writers(proxy) as writers:
        wait_until(lambda: len(writers.moments) > 20, 30, "writes")
        fill(old)
        begun = time.monotonic()
        wait_until(lambda: new_primary(cluster, old), 30, "a new primary")
        wait_until(lambda: any(moment > begun + 2 for moment in writers.moments[-50:]), 30,
                   "writes to go on")
        gap = writers.longest_gap(begun)
        successor = new_primary(cluster, old)
        assert says("The primary's disk is full")
        # Commits that wait for space must not be killed: the server would abort.
        wait_until(lambda: says(f"{old.name} is kept apart: its disk is full"), 15, "the warning")
        assert old.scalar("SELECT 1") == 1
        if room_again:
            small_disk()
            wait_until(lambda: says(f"what=\"{old.name} is read-only"), 90, "it to be fenced")
            assert old.scalar("SELECT @@super_read_only") == 1
            wait_until(lambda: says(f"{old.name} is kept apart: it has transactions that"), 15,
                       "what ended there to be found")
    writers.check(successor)
    print(f"longest gap between writes with a full disk: {gap * 1000:.0f} ms")
