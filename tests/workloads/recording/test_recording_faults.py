"""A recording whose folder vanishes or whose disk is full leaves the service alone, to the end."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

SERVICE = """
import os, resource, shutil, signal, sys, threading, time
import perflab

folder, fault, when = sys.argv[1:]
asked = []

def ask(number):
    asked.append(number)
    return 2 * number

recorded = perflab.record(ask, folder)
cache = perflab.record({}, recorded.recording)
assert recorded(1) == 2

def break_it():
    recorded.recording.flush()
    if fault == "gone":
        shutil.rmtree(folder)
    elif fault == "file":
        shutil.rmtree(folder)
        open(folder, "w").close()
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

def serve():
    for number in range(300):
        assert recorded(number) == 2 * number
        cache[number] = number
        assert cache.get(number) == number
    if when == "noticed":
        recorded.recording.flush()
        assert recorded.recording.stats()["failure"]
    assert recorded(5) == 10

if when != "before fork":
    break_it()
if when == "noticed":
    serve()
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        if when == "before fork":
            break_it() if not children else None
        serve()
        sys.exit(0)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
serve()
print(os.path.isdir(folder))
"""


@pytest.mark.parametrize(
    ("fault", "when"),
    [
        ("gone", "before fork"),
        ("gone", "noticed"),
        ("file", "unnoticed"),
        ("full", "unnoticed"),
        ("full", "noticed"),
    ],
)
def test_the_service_and_its_forked_children_end_without_a_traceback(fault, when, tmp_path):
    folder = tmp_path / "r"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SERVICE, str(folder), fault, when],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert all("recording into" in line for line in ended.stderr.splitlines())
    # What somebody removed is not made again, by no child either.
    assert ended.stdout.split() == [str(fault == "full")]
    if fault == "full":
        assert not list(folder.glob("*.tmp"))


LOCKED = """
import os, sys, threading
import perflab

recorded = perflab.record(abs, sys.argv[1])
with recorded.recording._writing:  # as if its thread were writing
    child = os.fork()
    if child == 0:
        recorded(7)
        sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_child_forked_while_a_part_is_written_ends(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", LOCKED, str(tmp_path / "r")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(list((tmp_path / "r").glob("*.part"))) == 2
