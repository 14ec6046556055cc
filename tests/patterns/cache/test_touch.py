"""`Cache.touch`, and writes over an entry that is there."""

from __future__ import annotations

import asyncio
import math
import threading
from datetime import timedelta

import pytest

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.primitives import VirtualClock


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture(params=["lazy", "eager"])
def expiry(request):
    return request.param


def test_touch_gives_a_new_life_from_now(clock, expiry):
    cache = Cache(clock=clock, ttl_seconds=10, expiry=expiry)
    cache["a"], cache["b"] = 1, 2
    clock.set(6)
    assert cache.touch("a") is True
    clock.set(15)
    assert list(cache) == ["a"]
    clock.set(16)
    assert list(cache) == []


@pytest.mark.parametrize(
    ("ttl", "end"),
    [(4, 9), (timedelta(seconds=4), 9), (lambda key, value: value, 8), (None, 15)],
)
def test_touch_takes_what_put_takes(clock, expiry, ttl, end):
    cache = Cache(clock=clock, ttl_seconds=10, expiry=expiry)
    cache["a"] = 3
    clock.set(5)
    assert cache.touch("a", ttl)
    clock.set(end - 0.5)
    assert "a" in cache
    clock.set(end)
    assert "a" not in cache


def test_touch_can_end_a_life_or_make_it_endless(clock, expiry):
    cache = Cache(clock=clock, ttl_seconds=10, expiry=expiry)
    cache["a"] = cache["b"] = 1
    assert cache.touch("a", math.inf)
    assert cache.touch("b", 0)
    clock.set(1e9)
    assert list(cache) == ["a"]
    assert cache.stats()["expirations"] == (1 if expiry == "eager" else 0)


def test_a_shorter_life_and_the_old_end_are_both_in_force_once(clock):
    gone = []
    cache = Cache(
        clock=clock, ttl_seconds=10, expiry="eager", on_evict=lambda key, *_: gone.append(key)
    )
    cache["a"], cache["b"] = 1, 2
    cache.touch("b", 3)
    cache.touch("b", 30)
    cache.touch("a", 5)
    clock.set(12)
    assert cache.stats()["expirations"] == 1
    clock.set(31)
    assert cache.stats()["expirations"] == 2
    assert gone == ["a", "b"]


def test_touch_of_an_absent_or_expired_key_is_false(clock, expiry):
    cache = Cache(clock=clock, ttl_seconds=10, expiry=expiry)
    assert cache.touch("a") is False
    cache["a"] = 1
    clock.set(10)
    assert cache.touch("a", 5) is False
    assert cache.touch("a", lambda key, value: 1 / 0) is False
    assert (cache.stats()["expirations"], len(cache)) == (1, 0)


@pytest.mark.parametrize("ttl", [-1, math.nan, "10", True, lambda key, value: -1])
def test_touch_refuses_a_ttl_as_put_does(ttl):
    cache = Cache()
    cache["a"] = 1
    with pytest.raises(BadInputError, match=r"ttl: .* is not a number of seconds, 0 or more"):
        cache.touch("a", ttl)
    with pytest.raises(BadInputError, match=r"ttl: .* is not a number of seconds, 0 or more"):
        cache.put("a", 1, ttl)


@pytest.mark.parametrize("policy", LIVE_POLICIES)
def test_touch_is_neither_a_lookup_nor_a_use(policy, clock):
    events = []
    cache = Cache(max_cache_size=20, policy=policy, clock=clock, hook=events.append)
    plain = Cache(max_cache_size=20, policy=policy, clock=clock)
    for key in [*range(20), 3, 3, 5]:
        cache.get_or_load(key, lambda key: key)
        plain.get_or_load(key, lambda key: key)
    events.clear()
    for key in (0, 1, 2, 7):
        assert cache.touch(key, 100)
    assert not events
    for key in range(30, 45):
        cache[key] = plain[key] = key
    assert sorted(cache) == sorted(plain)
    assert {**cache.stats(), "load_seconds_total": 0} == {**plain.stats(), "load_seconds_total": 0}


def test_a_new_ttl_counts_from_the_touch(clock):
    cache = Cache(clock=clock, ttl_seconds=10)
    cache["a"] = 1
    clock.set(5)
    cache.touch("a")
    cache.apply(ttl_seconds=20)
    clock.set(24)
    assert "a" in cache
    clock.set(25)
    assert "a" not in cache


def test_a_key_that_is_loading_or_failed_is_absent(clock):
    cache = Cache(clock=clock, negative_ttl_seconds=10)
    found = []

    def load(key):
        found.append(cache.touch(key))
        return key

    cache.get_or_load("a", load)
    assert found == [False]
    assert "a" in cache
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("b", lambda _: 1 / 0)
    assert not cache.touch("b", 100)
    clock.set(11)
    assert cache.get_or_load("b", lambda _: 2) == 2


def test_touch_does_not_void_a_load_beside_a_value():
    cache = Cache()

    async def aload(key):
        cache.get_or_load(key, lambda _: 1)
        cache.touch(key)
        return 2

    assert asyncio.run(cache.aget_or_load("a", aload)) == 2
    assert cache["a"] == 1


def test_a_ttl_of_the_value_is_asked_again_when_the_value_changes(clock):
    cache = Cache(clock=clock)
    cache["a"] = 1
    asked = []

    def ttl(key, value):
        asked.append(value)
        if value == 1:
            cache["a"] = 2
        return value

    assert cache.touch("a", ttl)
    assert asked == [1, 2]
    clock.set(1.5)
    assert "a" in cache
    clock.set(2)
    assert "a" not in cache


def test_an_expired_entry_that_is_touched_is_announced(clock):
    events, gone = [], []
    cache = Cache(
        clock=clock,
        ttl_seconds=1,
        hook=lambda event: events.append(event.kind),
        on_evict=lambda *about: gone.append(about),
    )
    cache["a"] = 1
    clock.set(1)
    cache.touch("a")
    assert events == [EventKind.EXPIRATION]
    assert gone == [("a", 1, "expired")]


@pytest.mark.parametrize("policy", LIVE_POLICIES)
def test_threads_touch_write_and_hit_together(policy, expiry):
    cache = Cache(max_cache_size=30, policy=policy, expiry=expiry, ttl_seconds=0.001)
    problems = []

    def work(number):
        try:
            for turn in range(1500):
                key = (turn * number) % 60
                cache.get_or_load(key, lambda key: key)
                cache.touch(key, 0.0005 * (turn % 4))
                cache.put(key, key)
                assert cache.get(key, key) == key
        except BaseException as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 7, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    stats = cache.stats()
    assert stats["entries"] == len(cache) <= 30
    assert len(cache._store.queue) == stats["entries"]


def test_a_value_that_grows_lets_others_leave_and_stays():
    gone = []
    cache = Cache(
        max_bytes=10,
        policy="fifo",
        sizeof=lambda key, value: value,
        on_evict=lambda *about: gone.append(about),
    )
    cache["a"], cache["b"], cache["c"] = 2, 4, 4
    cache["b"] = 6
    assert gone == [("a", 2, "evicted")]
    cache["b"] = 8
    # FIFO lets the entry itself go first, with its old value; the new one comes in after.
    assert gone[1:] == [("b", 6, "evicted"), ("c", 4, "evicted")]
    assert cache["b"] == 8
    assert cache.stats()["bytes"] == sum(cache.values()) <= 10


def test_a_memoized_result_that_is_written_over_is_no_more_of_its_function():
    cache = Cache()
    price = cache.memoize(key=lambda item: item)(len)
    price("pear")
    cache["pear"] = 7
    price.cache_clear()
    assert cache["pear"] == 7
