"""What a function of the user's forks ends with the run; a program that it starts does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from processes import gone, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

PARENT = """
import os, signal, subprocess, sys, time
import perflab
from perflab.bench.registry import load_bench
from perflab.lab.calibration import Calibration
from perflab.lab.live import LiveRun

NOTES = sys.argv[1]
begun = []

def note(pid):
    with open(NOTES + ".part", "w") as file:
        file.write(str(pid))
    os.rename(NOTES + ".part", NOTES)

def backend(key):
    if not begun:
        begun.append(key)
        {start}
    return key

bench = load_bench("cache")
settings, load = bench.read({{"backend": backend, "request_rate": 200}})
shipped = Calibration("cache", "", dict(bench.calibration.shipped_costs), "shipped")
live = LiveRun(
    bench, perflab.Trace.from_keys(range(1000)), settings, load,
    seconds=None, loop=True, calibration=shipped,
)
while not os.path.exists(NOTES):
    time.sleep(0.01)
{end}
print("done", flush=True)
time.sleep(600)
"""
FORK = """
        if (pid := os.fork()) == 0:
            signal.pause()
        note(pid)
"""
DAEMON = """
        if os.fork() == 0:
            os.setsid()
            if (pid := os.fork()) > 0:
                note(pid)
                os._exit(0)
            signal.pause()
        os.wait()
"""
WORKER = """
        import multiprocessing
        worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
        worker.start()
        note(worker.pid)
"""
PROGRAM = """
        note(subprocess.Popen(["sleep", "600"]).pid)
"""
STOPPED = "live.stop()"
CHILD_KILLED = "os.kill(live.pid, signal.SIGKILL)\nwhile live.state != 'failed': time.sleep(0.01)"
BOTH_KILLED = "os.kill(live.pid, signal.SIGKILL); os.kill(os.getpid(), signal.SIGKILL)"
PARENT_KILLED = "os.kill(os.getpid(), signal.SIGKILL)"


def started(tmp_path: Path, start: str, end: str) -> tuple[subprocess.Popen[str], int]:
    notes = tmp_path / "notes"
    code = PARENT.format(start=start.strip(), end=end)
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(notes)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    return parent, int(notes.read_text())


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (FORK, STOPPED),
        (FORK, CHILD_KILLED),
        (FORK, PARENT_KILLED),
        (FORK, BOTH_KILLED),
        (DAEMON, CHILD_KILLED),
        (DAEMON, PARENT_KILLED),
        (WORKER, STOPPED),
        (WORKER, BOTH_KILLED),
    ],
    ids=[
        *(f"fork, {end}" for end in ("stopped", "child killed", "parent killed", "both killed")),
        *(
            "daemon, child killed",
            "daemon, parent killed",
            "worker, stopped",
            "worker, both killed",
        ),
    ],
)
def test_what_a_backend_forks_ends_with_the_run(start, end, tmp_path):
    parent, pid = started(tmp_path, start, end)
    try:
        until(lambda: gone(pid))
    finally:
        parent.kill()
        parent.wait()


@pytest.mark.parametrize("end", [STOPPED, BOTH_KILLED], ids=["stopped", "killed"])
def test_a_program_that_a_backend_starts_is_its_own(end, tmp_path):
    parent, pid = started(tmp_path, PROGRAM, end)
    program = psutil.Process(pid)
    try:
        parent.kill()
        parent.wait()
        until(lambda: not [each for each in tmp_path.iterdir() if each.name != "notes"])
        assert program.status() != psutil.STATUS_ZOMBIE
        assert program.is_running()
    finally:
        program.send_signal(signal.SIGKILL)
