"""Pages with fewer items than asked for: the end of a source, or a gap in it."""

from __future__ import annotations

import asyncio
import random
import threading

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.patterns.prefetching import Prefetcher, ShortPageError
from perflab.patterns.prefetching._async import AsyncPrefetcher
from perflab.patterns.prefetching.settings import PrefetchingSettings

PAGE = 10
PATIENCE = 30.0


def source(lengths):
    """Return a fetch whose pages have such lengths; what is not named is empty."""
    there = {
        number * PAGE + place for number, length in enumerate(lengths) for place in range(length)
    }
    return lambda start, stop: [item for item in range(start, stop) if item in there]


def drain(fetch, settings):
    """Return the items, the error after them if one came, and the counts."""
    found, error = [], None
    with Prefetcher(fetch, settings) as items:
        try:
            found.extend(items)
        except ShortPageError as raised:
            error = raised
        assert list(items) == []
        return found, error, items.stats()


def drain_tasks(fetch, settings):
    """Return the same from tasks."""

    async def later(start, stop):
        await asyncio.sleep(0)
        return fetch(start, stop)

    async def collect():
        found, error = [], None
        async with AsyncPrefetcher(later, settings) as items:
            try:
                async for batch in items.batches():
                    found.extend(batch)
            except ShortPageError as raised:
                error = raised
            assert [item async for item in items] == []
            return found, error, items.stats()

    return asyncio.run(collect())


def of(**values):
    return PrefetchingSettings.read({"batch_size": PAGE, "buffer_size": 40, **values})


ways = pytest.mark.parametrize("drained", [drain, drain_tasks], ids=["threads", "tasks"])
hands = pytest.mark.parametrize("workers", [1, 4])


@ways
@hands
def test_a_short_page_ends_the_stream_and_is_counted(drained, workers):
    found, error, stats = drained(source([10, 10, 7, 10, 10]), of(workers=workers))
    assert found == list(range(27))
    assert error is None
    assert stats["short_pages"] == 1


@ways
@hands
@pytest.mark.parametrize("length", [0, 1, 9])
def test_a_gap_is_an_error_after_the_items_before_it(drained, workers, length):
    settings = of(workers=workers, short_page="error")
    found, error, stats = drained(source([10, 10, length, 10, 10]), settings)
    assert found == [*range(20), *range(20, 20 + length)]
    assert str(error) == f"the page of items 20 to 30 had {length} items, and more follow"
    assert stats["short_pages"] == (length > 0)


@ways
@hands
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 29, 30])
def test_the_last_page_may_be_short_where_the_next_is_empty(drained, workers, count):
    settings = of(workers=workers, short_page="error")
    lengths = [min(PAGE, count - first) for first in range(0, count, PAGE)]
    found, error, stats = drained(source(lengths), settings)
    assert (found, error) == (list(range(count)), None)
    assert stats["short_pages"] == (count % PAGE > 0)


@ways
@hands
@pytest.mark.parametrize("count", [0, 25, 30, 34])
def test_a_source_may_end_before_as_many_items_as_a_run_goes_through(drained, workers, count):
    settings = of(workers=workers, short_page="error", process_count=35)
    lengths = [min(PAGE, count - first) for first in range(0, count, PAGE)]
    assert drained(source(lengths), settings)[:2] == (list(range(count)), None)


@ways
@hands
def test_a_gap_in_the_last_page_of_a_run_is_found_beyond_it(drained, workers):
    settings = of(workers=workers, short_page="error", process_count=35)
    found, error, _ = drained(source([10, 10, 10, 3, 10]), settings)
    assert found == list(range(33))
    assert "more follow" in str(error)


@ways
def test_as_many_items_as_a_run_asks_for_are_enough(drained):
    asked = []

    def fetch(start, stop):
        asked.append(stop)
        return source([10, 10, 10, 3])(start, stop)

    settings = of(short_page="error", process_count=25)
    assert drained(fetch, settings)[:2] == (list(range(25)), None)
    assert max(asked) == 25


@ways
def test_a_page_after_a_short_one_that_fails_is_the_sources_error(drained):
    def fetch(start, stop):
        if start == 20:
            raise OSError("gone")
        return source([10, 4])(start, stop)

    with pytest.raises(OSError, match="gone"):
        drained(fetch, of(short_page="error", retries=1, backoff_seconds=0))


def test_what_was_fetched_beyond_the_end_is_counted():
    beyond = threading.Event()

    def fetch(start, stop):
        if start == 10:
            assert beyond.wait(PATIENCE)
            return list(range(10, 13))
        return list(range(start, stop))

    with Prefetcher(fetch, of(workers=3)) as items:
        for number in range(10):
            assert next(items) == number
        while items.stats()["batches"] < 3:
            beyond.wait(0.01)
        dropped = items.stats()["buffer_items"]
        beyond.set()
        assert list(items) == [10, 11, 12]
        stats = items.stats()
    assert dropped >= 20
    assert stats["items_dropped"] >= dropped


def test_an_unknown_meaning_is_refused():
    with pytest.raises(BadInputError, match="short_page"):
        of(short_page="skip")


@hypothesis_settings(max_examples=100, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([0, 3, 9, 10, 10, 10, 10, 10]), max_size=12),
    workers=st.integers(1, 5),
    buffer=st.integers(1, 6),
    process_count=st.none() | st.integers(1, 110),
    way=st.sampled_from([drain, drain_tasks]),
    seed=st.integers(0, 1000),
)
def test_an_error_comes_exactly_where_items_follow_a_short_page(
    lengths, workers, buffer, process_count, way, seed
):
    settings = of(
        workers=workers,
        buffer_size=buffer * PAGE,
        short_page="error",
        process_count=process_count,
    )
    plain, turns = source(lengths), random.Random(seed)

    def fetch(start, stop):
        threading.Event().wait(turns.random() * 5e-4)
        return plain(start, stop)

    pages = [*lengths, 0, 0]
    most = PAGE * len(pages) if process_count is None else process_count
    short = next(
        (
            number
            for number, length in enumerate(pages)
            if number * PAGE < most and length < min(PAGE, most - number * PAGE)
        ),
        None,
    )
    found, error, _ = way(fetch, settings)
    if short is None:
        assert (found, error) == (list(range(most)), None)
        return
    assert found == list(range(short * PAGE + pages[short]))
    if pages[short + 1]:
        assert error is not None
    elif not any(pages[short:][1:]):
        assert error is None
