"""The prefetcher with tasks: order, errors, timeouts, changes, cancellation and stops."""

from __future__ import annotations

import asyncio
import random
import threading

import pytest

from perflab.instrumentation import Counters, EventKind
from perflab.patterns.prefetching import FetchTimeoutError
from perflab.patterns.prefetching._async import AsyncPrefetcher
from perflab.patterns.prefetching.settings import PrefetchingSettings

PATIENCE = 30.0


@pytest.fixture(autouse=True)
async def _no_task_is_left():
    yield
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    assert [task for task in tasks if task.get_name() == "prefetch"] == []


async def numbers(start, stop):
    await asyncio.sleep(0)
    return list(range(start, stop))


def make(fetch=numbers, hook=None, **settings) -> AsyncPrefetcher:
    made = PrefetchingSettings(**{"backoff_seconds": 1e-5, **settings})
    return AsyncPrefetcher(fetch, made, hook=hook)


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  (what is waited for sets no event)
            await asyncio.sleep(0.001)


class Gate:
    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked: list[tuple[int, int]] = []
        self.cancelled = 0

    async def __call__(self, start, stop):
        self.asked.append((start, stop))
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return list(range(start, stop))


async def test_a_hundred_thousand_items_with_random_failures():
    chance = random.Random(1)

    async def fetch(start, stop):
        await asyncio.sleep(0)
        if chance.random() < 0.1:
            raise ConnectionError
        return range(start, stop)

    async with make(fetch, workers=8, batch_size=250, retries=50, process_count=100_000) as items:
        assert [item async for item in items] == list(range(100_000))
        assert items.stats()["retries"] > 0


async def test_a_short_batch_is_the_end():
    async def fetch(start, stop):
        return list(range(start, min(stop, 25)))

    async with make(fetch, batch_size=10, workers=3) as items:
        assert [list(batch) async for batch in items.batches()] == [
            list(range(10)),
            list(range(10, 20)),
            list(range(20, 25)),
        ]


async def test_the_sources_error_comes_after_the_items_before_it():
    async def fetch(start, stop):
        if start == 20:
            raise LookupError("row is gone")
        return range(start, stop)

    items = make(fetch, batch_size=10, retries=2, workers=4)
    assert [await anext(items) for _ in range(20)] == list(range(20))
    with pytest.raises(LookupError, match="row is gone") as caught:
        await anext(items)
    assert caught.value.__notes__ == ["while items 20 to 30 were fetched, tried 3 times"]
    assert [item async for item in items] == []
    await items.stop()


async def test_a_fetch_that_hangs_is_cancelled_and_tried_again():
    gate = Gate()

    async def fetch(start, stop):
        if start == 10 and gate.cancelled == 0:
            return await gate(start, stop)
        return range(start, stop)

    events = Counters()
    async with make(fetch, batch_size=10, timeout=0.05, process_count=30, hook=events) as items:
        assert [item async for item in items] == list(range(30))
    assert gate.cancelled == 1
    assert events.snapshot()["timeouts"] == 1


async def test_a_fetch_that_always_hangs_is_a_timeout():
    gate = Gate()
    items = make(gate, timeout=0.02, retries=1)
    with pytest.raises(FetchTimeoutError, match=r"no answer within 20 ms"):
        await anext(items)
    assert gate.cancelled == 2
    await items.stop()


async def test_a_timeout_of_the_fetch_itself_is_the_sources_error():
    async def fetch(start, stop):
        raise TimeoutError("theirs")

    with pytest.raises(TimeoutError, match="theirs") as caught:
        await anext(make(fetch, retries=0))
    assert not isinstance(caught.value, FetchTimeoutError)
    await asyncio.sleep(0)


async def test_settings_change_while_it_runs():
    gate = Gate()
    async with make(gate, batch_size=10, buffer_size=20) as items:
        await until(lambda: len(gate.asked) == 1)
        items.apply(PrefetchingSettings(batch_size=5, buffer_size=40, workers=4))
        await until(lambda: len(gate.asked) == 4)
        assert gate.asked == [(0, 10), (10, 15), (15, 20), (20, 25)]
        items.apply(PrefetchingSettings(batch_size=5, buffer_size=10, workers=1))
        gate.open.set()
        assert [await anext(items) for _ in range(60)] == list(range(60))
        assert items.stats()["workers"] == 1


async def test_a_consumer_that_is_cancelled_while_it_waits_loses_no_item():
    gate = Gate()
    async with make(gate, batch_size=10, process_count=20) as items:
        waiting = asyncio.create_task(anext(items))
        await until(lambda: items.stats()["stalls"] == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.open.set()
        assert [item async for item in items] == list(range(20))


async def test_several_consumers_share_the_items():
    async with make(batch_size=7, workers=3, process_count=5000) as items:

        async def consume():
            seen = []
            async for item in items:
                seen.append(item)
                if item % 5 == 0:
                    await asyncio.sleep(0)
            return seen

        seen = await asyncio.gather(*(consume() for _ in range(4)))
    assert sorted(item for each in seen for item in each) == list(range(5000))


@pytest.mark.parametrize("state", ["new", "fetching", "waiting", "full", "over"])
async def test_a_stop_in_any_state_twice(state):
    gate = Gate()
    items = make(gate, batch_size=10, buffer_size=20, process_count=30)
    waiting = None
    if state != "new":
        items.start()
        await until(lambda: gate.asked)
    if state == "waiting":
        waiting = asyncio.create_task(anext(items, "ended"))
        await until(lambda: items.stats()["stalls"] == 1)
    if state in ("full", "over"):
        gate.open.set()
        await until(lambda: items.stats()["buffer_items"] == 20)
    if state == "over":
        assert [item async for item in items] == list(range(30))
    await items.stop()
    await items.stop()
    if waiting is not None:
        assert await waiting == "ended"
    assert [item async for item in items] == []
    assert gate.cancelled == (state in ("fetching", "waiting"))


async def test_a_stop_from_another_thread():
    items = make(batch_size=5)
    loop = asyncio.get_running_loop()

    def stop():
        asyncio.run_coroutine_threadsafe(items.stop(), loop).result(PATIENCE)

    thread = threading.Thread(target=stop)
    seen = []
    async for item in items:
        seen.append(item)
        if len(seen) == 50:
            thread.start()
    await asyncio.to_thread(thread.join, PATIENCE)
    assert seen == list(range(len(seen)))


async def test_a_fetching_task_that_somebody_cancels_does_not_leave_the_consumer_waiting():
    gate = Gate()
    items = make(gate).start()
    await until(lambda: gate.asked)
    for task in asyncio.all_tasks():
        if task.get_name() == "prefetch":
            task.cancel()
    with pytest.raises(RuntimeError, match="was cancelled"):
        await anext(items)


async def test_one_that_is_let_go_ends_its_tasks():
    items = make()
    assert await anext(items) == 0
    del items
    await until(lambda: not [t for t in asyncio.all_tasks() if t.get_name() == "prefetch"])


async def test_hooks_tell_of_batches_and_stalls_and_one_that_raises_ends_the_stream():
    seen = []
    async with make(batch_size=10, process_count=20, hook=seen.append) as items:
        assert len([item async for item in items]) == 20
    kinds = [event.kind for event in seen]
    assert kinds.count(EventKind.BATCH_FETCHED) == 2
    assert kinds.count(EventKind.STALL_STARTED) == kinds.count(EventKind.STALL_FINISHED) >= 1

    def broken(event):
        if event.kind is EventKind.BATCH_FETCHED:
            raise ValueError("hook")

    with pytest.raises(ValueError, match="hook"):
        await anext(make(hook=broken))
    await asyncio.sleep(0)
