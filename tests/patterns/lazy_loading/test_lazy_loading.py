"""The lazy loader among threads, with hooks, faults and changes while it runs."""

from __future__ import annotations

import threading
import time
from collections import Counter

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.lazy_loading._chunks import size_of
from perflab.patterns.lazy_loading._sources import FunctionStore
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings

ROWS = list(range(1000))


class SlowStore:
    """A list as a store that waits while it reads, until told to go on."""

    def __init__(self, rows=ROWS):
        self.rows = rows
        self.reads = Counter()
        self.gate = threading.Event()
        self.reading = threading.Event()

    def __len__(self):
        return len(self.rows)

    def read(self, start, stop):
        self.reads[start] += 1
        self.reading.set()
        assert self.gate.wait(30)
        return self.rows[start:stop]


def of(rows=ROWS, **values):
    return LazyLoader(store=FunctionStore(lambda i, j: rows[i:j], len(rows)), **values)


def together(count, work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def eventually(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_it_is_a_sequence():
    loader = of(chunk_size=64)
    assert len(loader) == 1000
    assert 999 in loader
    assert 1000 not in loader
    assert loader.index(500) == 500
    assert loader.count(3) == 1
    assert loader[np.int64(7)] == 7
    assert loader[np.array([5, -1])] == [5, 999]
    assert loader[range(3, 6)] == [3, 4, 5]


@pytest.mark.parametrize("index", [1000, -1001, [0, 1000]])
def test_a_row_beyond_the_last_is_an_index_error(index):
    with pytest.raises(IndexError, match="1,000 rows"):
        of()[index]


def test_a_text_is_no_row_number():
    with pytest.raises(TypeError):
        of()["first"]


def test_a_chunk_is_loaded_once_though_many_threads_ask_for_it():
    store = SlowStore()
    loader = LazyLoader(store=store, chunk_size=100)
    got = []
    threads = [threading.Thread(target=lambda n=n: got.append(loader[n])) for n in range(16)]
    for thread in threads:
        thread.start()
    eventually(lambda: loader.stats()["waits"] == 15)
    store.gate.set()
    for thread in threads:
        thread.join(30)
    assert sorted(got) == list(range(16))
    assert store.reads == {0: 1}
    assert loader.stats()["loads"] == 1


def test_an_error_of_the_store_reaches_all_who_wait_and_the_next_one_loads_again():
    store = SlowStore()
    failing = [True]
    plain_read = store.read

    def read(start, stop):
        rows = plain_read(start, stop)
        if failing:
            failing.pop()
            raise OSError("the disk is tired")
        return rows

    store.read = read
    loader = LazyLoader(store=store, chunk_size=100)
    errors = []

    def ask(number):
        try:
            loader[number]
        except OSError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: loader.stats()["waits"] == 3)
    store.gate.set()
    for thread in threads:
        thread.join(30)
    assert errors == ["the disk is tired"] * 4
    assert loader.stats()["load_errors"] == 1
    assert loader[5] == 5
    assert loader.stats()["chunks"] == 1


def test_many_threads_read_right_rows_and_never_hold_more_than_they_may():
    loader = of(chunk_size=10, max_chunks=5)
    most = []

    def work(seed):
        random = np.random.default_rng(seed)
        for index in random.integers(0, 1000, 2000).tolist():
            assert loader[index] == index
            most.append(loader.stats()["chunks"])

    together(8, work)
    assert max(most) <= 5
    stats = loader.stats()
    assert stats["hits"] + stats["misses"] == 16_000
    assert stats["bytes"] == sum(size_of(rows) for rows in loader._chunks.held.values())


def test_a_change_of_bounds_and_of_chunk_size_meets_readers_without_harm():
    loader = of(chunk_size=10, max_chunks=5, read_ahead=1)
    stop = threading.Event()

    def work(seed):
        random = np.random.default_rng(seed)
        while not stop.is_set():
            index = int(random.integers(0, 1000))
            assert loader[index] == index
            assert loader[index : index + 30] == ROWS[index : index + 30]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        changed = {"chunk_size": 1 + turn * 7 % 50, "max_chunks": 1 + turn % 9}
        loader.apply(loader.settings.change(**changed))
        assert list(loader) == ROWS
    stop.set()
    for thread in threads:
        thread.join(30)
    assert loader.stats()["load_errors"] == 0
    assert loader.stats()["chunks"] <= loader.settings.max_chunks
    loader.close()


def test_an_iteration_goes_on_through_a_change_of_the_chunk_size():
    loader = of(chunk_size=10)
    rows = iter(loader)
    seen = [next(rows) for _ in range(15)]
    loader.apply(loader.settings.change(chunk_size=7))
    assert seen + list(rows) == ROWS


def test_hooks_tell_hits_loads_with_bytes_and_evictions():
    events = []
    loader = of(chunk_size=100, max_chunks=1, hook=events.append, sizeof=len)
    _ = loader[0], loader[1], loader[100]
    kinds = [(event.kind, event.key, event.size) for event in events]
    assert kinds == [
        (EventKind.MISS, 0, 0),
        (EventKind.LOAD_STARTED, 0, 0),
        (EventKind.LOAD_FINISHED, 0, 100),
        (EventKind.HIT, 0, 0),
        (EventKind.MISS, 1, 0),
        (EventKind.LOAD_STARTED, 1, 0),
        (EventKind.LOAD_FINISHED, 1, 100),
        (EventKind.EVICTION, 0, 100),
    ]
    assert events[2].seconds > 0


def test_read_ahead_loads_the_next_chunks_before_they_are_asked_for():
    loader = of(chunk_size=100, max_chunks=4, read_ahead=2)
    assert loader[0] == 0
    eventually(lambda: loader.stats()["loads"] == 3)
    assert loader[100] == 100
    eventually(lambda: loader.stats()["loads"] == 4)
    assert loader[399] == 399
    stats = loader.stats()
    assert (stats["misses"], stats["hits"]) == (1, 2)
    loader.close()


def test_who_asks_for_a_chunk_that_is_under_way_waits_for_that_load():
    store = SlowStore()
    loader = LazyLoader(store=store, chunk_size=100, read_ahead=1)
    store.gate.set()
    assert loader[0] == 0
    eventually(lambda: store.reads[100] == 1)
    eventually(lambda: loader.stats()["loads"] == 2)
    store.gate.clear()
    assert loader[100] == 100
    eventually(lambda: store.reads[200] == 1)
    asked = threading.Thread(target=lambda: loader[250])
    asked.start()
    eventually(lambda: loader.stats()["waits"] == 1)
    store.gate.set()
    asked.join(30)
    assert store.reads[200] == 1
    loader.close()


def test_a_chunk_that_was_evicted_while_it_was_loaded_ahead_is_held_when_it_is_asked_for():
    store = SlowStore()
    store.gate.set()
    plain_read = store.read
    gate = threading.Event()

    def read(start, stop):
        rows = plain_read(start, stop)
        if start == 100:
            assert gate.wait(30)
        return rows

    store.read = read
    loader = LazyLoader(store=store, chunk_size=100, max_chunks=2, read_ahead=1)
    assert loader[0] == 0
    eventually(lambda: store.reads[100] == 1)
    assert loader[500] == 500
    assert list(loader._chunks.held) == [6, 5]
    asked = threading.Thread(target=lambda: loader[150])
    asked.start()
    eventually(lambda: loader.stats()["waits"] == 1)
    gate.set()
    asked.join(30)
    assert list(loader._chunks.held) == [2, 1]
    assert loader[151] == 151
    assert store.reads[100] == 1
    loader.close()


def test_a_load_ahead_that_fails_is_counted_and_who_asks_for_the_chunk_loads_it():
    failing = [True]

    def read(start, stop):
        if start == 100 and failing:
            failing.pop()
            raise OSError("not now")
        return ROWS[start:stop]

    loader = LazyLoader(store=FunctionStore(read, 1000), chunk_size=100, read_ahead=1)
    assert loader[0] == 0
    eventually(lambda: loader.stats()["load_errors"] == 1)
    eventually(lambda: loader.stats()["chunks"] == 1)
    assert loader[100] == 100
    loader.close()


def test_a_store_that_gives_too_few_rows_is_an_error_and_refresh_takes_up_its_length():
    rows = list(ROWS)
    loader = LazyLoader(store=_Shrinking(rows), chunk_size=100)
    assert loader[0] == 0
    del rows[950:]
    with pytest.raises(RuntimeError, match=r"gave 50 rows for 900 up to 1,000.*refresh"):
        loader[999]
    assert loader[0] == 0
    loader.refresh()
    assert len(loader) == 950
    assert loader[-1] == 949


class _Shrinking:
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def read(self, start, stop):
        return self.rows[start:stop]


def test_a_chunk_above_the_bound_of_bytes_is_given_but_not_held():
    loader = of(chunk_size=100, max_bytes=50, sizeof=len)
    assert loader[0] == 0
    assert loader[1] == 1
    stats = loader.stats()
    assert (stats["chunks"], stats["rejected"], stats["loads"]) == (0, 2, 2)


def test_a_closed_loader_says_so_and_holds_nothing():
    with of() as loader:
        assert loader[0] == 0
    loader.close()
    for use in (lambda: loader[0], lambda: loader[:], lambda: loader[[0]], lambda: list(loader)):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert loader.stats()["chunks"] == 0
    assert loader.stats()["misses"] == 1


def test_the_source_cannot_change_while_it_is_open():
    loader = of()
    with pytest.raises(BadInputError, match="data_source: cannot change"):
        loader.apply(LazyLoadingSettings(data_source="flights:csv"))


def test_an_empty_store_is_an_empty_sequence():
    loader = of([])
    assert len(loader) == 0
    assert list(loader) == loader[:] == loader[[]] == []
    with pytest.raises(IndexError):
        loader[0]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 1000])
def test_a_function_without_a_length_is_measured(count):
    rows = list(range(count))
    asked = []

    def read(start, stop):
        asked.append((start, stop))
        return rows[start:stop]

    store = FunctionStore(read)
    assert len(store) == count
    assert len(asked) <= 24
    assert list(LazyLoader(store=store, chunk_size=10)) == rows


def test_bytes_are_exact_for_arrays_and_near_for_lists():
    assert size_of(np.zeros((10, 4))) == 320
    rows = [(number, f"text {number}") for number in range(1000)]
    every = sum(size_of([row]) - size_of([]) for row in rows)
    assert size_of(rows) == pytest.approx(every, rel=0.2)
