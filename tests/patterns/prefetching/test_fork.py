"""A prefetcher in a forked child, where the threads that fetch are not."""

from __future__ import annotations

import threading

import pytest
from forked import exit_status
from processes import until

from perflab.patterns.prefetching import Prefetcher
from perflab.patterns.prefetching.settings import PrefetchingSettings

ITEMS = 1000
SETTINGS = PrefetchingSettings(batch_size=100, buffer_size=200)


def fetch(start, stop):
    return list(range(start, min(stop, ITEMS)))


def raises_at_once(ahead):
    """Return whether going on in a child ends with an error, and stopping still works."""
    with pytest.raises(RuntimeError, match="before the process was forked"):
        list(ahead)
    return ahead.stop()


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("taken", [0, 1, 150])
def test_a_started_prefetcher_raises_in_a_child_and_goes_on_in_the_parent(workers, taken):
    with Prefetcher(fetch, SETTINGS.change(workers=workers)) as ahead:
        first = [next(ahead) for _ in range(taken)]
        assert exit_status(lambda: raises_at_once(ahead)) == 0
        assert first + list(ahead) == list(range(ITEMS))


def test_a_prefetcher_that_was_not_started_serves_parent_and_child():
    ahead = Prefetcher(fetch, SETTINGS)
    assert exit_status(lambda: list(ahead) == list(range(ITEMS))) == 0
    assert list(ahead) == list(range(ITEMS))


def test_what_is_fetched_whole_is_there_in_a_child_too():
    ahead = Prefetcher(fetch, SETTINGS.change(buffer_size=2 * ITEMS)).start()
    until(lambda: ahead.stats()["workers"] == 0)
    until(lambda: all(one.name != "prefetch" for one in threading.enumerate()))
    assert exit_status(lambda: list(ahead) == list(range(ITEMS))) == 0
    assert list(ahead) == list(range(ITEMS))


def test_a_fork_while_a_fetch_hangs_leaves_the_child_free():
    begun, go_on = threading.Event(), threading.Event()

    def hang(start, stop):
        begun.set()
        assert go_on.wait(60)
        return fetch(start, stop)

    with Prefetcher(hang, SETTINGS) as ahead:
        assert begun.wait(30)
        assert exit_status(lambda: raises_at_once(ahead)) == 0
        go_on.set()
        assert list(ahead) == list(range(ITEMS))
