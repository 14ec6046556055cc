from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from perflab.panels.latest import Latest


def ignore(error):
    raise AssertionError(error)


def test_only_the_newest_of_the_waiting_is_done():
    done, started, go = [], threading.Event(), threading.Event()

    def work(item, cancelled):
        started.set()
        go.wait(10)
        done.append(item)

    latest = Latest(work, ignore)
    latest.post(1)
    assert started.wait(10)
    for item in (2, 3, 4):
        latest.post(item)
    go.set()
    assert latest.wait(10)
    assert done == [1, 4]
    latest.close()


def test_running_work_sees_that_it_is_no_longer_wanted():
    seen, started = [], threading.Event()

    def work(item, cancelled):
        started.set()
        while item == "old" and not cancelled():
            pass
        seen.append((item, cancelled()))

    latest = Latest(work, ignore)
    latest.post("old")
    assert started.wait(10)
    latest.post("new")
    assert latest.wait(10)
    assert seen == [("old", True), ("new", False)]
    latest.close()


def test_error_of_the_work_is_told_and_the_next_item_is_done():
    errors, done = [], []

    def work(item, cancelled):
        if item == "bad":
            raise ValueError("no")
        done.append(item)

    latest = Latest(work, errors.append)
    latest.post("bad")
    assert latest.wait(10)
    latest.post("good")
    assert latest.wait(10)
    assert [str(error) for error in errors] == ["no"]
    assert done == ["good"]
    latest.close()


def test_error_of_what_was_replaced_meanwhile_is_told_to_nobody():
    errors, done, started, go = [], [], threading.Event(), threading.Event()

    def work(item, cancelled):
        started.set()
        go.wait(10)
        if item == "bad":
            raise ValueError("no")
        done.append(item)

    latest = Latest(work, errors.append)
    latest.post("bad")
    assert started.wait(10)
    latest.post("good")
    go.set()
    assert latest.wait(10)
    assert (errors, done) == ([], ["good"])
    latest.close()


def test_closing_cancels_and_ends_the_thread():
    started, stopped = threading.Event(), threading.Event()

    def work(item, cancelled):
        started.set()
        while not cancelled():
            pass
        stopped.set()

    latest = Latest(work, ignore, name="perflab-test-closing")
    latest.post(1)
    assert started.wait(10)
    latest.close()
    assert stopped.wait(10)
    latest.post(2)
    for thread in threading.enumerate():
        if thread.name == "perflab-test-closing":
            thread.join(10)
            assert not thread.is_alive()


PROGRAM = """
import sys, time
import perflab
panel = perflab.workbench("cache", "zipf:skew=1.0,keys=300k,requests=3M,seed=1")
time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_a_program_that_ends_while_a_panel_computes_ends_well(seconds):
    """Python ends such threads in compiled code, and with them the process, by SIGABRT."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(seconds)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
