"""A short soak of the cache; `cache.py` beside it runs for as long as asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("cache.py")
OPERATIONS = int(os.environ.get("PERFLAB_SOAK_OPERATIONS", "120000"))
SEED = int(os.environ.get("PERFLAB_SOAK_SEED", "1"))
PATIENCE = 280 + OPERATIONS / 500


@pytest.mark.timeout(PATIENCE + 20)
def test_no_law_is_broken_by_random_operations_and_faults():
    # In a process of its own, since it forks with many threads running.
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--operations", str(OPERATIONS), "--seed", str(SEED)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{OPERATIONS:,} operations" in done.stdout
