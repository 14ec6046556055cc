"""A short soak of the connection pool; `connection_pool.py` beside it runs for as long as asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("connection_pool.py")
OPERATIONS = int(os.environ.get("PERFLAB_SOAK_OPERATIONS", "40000"))
SEED = int(os.environ.get("PERFLAB_SOAK_SEED", "1"))
PATIENCE = 280 + OPERATIONS / 100


@pytest.mark.timeout(PATIENCE + 20)
def test_no_rule_is_broken_under_random_operations_and_faults():
    # Apart, since it forks with many threads running.
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--operations", str(OPERATIONS), "--seed", str(SEED)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["broken"] == []
    assert done.returncode == 0, done.stderr
    seen = found["counts"]
    assert all(seen.get(f"fault {name}") for name in ("kill", "resize", "fork", "drain"))
    assert all(seen.get(name) for name in ("ask", "insert", "planned", "forgotten", "leave_busy"))
