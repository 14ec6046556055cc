"""What becomes of a live run's child when its parent goes, and of a run whose start fails."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from processes import gone, until

from perflab.errors import BadInputError
from perflab.lab.orphan import ORPHANED
from perflab.lab.verbs import allow_server, start_live
from perflab.workloads.kinds.trace import Trace

PARENT = """
import os, signal, sys, time
import perflab
from perflab.lab.calibration import Calibration
from perflab.bench.registry import load_bench
from perflab.lab.live import LiveRun

def backend(key):
    {backend}
    return key

bench = load_bench("cache")
settings, load = bench.read({{"backend": backend, "request_rate": 500}})
shipped = Calibration("cache", "", dict(bench.calibration.shipped_costs), "shipped")
trace = perflab.Trace.from_keys(range(1000))
live = LiveRun(bench, trace, settings, load, seconds=None, loop=True, calibration=shipped)
{more}
print(live.pid, flush=True)
time.sleep(600)
"""
STARTED = "while not live.rows: time.sleep(0.01)"
FAILING = """
import multiprocessing, os, signal
from perflab.lab import child
from perflab.lab.orphan import Orphan
from perflab.errors import BadInputError

class Untimely(BadInputError):
    def __str__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        return "is down"

class Child:
    def __init__(self, *rest): pass
    def set_up(self): raise Untimely("is down", "the server")
    def close(self): pass

class Job:
    folder = None

child.Child, child.keep_scratch_folders = Child, lambda covered: None
child.pickle.loads = lambda sent: Job
ours, theirs = multiprocessing.Pipe()
ours.send(None)
orphan = Orphan(theirs.fileno())
orphan.watch()
child.run_job(theirs.fileno(), orphan)
"""
CLI = "from perflab.cli import main; main()"


@pytest.mark.parametrize(
    ("backend", "more"),
    [
        ("pass", ""),
        ("pass", STARTED),
        ("time.sleep(600)", "time.sleep(1)"),
        ("pass", f"{STARTED}\nos.kill(live.pid, signal.SIGSTOP)"),
        # Holds the interpreter's lock, so that no thread of the child can do anything.
        ("__import__('ctypes').PyDLL(None).sleep(600)", "time.sleep(2)"),
        ("pass", f"{STARTED}\nif os.fork() == 0: time.sleep(60); os._exit(0)"),
    ],
    ids=["starting", "running", "waiting", "stopped", "in native code", "forked since"],
)
def test_a_killed_parent_leaves_nothing_of_a_run(tmp_path, backend, more):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(backend=backend, more=more)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert list(tmp_path.iterdir())
        parent.kill()
    until(lambda: gone(child) and not list(tmp_path.iterdir()))


def test_a_killed_child_leaves_no_folder(tmp_path_factory, monkeypatch):
    tmp_path = tmp_path_factory.mktemp("k")  # short enough for the path of a socket
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    live = start_live("redis_cache", "zipf:keys=100,requests=1k", {"request_rate": 50}, None)
    try:
        until(lambda: bool(live.rows))
        assert len(list(tmp_path.iterdir())) == 2
        os.kill(live.pid, signal.SIGKILL)
        until(lambda: live.state == "failed" and not list(tmp_path.iterdir()))
    finally:
        live.close()
        live.close()


def test_a_child_that_is_asked_to_end_ends_in_order(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    live = start_live("cache", Trace.from_keys([1, 2]), {"request_rate": 50}, None, loop=True)
    until(lambda: bool(live.rows))
    os.kill(live.pid, signal.SIGTERM)
    until(lambda: live.state == "failed" and not list(tmp_path.iterdir()))
    assert live.error is not None
    assert "exit status 3" in live.error


def test_a_child_asked_to_end_while_it_fails_prints_no_traceback():
    done = subprocess.run(
        [sys.executable, "-c", FAILING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (ORPHANED, "")


@pytest.mark.parametrize("pattern", ["redis_cache", "connection_pool"])
def test_a_server_that_is_away_is_one_clear_error(pattern, monkeypatch, capfd):
    names = {"redis_cache": "PERFLAB_REDIS_URL", "connection_pool": "PERFLAB_POSTGRES_URL"}
    scheme = "redis" if pattern == "redis_cache" else "postgresql"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv(names[pattern], f"{scheme}://me:hush@127.0.0.1:{port}/0")
    allow_server(pattern)
    for _ in range(3):
        with pytest.raises(BadInputError) as caught:
            start_live(pattern, None, None, 1.0).wait()
        said = str(caught.value)
        assert f"127.0.0.1:{port}/0: cannot be" in said
        assert f"start it, or correct {names[pattern]}" in said
        assert "could not be removed" not in said
    assert capfd.readouterr().err == ""


def test_a_workload_without_room_is_one_clear_error_and_leaves_nothing(tmp_path):
    resource = pytest.importorskip("resource")
    code = (
        "import resource, perflab\n"
        "trace = perflab.Trace.from_keys(range(100_000))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try:\n"
        "    perflab.start('cache', trace, {}, 1)\n"
        "except perflab.BadInputError as error:\n"
        "    print(error)\n"
    )
    assert resource
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "set TMPDIR" in done.stdout, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_failure_while_setting_up_is_told_without_a_traceback(capfd):
    for _ in range(5):
        with pytest.raises(BadInputError, match="cannot be imported"):
            start_live("cache", Trace.from_keys(range(9)), {"backend": "nowhere_at_all:load"})
    assert "Traceback" not in capfd.readouterr().err


def test_a_folder_for_temporary_files_that_is_not_there_is_one_clear_error(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(BadInputError, match="set TMPDIR"):
        start_live("cache", Trace.from_keys([1, 2]), {}, 1)


def test_two_runs_at_once_do_not_notice_each_other():
    trace = Trace.from_keys([1, 2, 3])
    first = start_live("cache", trace, {"request_rate": 200}, None, loop=True)
    second = start_live("cache", trace, {"request_rate": 200}, None, loop=True)
    try:
        until(lambda: bool(first.rows and second.rows))
        first.close()
        seen = len(second.rows)
        until(lambda: len(second.rows) > seen + 2)
        assert second.stop().ended == "stopped"
    finally:
        first.close()
        second.close()


def test_a_run_that_a_thread_has_started_outlives_the_thread():
    runs = []
    starter = threading.Thread(
        target=lambda: runs.append(
            start_live("cache", Trace.from_keys([1, 2]), {"request_rate": 50}, None, loop=True)
        )
    )
    starter.start()
    starter.join(60)
    (live,) = runs
    try:
        until(lambda: len(live.rows) > 3)
        assert live.stop().ended == "stopped"
    finally:
        live.close()


def test_a_forked_process_leaves_the_run_to_its_parent():
    live = start_live("cache", Trace.from_keys([1, 2]), {"request_rate": 50}, None, loop=True)
    try:
        until(lambda: bool(live.rows))
        if (forked := os.fork()) == 0:
            code = 1
            try:
                live.close()
                live.close()
                code = 0 if live.state == "failed" else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
        seen = len(live.rows)
        until(lambda: len(live.rows) > seen + 2)
        assert live.stop().ended == "stopped"
    finally:
        live.close()


def test_a_storm_of_interrupts_leaves_nothing(tmp_path):
    words = ("run", "cache", "-w", "zipf:keys=10,requests=1k", "--seconds", "60")
    with subprocess.Popen(
        [sys.executable, "-c", CLI, *words, "--set", "request_rate=5", "--set", "loop=on"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as parent:
        until(lambda: bool(list(tmp_path.glob("perflab-run-*"))), 60)
        while parent.poll() is None:
            os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: the child too
            time.sleep(0.05)
        assert parent.stderr is not None
        said = parent.stderr.read()
    assert parent.returncode in (130, -signal.SIGINT), said
    assert said.count("Traceback") == 0, said
    until(lambda: not list(tmp_path.iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left in /proc")
def test_kills_at_random_moments_leave_nothing():
    script = Path(__file__).parents[1] / "benchmarks" / "kills.py"
    # More time than the five seconds of the full measurement: the machine may be busy.
    words = ["--moments", "1", "--within", "5", "--seconds", "10", "--at-once", "4"]
    patterns = ("redis_cache", "connection_pool", "streaming", "async_io")
    done = subprocess.run(
        [sys.executable, script, *words, *patterns], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "4 kills of 4 patterns; something left after 0" in done.stdout
