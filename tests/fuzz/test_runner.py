from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("runner.py")


def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RUNNER), *words], capture_output=True, text=True, check=False
    )


def test_seeds_and_inputs_found_before_are_read_or_refused():
    done = fuzz("--replay")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(240)
def test_half_a_minute_of_mutated_inputs_finds_nothing():
    done = fuzz("--how", "mutation", "--seconds", "30", "--seed", "1", "--no-corpus")
    assert done.returncode == 0, done.stdout + done.stderr
