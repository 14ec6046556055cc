"""A short soak of the cache; `cache.py` beside it runs for as long as asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OPERATIONS = int(os.environ.get("PERFLAB_SOAK_OPERATIONS", "120000"))
SEED = int(os.environ.get("PERFLAB_SOAK_SEED", "1"))
PATIENCE = 280 + OPERATIONS / 500


@pytest.mark.timeout(PATIENCE + 20)
def test_no_law_is_broken_by_random_operations_and_faults():
    assert f"{OPERATIONS:,} operations" in run("cache.py", "--operations", OPERATIONS)


@pytest.mark.timeout(PATIENCE + 20)
def test_a_cache_is_in_order_after_interruptions_at_any_moment():
    assert "all in order" in run("cache_interrupted.py", "--interruptions", 1800)


def run(script, *arguments):
    """Run a script in a process of its own, as it forks or is interrupted; return its output."""
    command = [sys.executable, str(HERE / script), *map(str, arguments), "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
