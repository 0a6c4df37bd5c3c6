"""Random sessions through Pointsman and their twins on a server of their own get the same answers,
byte for byte: a small part of tests/twin, always the same."""

import subprocess
import sys
from pathlib import Path

import pytest

TWINS = Path(__file__).resolve().parents[1] / "twin/run.py"


@pytest.mark.parametrize("links, seed, statements", [(4, 5, 2000), (0, 201, 2000)])
def test_no_client_can_tell_that_its_links_are_shared(links, seed, statements):
    """32 sessions; with `links` 0 there are as many as they need. The same options of ./dev twin
    show a difference again."""
    run = subprocess.run(
        [sys.executable, str(TWINS), "--links", str(links), "--seed", str(seed),
         "--statements", str(statements)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{statements} statements in 32 sessions, seed {seed}: 0 differences" in run.stdout
