"""A lazy loader equals the plain list, holds no more than it may, and is an exact LRU."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from perflab.kernels import lru_read_ahead
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings

ROW_BYTES = 7


class ListStore:
    """A list as a store that counts what is read of it."""

    def __init__(self, rows):
        self.rows = rows
        self.reads = []

    def __len__(self):
        return len(self.rows)

    def read(self, start, stop):
        assert 0 <= start < stop <= len(self.rows)
        self.reads.append((start, stop))
        return self.rows[start:stop]

    def stored_bytes(self, start, stop):
        return ROW_BYTES * (stop - start)


class LazyLaws(RuleBasedStateMachine):
    @initialize(count=st.integers(0, 60), size=st.integers(1, 20), chunks=st.integers(1, 6))
    def begin(self, count, size, chunks):
        self.rows = [f"row {number}" for number in range(count)]
        self.store = ListStore(self.rows)
        self.loader = LazyLoader(store=self.store, sizeof=len, chunk_size=size, max_chunks=chunks)
        self.lru = OrderedDict()
        self.hits = self.misses = self.evictions = self.bytes = 0

    def touch(self, number):
        if number in self.lru:
            self.hits += 1
            self.lru.move_to_end(number)
            return
        self.misses += 1
        size = self.loader.settings.chunk_size
        self.bytes += ROW_BYTES * (min((number + 1) * size, len(self.rows)) - number * size)
        self.lru[number] = None
        self.shrink()

    def shrink(self):
        while len(self.lru) > self.loader.settings.max_chunks:
            self.lru.popitem(last=False)
            self.evictions += 1

    def touch_rows(self, numbers):
        """Count each chunk once a stretch of rows in it."""
        before = None
        for number in numbers:
            chunk = number // self.loader.settings.chunk_size
            if chunk != before:
                self.touch(chunk)
            before = chunk

    @rule(data=st.data())
    def one(self, data):
        if self.rows:
            index = data.draw(st.integers(-len(self.rows), len(self.rows) - 1))
            assert self.loader[index] == self.rows[index]
            self.touch_rows([index % len(self.rows)])

    @rule(
        begin=st.none() | st.integers(-70, 70),
        end=st.none() | st.integers(-70, 70),
        step=st.none() | st.integers(-30, 30).filter(bool),
    )
    def stretch(self, begin, end, step):
        wanted = slice(begin, end, step)
        assert self.loader[wanted] == self.rows[wanted]
        self.touch_rows(range(*wanted.indices(len(self.rows))))

    @rule(data=st.data())
    def several(self, data):
        if self.rows:
            place = st.integers(-len(self.rows), len(self.rows) - 1)
            wanted = data.draw(st.lists(place, max_size=12))
            assert self.loader[wanted] == [self.rows[index] for index in wanted]
            size = self.loader.settings.chunk_size
            for chunk in dict.fromkeys(index % len(self.rows) // size for index in wanted):
                self.touch(chunk)

    @rule()
    def all(self):
        assert list(self.loader) == self.rows
        self.touch_rows(range(len(self.rows)))

    @rule()
    def backward(self):
        assert list(reversed(self.loader)) == self.rows[::-1]
        self.touch_rows(range(len(self.rows) - 1, -1, -1))

    @rule(chunks=st.integers(1, 6))
    def bound(self, chunks):
        self.loader.apply(self.loader.settings.change(max_chunks=chunks))
        self.shrink()

    @rule(size=st.integers(1, 20))
    def cut_anew(self, size):
        if size != self.loader.settings.chunk_size:
            self.lru.clear()
        self.loader.apply(self.loader.settings.change(chunk_size=size))

    @invariant()
    def counts_are_those_of_an_lru(self):
        if not hasattr(self, "loader"):
            return
        stats = self.loader.stats()
        assert len(self.loader) == len(self.rows)
        assert stats["chunks"] <= self.loader.settings.max_chunks
        assert list(self.loader._chunks.held) == list(self.lru)
        assert (stats["hits"], stats["misses"]) == (self.hits, self.misses)
        assert stats["evictions"] == self.evictions
        assert stats["loads"] == self.misses == len(self.store.reads)
        assert stats["bytes_read"] == self.bytes
        assert stats["rows_read"] * ROW_BYTES == self.bytes
        assert stats["bytes"] == stats["rows_held"]


TestLazyLaws = LazyLaws.TestCase
TestLazyLaws.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


@settings(max_examples=40)
@given(
    accesses=st.lists(st.integers(0, 99), min_size=1, max_size=60),
    size=st.integers(1, 9),
    chunks=st.integers(1, 6),
    ahead=st.integers(1, 4),
)
def test_read_ahead_changes_what_is_held_as_the_model_says_whatever_the_timing(
    accesses, size, chunks, ahead
):
    rows = list(range(100))
    with LazyLoader(
        store=ListStore(rows), chunk_size=size, max_chunks=chunks, read_ahead=ahead
    ) as loader:
        assert [loader[index] for index in accesses] == accesses
        held = list(loader._chunks.held)
        stats = loader.stats()
    counts = lru_read_ahead([index // size for index in accesses], -(-100 // size), chunks, ahead)
    assert (stats["hits"], stats["misses"]) == (counts.hits, counts.misses)
    assert stats["evictions"] == counts.evictions
    assert len(held) == counts.held <= chunks
    assert counts.misses <= stats["loads"] <= counts.misses + counts.ahead


@settings(max_examples=60)
@given(
    accesses=st.lists(st.integers(0, 99), max_size=60),
    size=st.integers(1, 30),
    most=st.integers(1, 60),
)
def test_bytes_held_never_exceed_their_bound_and_are_an_lru(accesses, size, most):
    loader = LazyLoader(
        LazyLoadingSettings(chunk_size=size, max_chunks=1000, max_bytes=most),
        store=ListStore(list(range(100))),
        sizeof=len,
    )
    lru = OrderedDict()
    for index in accesses:
        assert loader[index] == index
        chunk = index // size
        rows = min((chunk + 1) * size, 100) - chunk * size
        if chunk in lru:
            lru.move_to_end(chunk)
        elif rows <= most:
            lru[chunk] = rows
            while sum(lru.values()) > most:
                lru.popitem(last=False)
        assert list(loader._chunks.held) == list(lru)
        assert loader.stats()["bytes"] == sum(lru.values()) <= most
