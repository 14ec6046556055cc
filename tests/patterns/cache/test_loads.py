from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from interrupted import after_each_interruption

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.cache import Cache
from perflab.primitives import VirtualClock


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


class HeldLoader:
    """A loader that stays in its load until it is let go, and counts its calls."""

    def __init__(self, outcome="value"):
        self.outcome = outcome
        self.calls = 0
        self.leave = threading.Event()

    def __call__(self, key):
        self.calls += 1
        assert self.leave.wait(30)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def stampede(cache, loader, threads):
    """Let threads ask for one key at once; return what each got, or the error."""

    def ask(_):
        try:
            return cache.get_or_load("k", loader)
        except BaseException as error:  # noqa: BLE001 - what was raised is the outcome
            return error

    with ThreadPoolExecutor(threads) as pool:
        asked = pool.map(ask, range(threads))
        wait_until(lambda: cache.stats()["coalesced"] == threads - 1)
        loader.leave.set()
        return list(asked)


def test_two_hundred_threads_load_once():
    cache, loader = Cache(), HeldLoader()
    assert stampede(cache, loader, 200) == ["value"] * 200
    stats = cache.stats()
    assert loader.calls == stats["loads"] == 1
    assert (stats["hits"], stats["misses"], stats["coalesced"]) == (0, 200, 199)


def test_a_stampede_without_a_gate_loads_once():
    cache = Cache()
    ready = threading.Barrier(200, timeout=30)

    def ask(_):
        ready.wait()
        return cache.get_or_load("k", lambda key: time.sleep(0.01) or key)

    with ThreadPoolExecutor(200) as pool:
        assert list(pool.map(ask, range(200))) == ["k"] * 200
    stats = cache.stats()
    assert stats["loads"] == 1
    assert stats["hits"] + stats["misses"] == 200


async def test_two_hundred_tasks_load_once():
    cache = Cache()

    async def load(key):
        await asyncio.sleep(0.01)
        return key

    asked = await asyncio.gather(*(cache.aget_or_load("k", load) for _ in range(200)))
    assert asked == ["k"] * 200
    stats = cache.stats()
    assert stats["loads"] == 1
    assert (stats["misses"], stats["coalesced"]) == (200, 199)
    assert await cache.aget_or_load("k", load) == "k"
    assert cache.stats()["hits"] == 1


def test_an_error_reaches_all_who_wait_and_is_not_kept():
    cache, error = Cache(), LookupError("gone")
    assert all(got is error for got in stampede(cache, HeldLoader(error), 20))
    assert "k" not in cache
    assert cache.get_or_load("k", str) == "k"
    stats = cache.stats()
    assert (stats["loads"], stats["load_errors"], stats["negative_hits"]) == (2, 1, 0)


async def test_an_error_reaches_all_tasks_that_wait():
    cache, error = Cache(), LookupError("gone")

    async def load(key):
        await asyncio.sleep(0.01)
        raise error

    asked = (cache.aget_or_load("k", load) for _ in range(20))
    got = await asyncio.gather(*asked, return_exceptions=True)
    assert all(each is error for each in got)
    assert cache.stats()["loads"] == 1


def test_an_interrupted_loader_leaves_the_load_to_one_who_waits():
    cache, interruption = Cache(), KeyboardInterrupt()
    first = HeldLoader(interruption)
    second = []

    def ask(loader):
        return cache.get_or_load("k", loader)

    with ThreadPoolExecutor(9) as pool:
        leader = pool.submit(ask, first)
        wait_until(lambda: first.calls)
        waiters = [pool.submit(ask, lambda k: second.append(k) or "again") for _ in range(8)]
        wait_until(lambda: cache.stats()["coalesced"] == 8)
        first.leave.set()
        assert isinstance(leader.exception(30), KeyboardInterrupt)
        assert [waiter.result(30) for waiter in waiters] == ["again"] * 8
    assert second == ["k"]
    stats = cache.stats()
    assert (stats["loads"], stats["load_errors"]) == (2, 1)
    assert (stats["misses"], stats["hits"]) == (9, 0)


async def test_a_cancelled_caller_hands_its_load_to_those_who_wait():
    cache = Cache()
    calls, go_on = [], asyncio.Event()

    async def load(key):
        calls.append(key)
        await go_on.wait()
        return "once"

    tasks = [asyncio.create_task(cache.aget_or_load("k", load)) for _ in range(9)]
    await asyncio.sleep(0.001)
    tasks[0].cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.wait_for(asyncio.gather(*tasks[1:]), 30) == ["once"] * 8
    assert tasks[0].cancelled()
    assert calls == ["k"]
    stats = cache.stats()
    assert (stats["misses"], stats["coalesced"], stats["loads"]) == (9, 8, 1)
    assert cache["k"] == "once"


def test_an_error_is_kept_for_a_while_and_then_tried_again():
    clock = VirtualClock()
    cache = Cache(negative_ttl_seconds=5, clock=clock)
    error = LookupError("gone")
    calls = []

    def load(key):
        calls.append(key)
        raise error

    for second in (0, 1, 4.9, 5, 6):
        clock.set(second)
        with pytest.raises(LookupError) as caught:
            cache.get_or_load("k", load)
        assert caught.value.args == error.args
    assert len(calls) == 2
    stats = cache.stats()
    assert (stats["negative_hits"], stats["misses"], stats["hits"]) == (3, 5, 0)
    assert (stats["loads"], stats["load_errors"], stats["entries"]) == (2, 2, 1)


def test_a_kept_error_does_not_collect_tracebacks():
    cache, error = Cache(negative_ttl_seconds=60), LookupError("gone")

    def load(key):
        raise error

    for _ in range(100):
        with pytest.raises(LookupError):
            cache.get_or_load("k", load)
    depth, at = 0, error.__traceback__
    while at is not None:
        depth, at = depth + 1, at.tb_next
    assert depth < 20


@pytest.mark.parametrize("undo", ["put", "delete", "clear", "setting"])
def test_a_kept_error_goes_when_the_key_is_written_or_removed(undo):
    cache = Cache(negative_ttl_seconds=60)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("k", lambda _: 1 / 0)
    if undo == "put":
        cache.put("k", 1)
        del cache["k"]
    elif undo == "delete":
        cache.pop("k", None)
    elif undo == "clear":
        cache.clear()
    else:
        cache.apply(negative_ttl_seconds=None)
    assert cache.get_or_load("k", str) == "k"


def test_kept_errors_are_no_more_than_entries_may_be():
    cache = Cache(max_cache_size=3, negative_ttl_seconds=60)
    for key in range(10):
        with pytest.raises(ZeroDivisionError):
            cache.get_or_load(key, lambda _: 1 / 0)
    assert cache.stats()["entries"] == 3
    assert list(cache) == []
    for key, outcome in ((9, ZeroDivisionError), (0, None)):
        with pytest.raises(outcome) if outcome else contextlib.nullcontext():
            assert cache.get_or_load(key, str) == "0"


def test_an_interruption_is_never_kept():
    cache = Cache(negative_ttl_seconds=60)

    def load(key):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.get_or_load("k", load)
    assert cache.get_or_load("k", str) == "k"


@pytest.mark.parametrize("way", ["put", "delete", "clear"])
def test_a_change_during_a_load_wins(way):
    cache, loader = Cache(), HeldLoader("stale")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(cache.get_or_load, "k", loader)
        wait_until(lambda: loader.calls)
        if way == "put":
            cache.put("k", "fresh")
        elif way == "delete":
            cache.pop("k", None)
        else:
            cache.clear()
        loader.leave.set()
        assert asked.result(30) == "stale"
    assert cache.get("k") == ("fresh" if way == "put" else None)
    assert all(entry.owner is None for entry in cache._entries.values())


def test_a_loader_may_load_other_keys():
    cache = Cache()

    def fibonacci(n):
        if n < 2:
            return n
        return cache.get_or_load(n - 1, fibonacci) + cache.get_or_load(n - 2, fibonacci)

    assert cache.get_or_load(20, fibonacci) == 6765
    assert cache.stats()["loads"] == 21


def test_a_loader_that_asks_for_its_own_key_is_told():
    cache = Cache()

    def load(key):
        return cache.get_or_load(key, load)

    with pytest.raises(RuntimeError, match="asks for"):
        cache.get_or_load("k", load)
    assert cache.get_or_load("k", str) == "k"


async def test_a_coroutine_loader_that_asks_for_its_own_key_is_told():
    cache = Cache()

    async def load(key):
        return await cache.aget_or_load(key, load)

    with pytest.raises(RuntimeError, match="asks for"):
        await cache.aget_or_load("k", load)


def test_a_coroutine_function_is_no_loader_for_threads():
    cache = Cache()

    async def load(key):
        return key

    with pytest.raises(BadInputError, match="aget_or_load"):
        cache.get_or_load("k", load)
    assert "k" not in cache


def test_waiting_is_told_to_the_hook():
    events = []
    cache, loader = Cache(hook=events.append), HeldLoader()
    stampede(cache, loader, 3)
    kinds = [event.kind for event in events]
    assert kinds.count(EventKind.MISS) == 3
    assert kinds.count(EventKind.WAIT_STARTED) == 2
    ended = [event for event in events if event.kind is EventKind.WAIT_FINISHED]
    assert len(ended) == 2
    assert all(event.seconds > 0 for event in ended)


def test_a_failed_load_is_told_with_its_error():
    events = []
    cache, error = Cache(hook=events.append), LookupError("gone")

    def load(key):
        raise error

    with pytest.raises(LookupError):
        cache.get_or_load("k", load)
    assert [event.kind for event in events] == ["miss", "load_started", "load_failed"]
    assert events[-1].detail is error


def test_a_callback_that_raises_reaches_the_caller_and_the_value_is_kept():
    def complain(key, value, reason):
        raise OSError(key)

    cache = Cache(max_cache_size=1, on_evict=complain)
    cache["a"] = 1
    with pytest.raises(OSError, match="a"):
        cache.get_or_load("b", str)
    assert list(cache) == ["b"]
    assert cache.stats()["load_errors"] == 0


def test_time_in_loaders_is_summed():
    cache = Cache()
    cache.get_or_load("a", lambda _: time.sleep(0.02))
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("b", lambda _: 1 / 0)
    cache.get_or_load("a", str)
    assert 0.02 <= cache.stats()["load_seconds_total"] < 5


@pytest.mark.parametrize("way", ["get_or_load", "decorated", "two arguments"])
@pytest.mark.parametrize("negative_ttl_seconds", [None, 0.001])
# An interruption of a finalizer is only reported.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_of_a_failed_load_leaves_its_key_free(way, negative_ttl_seconds):
    cache = Cache(max_cache_size=5, negative_ttl_seconds=negative_ttl_seconds)
    failing = [1]

    def load(*_):
        return 1 // (not failing)

    @cache
    def one(key):
        return load(key)

    @cache
    def two(key, more):
        return load(key, more)

    ask = {
        "get_or_load": lambda: cache.get_or_load("k", load),
        "decorated": lambda: one("k"),
        "two arguments": lambda: two("k", 1),
    }[way]

    def fail():
        with contextlib.suppress(ZeroDivisionError):
            ask()

    def loads_again():
        failing.clear()
        cache.clear()
        assert ask() == 1
        cache.clear()
        failing.append(1)

    def is_free():
        # A kept error is no value, and a load that was left would be a RuntimeError.
        fail()
        loads_again()

    after_each_interruption(fail, is_free, times=200)
