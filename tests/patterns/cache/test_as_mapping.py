"""A cache as a mapping: what `dict`, `MutableMapping` and `cachetools` lead its users to expect."""

from __future__ import annotations

import copy
import pickle
from collections.abc import ItemsView, KeysView, MutableMapping, ValuesView
from datetime import timedelta

import cachetools
import pytest

from perflab.errors import BadInputError
from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.primitives import VirtualClock

ONE_QUEUE = [policy for policy in LIVE_POLICIES if policy != "s3fifo"]
PEERS = {"lru": cachetools.LRUCache, "fifo": cachetools.FIFOCache, "lfu": cachetools.LFUCache}


@pytest.fixture(params=["cache", "cachetools", "dict"])
def mapping(request):
    return {"cache": Cache, "cachetools": lambda: cachetools.LRUCache(100), "dict": dict}[
        request.param
    ]()


def test_it_is_used_as_any_mutable_mapping(mapping):
    assert isinstance(mapping, MutableMapping)
    mapping.update({"a": 1, "b": 2}, c=3)
    mapping["d"] = 4
    assert dict(mapping) == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert len(mapping) == 4
    assert list(mapping) == list(mapping.keys()) == ["a", "b", "c", "d"]
    assert list(mapping.values()) == [1, 2, 3, 4]
    assert list(mapping.items()) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert mapping.setdefault("a", 9) == 1
    assert mapping.setdefault("e", 5) == mapping["e"] == 5
    assert mapping.setdefault("n") is None
    assert "n" in mapping
    assert mapping.pop("a") == 1
    assert mapping.pop("a", None) is None
    with pytest.raises(KeyError):
        mapping.pop("a")
    with pytest.raises(KeyError):
        del mapping["a"]
    with pytest.raises(KeyError, match="missing"):
        mapping["missing"]
    assert mapping.get("missing") is None
    assert mapping.get("missing", 7) == 7
    mapping.clear()
    assert not mapping
    with pytest.raises(KeyError):
        mapping.popitem()


def test_views_are_those_of_a_mapping_and_follow_it(mapping):
    mapping.update(a=1, b=2)
    keys, values, items = mapping.keys(), mapping.values(), mapping.items()
    assert isinstance(keys, KeysView)
    assert isinstance(values, ValuesView)
    assert isinstance(items, ItemsView)
    mapping["c"] = 3
    assert (len(keys), len(values), len(items)) == (3, 3, 3)
    assert "c" in keys
    assert 3 in values
    assert ("c", 3) in items
    assert ("c", 4) not in items
    assert ("x", 3) not in items
    assert keys & {"a", "x"} == {"a"}
    assert items - {("a", 1)} == {("b", 2), ("c", 3)}
    del mapping["a"]
    assert set(keys) == {"b", "c"}


def test_views_count_and_move_nothing():
    cache = Cache(max_cache_size=2)
    cache.update(a=1, b=2)
    list(cache.items()), list(cache.values()), list(cache.keys())
    _ = ("a", 1) in cache.items(), 1 in cache.values(), len(cache.items())
    cache["c"] = 3
    assert list(cache) == ["b", "c"]
    assert cache.stats()["hits"] == cache.stats()["misses"] == 0


def test_views_show_neither_what_expired_nor_results_of_functions():
    clock = VirtualClock()
    cache = Cache(clock=clock)
    cache.put("short", 1, ttl=1)
    cache.put("long", 2, ttl=5)
    cache(lambda x: x)("result")
    clock.set(1)
    assert dict(cache.items()) == {"long": 2}
    assert list(cache.values()) == [2]
    assert (len(cache.keys()), len(cache.values()), len(cache.items())) == (1, 1, 1)


def test_a_cache_may_change_while_it_is_gone_through():
    cache = Cache()
    cache.update(dict.fromkeys(range(10)))
    for key in cache:
        del cache[key]
        cache[f"new {key}"] = 1
    assert len(cache) == 10


@pytest.mark.parametrize("policy", ONE_QUEUE)
def test_popitem_takes_what_would_be_evicted_next(policy):
    cache, other = (Cache(max_cache_size=4, policy=policy) for _ in range(2))
    for each in (cache, other):
        each.update(a=1, b=2, c=3, d=4)
        each.get("a")
        each.get("b")
    gone = []
    other.apply(max_cache_size=4)
    for _ in range(4):
        before = set(other)
        other["new"] = 0
        other.pop("new")
        gone += before - set(other)
        if len(gone) == 4:
            break
        other.apply(max_cache_size=len(other))
    assert [cache.popitem()[0] for _ in range(4)] == gone
    assert cache.stats()["evictions"] == 0


@pytest.mark.parametrize("policy", PEERS)
def test_popitem_takes_what_it_takes_from_cachetools(policy):
    cache, peer = Cache(max_cache_size=9, policy=policy), PEERS[policy](9)
    for each in (cache, peer):
        each.update({key: key * 2 for key in range(9)})
        for key in (3, 1, 3, 8, 0, 1):
            _ = each[key]
    assert [cache.popitem() for _ in range(9)] == [peer.popitem() for _ in range(9)]


def test_popitem_leaves_results_of_functions_alone():
    cache = Cache()
    double = cache(lambda x: 2 * x)
    double(1)
    cache["own"] = 5
    double(2)
    assert cache.popitem() == ("own", 5)
    with pytest.raises(KeyError, match="empty"):
        cache.popitem()
    assert len(cache) == 2


def test_popitem_passes_over_what_expired():
    clock = VirtualClock()
    gone = []
    cache = Cache(clock=clock, on_evict=lambda *about: gone.append(about))
    cache.put("old", 1, ttl=1)
    cache["new"] = 2
    clock.set(1)
    assert cache.popitem() == ("new", 2)
    assert gone == [("old", 1, "expired")]
    assert cache.stats()["expirations"] == 1


def test_setdefault_is_one_lookup():
    cache = Cache()
    assert cache.setdefault("k", 1) == 1
    assert cache.setdefault("k", 2) == 1
    stats = cache.stats()
    assert (stats["hits"], stats["misses"], stats["loads"]) == (1, 1, 0)


def test_setdefault_of_what_is_too_large_returns_it_all_the_same():
    cache = Cache(max_bytes=10, sizeof=lambda key, value: value)
    assert cache.setdefault("k", 11) == 11
    assert "k" not in cache


@pytest.mark.parametrize(
    "attempt",
    [copy.copy, copy.deepcopy, pickle.dumps, lambda cache: copy.copy({"in": cache}["in"])],
)
def test_copies_and_pickles_are_refused_with_what_to_do(attempt):
    class Mine(Cache):
        pass

    for cache in (Cache(), Mine()):
        with pytest.raises(
            TypeError, match=rf"a {type(cache).__name__} .* dict\(cache.items\(\)\)"
        ):
            attempt(cache)


def test_caches_are_told_apart_by_what_they_are_not_by_what_they_hold():
    one, other = Cache(), Cache()
    assert one != other
    assert len({one, other}) == 2
    assert dict(one) == dict(other) == {}


def test_a_subclass_says_its_name():
    class Prices(Cache):
        pass

    assert repr(Prices(max_cache_size=7)) == "Prices(0 of 7 entries, lru)"


def test_equal_keys_are_one_as_in_a_dict():
    cache, plain = Cache(), {}
    for each in (cache, plain):
        each[1], each[True], each[1.0] = "int", "bool", "float"
        each["1"] = "text"
    assert dict(cache) == plain == {1: "float", "1": "text"}


@pytest.mark.parametrize("ttl", [timedelta(seconds=5), lambda key, value: timedelta(seconds=5), 5])
def test_a_timedelta_is_a_lifetime(ttl):
    clock = VirtualClock()
    cache = Cache(clock=clock)
    cache.put("put", 1, ttl=ttl)
    cache.get_or_load("loaded", str, ttl=ttl)
    cache.memoize(key=lambda x: x, ttl=ttl)(str)("called")
    clock.set(4.99)
    assert len(list(cache)) == 3
    clock.set(5)
    assert list(cache) == []


def test_a_timedelta_is_a_setting():
    clock = VirtualClock()
    cache = Cache(clock=clock, ttl_seconds=timedelta(minutes=1), negative_ttl_seconds="30s")
    assert cache.settings.ttl_seconds == 60
    cache["k"] = 1
    cache.apply(ttl_seconds=timedelta(milliseconds=500))
    clock.set(0.5)
    assert "k" not in cache
    with pytest.raises(BadInputError, match="ttl_seconds"):
        Cache(ttl_seconds=timedelta(0))


@pytest.mark.parametrize("ttl", [timedelta(seconds=-1), "5", True, float("nan")])
def test_a_lifetime_that_is_none_is_refused(ttl):
    with pytest.raises(BadInputError, match="is not a number of seconds"):
        Cache().put("k", 1, ttl=ttl)


class Moody:
    """A key that may change its mind about its hash."""

    def __init__(self, mood=0):
        self.mood = mood

    def __hash__(self):
        if self.mood is None:
            raise TypeError("in no mood")
        return self.mood


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@pytest.mark.parametrize("mood", [1, 2**60, None])
def test_a_key_whose_hash_changed_is_evicted_like_any_other(policy, mood):
    cache = Cache(max_cache_size=20, policy=policy)
    for step in range(300):
        key = Moody()
        cache.put(key, step)
        assert cache.get_or_load(step, str) == str(step)
        key.mood = mood
    stats = cache.stats()
    assert stats["entries"] <= 20
    assert len(cache._entries) <= 40
    assert stats["bytes"] == sum(entry.size for entry in cache._store.queue.entries())
    cache.clear()
    assert len(cache) == len(cache._entries) == 0


class Counted:
    """A key that counts how often it is hashed."""

    hashed = 0

    def __hash__(self):
        Counted.hashed += 1
        return 7


def hashes(act):
    Counted.hashed = 0
    act()
    return Counted.hashed


@pytest.mark.parametrize("policy", LIVE_POLICIES)
def test_a_key_is_hashed_twice_on_a_miss_and_once_on_a_hit(policy):
    clock = VirtualClock()
    cache, key = Cache(policy=policy, clock=clock, ttl_seconds=5), Counted()
    one, two = cache(lambda x: 1), cache(lambda x, y: 1)
    for ask in (
        lambda: cache.get_or_load(key, lambda _: 1),
        lambda: one(key),
        lambda: two(key, 1),
    ):
        assert hashes(ask) <= 2
        assert hashes(ask) == 1
        clock.advance(5)
        assert hashes(ask) <= 2
    clock.advance(5)
    assert hashes(lambda: cache.get(key)) == 2
    assert hashes(lambda: cache.get(key)) == 2
    assert hashes(lambda: cache.put(key, 2)) <= 2
    assert hashes(lambda: cache.get(key)) == 1
    assert hashes(lambda: cache.put(key, 3)) <= 2
    assert hashes(lambda: cache.pop(key)) <= 2


async def test_a_task_hashes_a_key_as_often():
    cache, key = Cache(), Counted()

    async def load(_):
        return 1

    Counted.hashed = 0
    await cache.aget_or_load(key, load)
    assert Counted.hashed <= 2
    Counted.hashed = 0
    await cache.aget_or_load(key, load)
    assert Counted.hashed == 1
