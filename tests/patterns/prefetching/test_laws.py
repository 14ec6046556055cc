"""What holds of prefetching whatever happens in whatever order, against a plain list."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from perflab.patterns.prefetching import Prefetcher
from perflab.patterns.prefetching._async import AsyncPrefetcher
from perflab.patterns.prefetching._core import PrefetchCore
from perflab.patterns.prefetching._parts import EndOfItems, FetchTimeoutError, ShortPageError
from perflab.patterns.prefetching.settings import SHORT_PAGES, PrefetchingSettings

LENGTH = 60
SETTINGS = st.builds(
    PrefetchingSettings,
    buffer_size=st.integers(1, 40),
    batch_size=st.integers(1, 40),
    workers=st.integers(1, 5),
    max_bytes=st.none() | st.integers(1, 60),
    retries=st.just(1),
    backoff_seconds=st.just(0.0),
    process_count=st.none() | st.integers(1, 80),
)


class CoreMachine(RuleBasedStateMachine):
    """Claims, fetches, failures, timeouts and takes in any order, over a source of 60 items."""

    def __init__(self) -> None:
        super().__init__()
        self.core = PrefetchCore(
            PrefetchingSettings(retries=1, backoff_seconds=0), sizeof=lambda _: 2
        )
        self.flying: list = []
        self.late: list = []
        self.seen: list[int] = []
        self.over = self.broken = False
        self.limit: int | None = None

    @rule(settings=SETTINGS, short_page=st.sampled_from(SHORT_PAGES))
    def apply(self, settings, short_page):
        settings = settings.change(short_page=short_page)
        # The end of a run does not move once it is reached.
        limit = self.core.settings.process_count if self.flying or self.seen else self.limit
        self.core.settings = settings.change(process_count=limit)

    @precondition(lambda self: not self.seen and not self.flying)
    @rule(limit=st.none() | st.integers(1, 80))
    def bound(self, limit):
        if not self.core.stats()["batches"] and self.core.has_room:
            self.limit = limit
            self.core.settings = self.core.settings.change(process_count=limit)

    @rule()
    def claim(self):
        room = self.core.has_room
        claim = self.core.claim()
        assert (claim is not None) == room
        if claim is not None:
            held = self.core.stats()
            ahead = held["buffer_items"] + held["fetching_items"]
            alone = ahead == claim.stop - claim.start
            assert ahead <= self.core.settings.buffer_size
            bound = self.core.settings.max_bytes
            assert alone or bound is None or 2 * ahead <= bound or claim.stop > LENGTH
            self.flying.append((claim, self.core.begin(claim)))

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def fetched(self, data):
        claim, attempt = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        items = list(range(claim.start, max(claim.start, min(claim.stop, LENGTH))))
        self.core.done(claim, attempt, items, 2 * len(items))

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), timeout=st.booleans())
    def failed(self, data, timeout):
        claim, attempt = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        error = FetchTimeoutError() if timeout else OSError()
        again = self.core.failed(claim, attempt, error)
        if again is not None:
            assert attempt == 1
            self.late.append((claim, attempt))
            begun = self.core.begin(claim)
            assert begun == 2
            self.flying.append((claim, begun))

    @precondition(lambda self: self.late)
    @rule()
    def an_attempt_that_was_given_up_answers_late(self):
        claim, attempt = self.late.pop()
        assert self.core.done(claim, attempt, ["late"], 1) is None
        assert self.core.failed(claim, attempt, OSError()) is None

    @rule()
    def take(self):
        try:
            batch = self.core.take()
        except EndOfItems:
            self.over = True
        except ShortPageError as error:
            raise AssertionError("the source has no gap") from error
        except OSError:
            assert not self.broken
            self.broken = True
        else:
            if batch is not None:
                assert not self.over
                assert not self.broken
                self.seen.extend(batch)

    @precondition(lambda self: self.seen)
    @rule()
    def stop(self):
        if len(self.seen) % 7 == 0:
            self.core.stop()

    @invariant()
    def what_was_taken_is_a_prefix_of_the_source(self):
        assert self.seen == list(range(len(self.seen)))

    @invariant()
    def levels_are_counts(self):
        stats = self.core.stats()
        assert min(stats.values()) >= 0
        assert stats["buffer_bytes"] == 2 * stats["buffer_items"]
        items, size = stats["buffer_item_seconds_total"], stats["buffer_byte_seconds_total"]
        assert size == pytest.approx(2 * items)

    @invariant()
    def an_end_is_the_end_of_the_source_an_error_or_a_stop(self):
        if self.over and not self.broken and not self.core.stopped:
            limit = self.core.settings.process_count
            assert len(self.seen) == min(LENGTH, limit or LENGTH)


TestCore = CoreMachine.TestCase
TestCore.settings = hypothesis_settings(max_examples=150, stateful_step_count=60, deadline=None)


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    settings=SETTINGS,
    length=st.integers(0, 100),
    fails=st.sets(st.integers(0, 30)),
)
def test_threads_and_tasks_give_the_same_items_as_a_plain_loop(settings, length, fails):
    wanted = list(range(min(length, settings.process_count or length)))
    calls = []

    def fetch(start, stop):
        calls.append(start)
        if calls.count(start) == 1 and start in fails:
            raise OSError
        return list(range(start, max(start, min(stop, length))))

    async def fetch_later(start, stop):
        await asyncio.sleep(0)
        return fetch(start, stop)

    async def collect():
        async with AsyncPrefetcher(fetch_later, settings) as items:
            return [item async for item in items]

    with Prefetcher(fetch, settings) as items:
        assert list(items) == wanted
    calls.clear()
    assert asyncio.run(collect()) == wanted
