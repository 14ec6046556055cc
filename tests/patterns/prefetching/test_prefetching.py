"""The prefetcher with threads: order, bounds, errors, timeouts, changes and stops."""

from __future__ import annotations

import gc
import random
import threading
import time
from itertools import islice

import pytest

from perflab.instrumentation import Counters, EventKind
from perflab.patterns.prefetching import FetchTimeoutError, Prefetcher
from perflab.patterns.prefetching.settings import PrefetchingSettings

PATIENCE = 30.0


def until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.002)


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    until(lambda: not workers())


def numbers(start: int, stop: int) -> list[int]:
    return list(range(start, stop))


def some(count: int):
    """Return a fetch of a source with so many items."""
    return lambda start, stop: list(range(start, min(stop, count)))


def make(fetch=numbers, hook=None, sizeof=None, **settings) -> Prefetcher:
    made = PrefetchingSettings(**{"backoff_seconds": 1e-5, **settings})
    return Prefetcher(fetch, made, hook=hook, sizeof=sizeof)


class Gate:
    """A source whose fetches wait until they are let through."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> list[int]:
        self.asked.append((start, stop))
        assert self.open.wait(PATIENCE)
        return numbers(start, stop)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95])
@pytest.mark.parametrize("n_workers", [1, 3])
def test_items_come_once_in_order_and_the_end_of_the_source_ends_them(count, n_workers):
    with make(some(count), batch_size=10, buffer_size=40, workers=n_workers) as items:
        assert list(items) == list(range(count))
        assert list(items) == []


@pytest.mark.parametrize("count", [1, 10, 25])
def test_a_run_goes_through_as_many_items_as_it_is_told(count):
    asked = []

    def fetch(start, stop):
        asked.append(stop)
        return numbers(start, stop)

    assert list(make(fetch, batch_size=10, process_count=count)) == list(range(count))
    assert max(asked) == count


def test_a_million_items_through_eight_workers_with_random_failures():
    chance = random.Random(4)

    def fetch(start, stop):
        if chance.random() < 0.05:
            raise ConnectionError("reset")
        return numbers(start, stop)

    items = make(
        fetch, workers=8, batch_size=250, buffer_size=10_000, retries=50, process_count=1_000_000
    )
    assert all(a == b for a, b in zip(items, range(1_000_000), strict=True))
    stats = items.stats()
    assert stats["items"] == 1_000_000
    assert stats["batches"] == 4000
    assert stats["retries"] == stats["fetch_errors"] > 0


def test_a_fetch_that_raises_once_is_tried_again():
    tries: dict[int, int] = {}

    def fetch(start, stop):
        tries[start] = tries.get(start, 0) + 1
        if tries[start] == 1:
            raise OSError("once")
        return numbers(start, stop)

    assert list(make(fetch, process_count=300)) == list(range(300))
    assert set(tries.values()) == {2}


@pytest.mark.parametrize("n_workers", [1, 4])
def test_a_fetch_that_always_raises_reaches_the_consumer_after_the_items_before_it(n_workers):
    tries = []

    def fetch(start, stop):
        if start == 30:
            tries.append(start)
            raise LookupError("row is gone")
        return numbers(start, stop)

    items = make(fetch, workers=n_workers, batch_size=10, retries=2)
    assert list(islice(items, 30)) == list(range(30))
    with pytest.raises(LookupError, match="row is gone") as caught:
        next(items)
    assert tries == [30] * 3
    assert caught.value.__notes__ == ["while items 30 to 40 were fetched, tried 3 times"]
    assert list(items) == []


@pytest.mark.parametrize("error", [StopIteration, KeyboardInterrupt, SystemExit])
def test_what_would_end_a_loop_or_a_thread_silently_is_an_error_of_the_consumer(error):
    def fetch(start, stop):
        raise error

    with pytest.raises(RuntimeError if error is StopIteration else error):
        next(make(fetch, retries=0))


def test_more_items_than_asked_for_are_refused():
    with pytest.raises(ValueError, match="returned 11 items, not 10"):
        list(make(lambda start, stop: range(stop - start + 1), batch_size=10))


def test_a_hanging_fetch_is_given_to_another_thread_and_its_late_answer_is_let_go():
    let_go = threading.Event()
    hung = []

    def fetch(start, stop):
        if start == 20 and not hung:
            hung.append(start)
            let_go.wait(PATIENCE)
            return ["late"] * (stop - start)
        return numbers(start, stop)

    events = Counters()
    items = make(fetch, batch_size=10, timeout=0.1, process_count=60, hook=events)
    assert list(items) == list(range(60))
    assert items.stats()["timeouts"] == events.snapshot()["timeouts"] == 1
    let_go.set()


def test_a_fetch_that_always_hangs_is_a_timeout_after_the_items_before_it():
    let_go = threading.Event()

    def fetch(start, stop):
        if start == 10:
            let_go.wait(PATIENCE)
        return numbers(start, stop)

    items = make(fetch, batch_size=10, timeout=0.05, retries=2, workers=2)
    assert list(islice(items, 10)) == list(range(10))
    with pytest.raises(FetchTimeoutError, match=r"no answer within 50 ms"):
        next(items)
    assert items.stats()["timeouts"] == 3
    assert items.stop(0.0) is False
    let_go.set()
    until(lambda: items.stop(0.0))


def test_no_more_than_the_buffer_is_fetched_ahead():
    asked = []

    def fetch(start, stop):
        asked.append(stop)
        return numbers(start, stop)

    with make(fetch, batch_size=10, buffer_size=35, workers=4) as items:
        until(lambda: items.stats()["buffer_items"] == 30)
        time.sleep(0.02)
        assert max(asked) == 30
        assert next(items) == 0
        until(lambda: max(asked) == 40)
        assert items.stats()["buffer_items"] <= 35


def test_a_buffer_smaller_than_a_batch_cuts_the_batch():
    with make(batch_size=100, buffer_size=7, process_count=50) as items:
        batches = list(items.batches())
    assert [len(batch) for batch in batches] == [7] * 7 + [1]


def test_bytes_ahead_stay_within_their_bound():
    levels = []

    def note(event):
        if event.kind is EventKind.BUFFER_LEVEL:
            levels.append(event.size)

    def fetch(start, stop):
        return [b"x" * 100] * (stop - start)

    items = make(
        fetch,
        batch_size=10,
        buffer_size=1000,
        max_bytes=5000,
        workers=4,
        sizeof=len,
        hook=note,
        process_count=2000,
    )
    with items:
        until(lambda: items.stats()["buffer_bytes"] == 5000)
        assert len(list(items)) == 2000
    assert max(levels) == 5000


def test_a_batch_larger_than_the_bound_in_bytes_still_passes():
    items = make(batch_size=10, max_bytes=1, process_count=100)
    assert list(items) == list(range(100))


def test_several_consumers_share_the_items():
    items = make(batch_size=7, workers=3, process_count=20_000)
    seen: list[list[int]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=lambda s=s: s.extend(items)) for s in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(item for each in seen for item in each) == list(range(20_000))
    assert all(each == sorted(each) for each in seen)


def test_items_and_batches_may_be_taken_in_turn():
    items = make(batch_size=10, process_count=30)
    assert [next(items), next(items)] == [0, 1]
    assert [list(batch) for batch in items.batches()] == [
        list(range(2, 10)),
        list(range(10, 20)),
        list(range(20, 30)),
    ]


def test_buffer_batch_and_workers_change_while_it_runs():
    gate = Gate()
    with make(gate, batch_size=10, buffer_size=20, workers=1) as items:
        until(lambda: len(gate.asked) == 1)
        items.apply(PrefetchingSettings(batch_size=5, buffer_size=40, workers=4))
        until(lambda: len(gate.asked) == 4)
        assert sorted(gate.asked) == [(0, 10), (10, 15), (15, 20), (20, 25)]
        items.apply(PrefetchingSettings(batch_size=5, buffer_size=10, workers=1))
        gate.open.set()
        until(lambda: items.stats()["workers"] == 1)
        assert [next(items) for _ in range(60)] == list(range(60))
        assert items.settings.workers == 1
    assert items.stats()["buffer_items"] == 0


def test_fetching_begins_before_the_first_item_is_asked_for_where_it_is_started():
    gate = Gate()
    items = make(gate)
    assert gate.asked == []
    items.start().start()
    until(lambda: len(gate.asked) == 1)
    gate.open.set()
    assert next(items) == 0
    assert items.stop()


def consume_in_thread(items) -> tuple[threading.Thread, list[int]]:
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.extend(items))
    thread.start()
    return thread, seen


def test_a_stop_before_the_start():
    items = make()
    assert items.stop()
    assert list(items) == []


def test_a_stop_while_the_consumer_waits_ends_it_at_once_though_the_fetch_hangs():
    gate = Gate()
    items = make(gate)
    thread, seen = consume_in_thread(items)
    until(lambda: items.stats()["stalls"] == 1 and gate.asked)
    assert items.stop(0.0) is False
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert seen == []
    gate.open.set()
    until(lambda: items.stop(0.0))


def test_a_stop_while_the_buffer_is_full():
    items = make(buffer_size=10, batch_size=10, workers=3).start()
    until(lambda: items.stats()["buffer_items"] == 10)
    assert items.stop()
    assert list(items) == []
    assert items.stats()["buffer_items"] == 0


def test_a_stop_in_the_middle_of_a_batch():
    items = make(batch_size=10)
    assert [next(items), next(items)] == [0, 1]
    assert items.stop()
    assert list(items) == []
    assert list(items.batches()) == []


def test_a_stop_during_the_wait_before_a_retry():
    def fetch(start, stop):
        raise OSError

    items = make(fetch, retries=1000, backoff_seconds=60).start()
    until(lambda: items.stats()["retries"] == 1)
    assert items.stop(PATIENCE)


def test_a_stop_after_the_end_and_after_an_error():
    items = make(process_count=5)
    assert list(items) == [0, 1, 2, 3, 4]
    assert items.stop()
    broken = make(lambda start, stop: 1 / 0, retries=0)
    with pytest.raises(ZeroDivisionError):
        next(broken)
    assert broken.stop()
    assert broken.stop()


def test_stops_twice_from_several_threads_at_once():
    items = make(workers=4, batch_size=3)
    thread, seen = consume_in_thread(items)
    until(lambda: len(seen) > 100)
    stops = [threading.Thread(target=items.stop) for _ in range(4)]
    for each in stops:
        each.start()
    for each in [*stops, thread]:
        each.join(PATIENCE)
        assert not each.is_alive()
    assert items.stop()
    assert seen == list(range(len(seen)))


def test_a_stop_from_within_a_fetch():
    made = []

    def fetch(start, stop):
        if start == 20:
            made[0].stop()
        return numbers(start, stop)

    made.append(make(fetch, batch_size=10, buffer_size=1000))
    seen = list(made[0])
    assert seen == list(range(len(seen)))
    assert len(seen) <= 20
    made.clear()


def test_one_that_is_let_go_ends_its_threads():
    items = make(workers=3)
    assert next(items) == 0
    until(lambda: len(workers()) == 3)
    del items
    gc.collect()
    until(lambda: not workers())


def test_hooks_tell_of_batches_stalls_retries_and_levels():
    seen = []
    gate = Gate()
    items = make(gate, batch_size=10, process_count=20, hook=seen.append)
    thread, _ = consume_in_thread(items)
    until(lambda: any(event.kind is EventKind.STALL_STARTED for event in seen))
    gate.open.set()
    thread.join(PATIENCE)
    kinds = [event.kind for event in seen]
    fetched = [event for event in seen if event.kind is EventKind.BATCH_FETCHED]
    assert [(event.key, event.detail) for event in fetched] == [(0, 10), (10, 10)]
    assert kinds.count(EventKind.STALL_STARTED) == kinds.count(EventKind.STALL_FINISHED)
    stalled = sum(event.seconds for event in seen if event.kind is EventKind.STALL_FINISHED)
    assert items.stats()["stall_seconds_total"] == pytest.approx(stalled)
    assert items.stats()["first_item_seconds"] > 0


def test_a_hook_may_ask_for_statistics_and_one_that_raises_ends_the_stream():
    holder = []
    items = make(hook=lambda _: holder[0].stats(), process_count=500)
    holder.append(items)
    assert list(items) == list(range(500))
    holder.clear()

    def broken(event):
        if event.kind is EventKind.BATCH_FETCHED:
            raise ValueError("hook")

    with pytest.raises(ValueError, match="hook"):
        list(make(hook=broken))
