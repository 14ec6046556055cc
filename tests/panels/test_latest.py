from __future__ import annotations

import threading

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
