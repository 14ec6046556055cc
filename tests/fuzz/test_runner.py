from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# A part whose targets take minutes to warm up is tried by `make fuzz` alone.
SLOW = ("widgets",)
PARTS = sorted(path.stem.removeprefix("targets_") for path in HERE.glob("targets_*.py"))
QUICK = [part for part in PARTS if part not in SLOW]


def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HERE / "runner.py"), *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("part", QUICK)
def test_seeds_and_inputs_found_before_are_read_or_refused(part):
    done = fuzz("--replay", part)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)
def test_some_seconds_of_mutated_inputs_find_nothing():
    done = fuzz("--how", "mutation", "--seconds", "10", "--seed", "1", "--no-corpus", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr


def fuzz_of(
    body: str, tmp_path: Path, *words: str, setup: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a copy of the runner on one target, which this test makes."""
    for name in (
        "runner.py",
        "worker.py",
        "instrumented.py",
        "parts.py",
        "slot.py",
        "mutations.py",
    ):
        (tmp_path / name).write_text((HERE / name).read_text())
    (tmp_path / "seeds_own.py").write_text("SEEDS = {'own': [b'seed']}\n")
    (tmp_path / "targets_own.py").write_text(
        "import os, time, warnings\n"
        "from perflab.errors import BadInputError\n"
        f"{setup}\ndef own(data, folder):\n    if data == b'seed':\n        return\n    {body}\n"
        "TARGETS = {'own': own}\n"
    )
    runner = str(tmp_path / "runner.py")
    return subprocess.run(
        [sys.executable, runner, "--how", "mutation", "--seconds", "1", *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('x')", "own | foreign | targets_own.py"),
        ("warnings.warn('x', RuntimeWarning)", "RuntimeWarning: x"),
        ("raise BadInputError('x') from KeyError('hidden')", "KeyError: 'hidden'"),
        ("os.abort()", "own | crash"),
        ("len(b'x' * (3 << 29))", "own | memory"),
    ],
)
def test_each_kind_of_finding_is_found_and_kept(body, said, tmp_path):
    done = fuzz_of(body, tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said.split(" | ")[-1] in done.stdout
    assert list((tmp_path / "corpus" / "own").iterdir())


@pytest.mark.parametrize("body", ["raise BadInputError('x')", "return"])
def test_what_is_read_or_refused_is_no_finding(body, tmp_path):
    done = fuzz_of(body, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "corpus").exists()


ARRAYS = (
    "import atheris, numpy\nARRAY = numpy.zeros(1 << 24, numpy.uint8)\n@atheris.instrument_func"
)


@pytest.mark.parametrize("comparison", ["ARRAY == 1", "1 < ARRAY", "ARRAY != ARRAY"])
def test_atheris_lets_go_of_compared_arrays(comparison, tmp_path):
    pytest.importorskip("atheris")
    # A gigabyte is reached after 64 inputs where their results are kept.
    done = fuzz_of(f"({comparison}).any()", tmp_path, "--how", "coverage", setup=ARRAYS)
    assert done.returncode == 0, done.stdout + done.stderr
    tried = re.search(r"all +([\d,]+)", done.stdout)
    assert tried is not None
    assert int(tried[1].replace(",", "")) > 80


def test_kernels_compile_while_atheris_watches():
    pytest.importorskip("atheris")
    words = ("--how", "coverage", "--seconds", "1", "--no-corpus", "stored", "--only", "recording")
    done = fuzz(*words)
    assert done.returncode == 0, done.stdout + done.stderr
