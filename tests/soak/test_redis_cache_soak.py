"""The cache in Redis keeps its promises under random operations and faults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("redis_cache.py")


def test_promises_hold_over_forty_thousand_operations_and_faults():
    command = [sys.executable, str(SCRIPT), "--operations", "40000", "--seed", "17"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    said = json.loads(ended.stdout)
    assert said["operations"] == 40_000
    assert sum(said["faults"].values()) > 1
    # Of what is checked there was enough to be checked.
    assert said["checked"]["strict"]["ages"] > 2_000
    assert said["checked"]["strict"]["loads"] > 50
    assert min(said["hits"], said["misses"]) > 2_000
