"""The scripts of `.ci` and the hooks of a commit."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WHY = "\n\nIt was cut off.\n"


def script(name):
    loader = SourceFileLoader(f"ci_{name}", str(ROOT / ".ci" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def checked(tmp_path):
    """Return a function that gives a message to the hook, and its status and lines."""

    def check(message):
        (tmp_path / "message").write_text(message)
        command = [sys.executable, ROOT / ".ci" / "subject", tmp_path / "message"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    return check


@pytest.mark.parametrize(
    "message",
    [
        "Fix clipped legends in panels" + WHY,
        "Speed up imports" + WHY + "# a comment\n",
        f"{'Keep ' + 'x' * 67}{WHY}",
        "Merge branch 'main' into habits\n",
        "Fix it" + WHY + "# ------------------------ >8 ------------------------\n" + "x" * 99,
    ],
)
def test_a_message_with_a_subject_and_a_reason_is_taken(checked, message):
    assert checked(message) == (0, "")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f"{'Keep ' + 'x' * 68}{WHY}", "has 73 characters; at most 72"),
        ("Fix clipped legends\n", "no body"),
        ("Fix clipped legends\n# why it is so\n", "no body"),
        ("Fix clipped legends\nIt was cut off.\n", "second line is not empty"),
        ("Fixed clipped legends" + WHY, "not imperative: 'Fixed'"),
        ("fix clipped legends" + WHY, "small letter"),
        ("Fix clipped legends." + WHY, "full stop"),
        ("\n", "is empty"),
    ],
)
def test_a_message_that_lacks_something_is_refused(checked, message, said):
    status, lines = checked(message)
    assert status == 1
    assert said in lines


def test_only_what_is_brought_along_is_bounded_by_its_pin():
    project = {
        "dependencies": ["aiohttp>=3.14.1", "psycopg[binary]>=3.2"],
        "optional-dependencies": {"test": ["pytest_asyncio>=0.25"]},
    }
    pins = "# a comment\naiohttp==3.14.5\nattrs==26.1.0\npsycopg==3.3\npytest-asyncio==1.5\n"
    assert script("lowest").brought_along(pins, project) == ["attrs<=26.1.0"]


def test_continuous_integration_is_a_shell_script_without_faults():
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
