from __future__ import annotations

import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from perflab.errors import BadInputError
from perflab.instrumentation import Counters, EventKind
from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.primitives import VirtualClock

ITEM = 10


def of_ten_bytes(key, value):
    return ITEM


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture(params=LIVE_POLICIES)
def policy(request):
    return request.param


@pytest.fixture(params=[policy for policy in LIVE_POLICIES if policy != "s3fifo"])
def one_queue(request):
    """Return a policy under which, without hits, what was written first goes first."""
    return request.param


def test_mapping_access():
    cache = Cache()
    cache["a"] = 1
    cache.put("b", 2)
    assert cache["a"] == 1
    assert cache.get("b") == 2
    assert cache.get("c") is None
    assert cache.get("c", 5) == 5
    assert "a" in cache
    assert "c" not in cache
    assert len(cache) == 2
    assert list(cache) == ["a", "b"]
    del cache["a"]
    assert cache.pop("b") == 2
    assert cache.pop("b", 7) == 7
    assert len(cache) == 0
    for missing in (lambda: cache["a"], lambda: cache.pop("a"), lambda: cache.__delitem__("a")):
        with pytest.raises(KeyError, match="a"):
            missing()


@pytest.mark.parametrize("value", [None, 0, "", False, [], math.nan])
def test_empty_values_are_hits(value, policy):
    cache = Cache(policy=policy)
    calls = []

    def load(key):
        calls.append(key)
        return value

    for _ in range(3):
        assert cache.get_or_load("k", load) is value
    assert calls == ["k"]
    assert cache.stats()["hits"] == 2


def test_looking_whether_a_key_is_there_counts_nothing():
    cache = Cache(max_cache_size=2)
    cache["a"], cache["b"] = 1, 2
    assert "a" in cache
    assert list(cache) == ["a", "b"]
    cache["c"] = 3
    assert list(cache) == ["b", "c"]
    assert cache.stats()["hits"] == cache.stats()["misses"] == 0


def test_an_entry_lives_while_now_is_before_its_end(clock):
    cache = Cache(ttl_seconds=10, clock=clock)
    cache["k"] = 1
    clock.set(9.999)
    assert cache["k"] == 1
    clock.set(10)
    assert "k" not in cache
    assert list(cache) == []
    assert cache.get("k") is None
    assert len(cache) == 0


def test_a_hit_does_not_prolong_a_life(clock, policy):
    cache = Cache(ttl_seconds=10, clock=clock, policy=policy)
    for second in range(0, 20, 2):
        clock.set(second)
        cache.get_or_load("k", str)
    assert cache.stats()["loads"] == 2
    assert cache.stats()["expirations"] == 1


def test_an_expired_entry_found_is_one_expiration_and_one_miss(clock):
    cache = Cache(ttl_seconds=10, clock=clock)
    cache["k"] = 1
    clock.set(10)
    cache.get("k")
    stats = cache.stats()
    assert (stats["expirations"], stats["misses"], stats["evictions"]) == (1, 1, 0)
    cache.get("k")
    assert cache.stats()["expirations"] == 1


def test_an_expired_victim_is_not_an_eviction(clock, one_queue):
    gone = []
    cache = Cache(
        max_cache_size=2,
        policy=one_queue,
        clock=clock,
        ttl_seconds=10,
        on_evict=lambda key, value, reason: gone.append((key, value, reason)),
    )
    cache["old"] = 1
    clock.set(5)
    cache["mid"] = 2
    clock.set(12)
    cache["new"] = 3
    cache["last"] = 4
    assert gone == [("old", 1, "expired"), ("mid", 2, "evicted")]
    assert cache.stats()["expirations"] == cache.stats()["evictions"] == 1


def test_an_entrys_own_life_comes_before_the_caches(clock):
    cache = Cache(ttl_seconds=10, clock=clock)
    cache.put("short", 1, ttl=5)
    cache.put("long", 1, ttl=20)
    cache.put("ever", 1, ttl=math.inf)
    cache.put("never", 1, ttl=0)
    cache.get_or_load("by value", lambda _: 7, ttl=lambda key, value: value + len(key) - 8)
    assert "never" not in cache
    for second, live in ((4, 4), (5, 3), (7, 2), (10, 2), (20, 1), (1e9, 1)):
        clock.set(second)
        assert len(list(cache)) == live


@pytest.mark.parametrize("ttl", [-1, math.nan, "5", True, object()])
def test_a_life_that_is_no_number_is_refused(ttl):
    cache = Cache()
    with pytest.raises(BadInputError, match=r"ttl: .* is not a number of seconds"):
        cache.put("k", 1, ttl=ttl)
    with pytest.raises(BadInputError):
        cache.get_or_load("k", str, ttl=ttl)
    assert "k" not in cache


def test_a_shorter_life_counts_from_the_writing(clock):
    cache = Cache(clock=clock)
    cache["old"] = 1
    clock.set(8)
    cache["new"] = 1
    cache.put("own", 1, ttl=30)
    cache.apply(ttl_seconds=5)
    assert list(cache) == ["new", "own"]
    cache.apply(ttl_seconds=10)
    assert list(cache) == ["old", "new", "own"]
    cache.apply(ttl_seconds=None)
    clock.set(37)
    assert list(cache) == ["old", "new", "own"]
    clock.set(38)
    assert list(cache) == ["old", "new"]


def test_bytes_bound_what_is_held(one_queue):
    cache = Cache(max_bytes=3 * ITEM, sizeof=of_ten_bytes, policy=one_queue)
    for key in range(5):
        cache[key] = key
    assert list(cache) == [2, 3, 4]
    assert cache.stats()["bytes"] == 3 * ITEM
    assert cache.stats()["evictions"] == 2


def test_a_large_item_pushes_out_several():
    cache = Cache(max_bytes=30, sizeof=lambda key, value: value)
    for key in range(3):
        cache[key] = 10
    cache["large"] = 15
    assert list(cache) == [2, "large"]


def test_an_item_over_the_bound_alone_is_rejected_and_nothing_leaves_for_it():
    counters = Counters()
    gone = []
    cache = Cache(
        max_bytes=30,
        sizeof=lambda key, value: value,
        hook=counters,
        on_evict=lambda *about: gone.append(about),
    )
    cache["small"] = 10
    assert cache.get_or_load("large", lambda _: 31) == 31
    assert list(cache) == ["small"]
    assert cache.stats()["rejected"] == counters.snapshot()["rejected"] == 1
    assert not gone


def test_a_rejected_item_takes_the_place_of_the_old_one_away():
    cache = Cache(max_bytes=30, sizeof=lambda key, value: value)
    cache["k"] = 10
    cache["k"] = 31
    assert "k" not in cache
    assert cache.stats()["bytes"] == 0


def test_a_negative_size_is_refused():
    cache = Cache(sizeof=lambda key, value: -1)
    with pytest.raises(BadInputError, match=r"sizeof: -1 bytes for key 'k'"):
        cache["k"] = 1


def test_sizes_are_known_before_bytes_are_bound():
    cache = Cache(sizeof=of_ten_bytes)
    for key in range(5):
        cache[key] = key
    cache.apply(max_bytes=25)
    assert list(cache) == [3, 4]


def test_shrinking_evicts_at_once_by_the_policy(clock):
    kept = {}
    for policy in LIVE_POLICIES:
        gone = []
        cache = Cache(
            max_cache_size=4,
            policy=policy,
            on_evict=lambda key, value, reason, gone=gone: gone.append((key, reason)),
        )
        for key in "abcd":
            cache[key] = key
        cache.get("a")
        cache.get("c")
        cache.apply(max_cache_size=2)
        kept[policy] = "".join(cache)
        assert [reason for _, reason in gone] == ["resized", "resized"]
        assert cache.stats()["evictions"] == 2
    assert kept == {policy: "cd" if policy == "fifo" else "ac" for policy in LIVE_POLICIES}


def test_a_new_policy_takes_the_entries_over_in_their_order():
    cache = Cache(max_cache_size=3)
    for key in "abc":
        cache[key] = key
    cache.get("a")
    for policy in ("sieve", "fifo", "sieve", "lru"):
        cache.apply(policy=policy)
        assert [entry.key for entry in cache._store.queue.entries()] == ["b", "c", "a"]
    cache["d"] = "d"
    assert list(cache) == ["a", "c", "d"]


def test_visits_before_sieve_took_over_do_not_count():
    cache = Cache(max_cache_size=2, policy="fifo")
    cache["a"], cache["b"] = 1, 2
    cache.get("a")
    cache.apply(policy="sieve")
    cache["c"] = 3
    assert list(cache) == ["b", "c"]


def test_writing_a_key_again_is_a_use_and_a_new_life(one_queue, clock):
    gone = []
    cache = Cache(
        max_cache_size=2,
        policy=one_queue,
        clock=clock,
        ttl_seconds=10,
        on_evict=lambda *about: gone.append(about),
    )
    cache["a"], cache["b"] = 1, 2
    clock.set(6)
    cache["a"] = 3
    assert not gone
    clock.set(9)
    assert cache["a"] == 3
    cache["c"] = 4
    # A use is nothing to FIFO, which goes by when a key came in.
    assert gone == [("a", 3, "evicted") if one_queue == "fifo" else ("b", 2, "evicted")]
    clock.set(12)
    assert ("a" in cache) == (one_queue != "fifo")


def test_clearing_counts_nothing_but_empties():
    cache = Cache(sizeof=of_ten_bytes)
    cache["a"] = 1
    cache.clear()
    stats = cache.stats()
    assert (stats["entries"], stats["bytes"], stats["evictions"]) == (0, 0, 0)


def test_settings_come_as_an_object_or_singly():
    settings = CacheSettings(max_cache_size=5)
    assert Cache(settings).settings is not None
    assert Cache(settings, policy="sieve").settings == settings.change(policy="sieve")
    cache = Cache(settings)
    cache.apply(CacheSettings(max_cache_size=9), policy="fifo")
    assert cache.settings == CacheSettings(max_cache_size=9, policy="fifo")


@pytest.mark.parametrize(
    "wrong", [{"max_cache_size": 0}, {"policy": "lrru"}, {"max_size": 5}, {"policy": "opt"}]
)
def test_wrong_settings_are_refused_and_change_nothing(wrong):
    with pytest.raises(BadInputError):
        Cache(**wrong)
    cache = Cache(max_cache_size=7)
    with pytest.raises(BadInputError):
        cache.apply(**wrong)
    assert cache.settings == CacheSettings(max_cache_size=7)


def test_the_reason_why_a_policy_cannot_run_live():
    with pytest.raises(
        BadInputError, match=r"policy: OPT eviction knows the future.*what-if only.*lru, fifo"
    ):
        Cache(policy="opt")
    with pytest.raises(BadInputError, match=r"ARC eviction is built as a sim.*cannot run"):
        Cache(policy="arc")


def test_an_unhashable_key_is_a_plain_type_error():
    cache = Cache()
    for attempt in (
        lambda: cache.get_or_load([], str),
        lambda: cache.get([]),
        lambda: cache.put([], 1),
        lambda: [] in cache,
        lambda: cache(str)([]),
    ):
        with pytest.raises(TypeError, match="unhashable type: 'list'"):
            attempt()
    assert cache.stats()["loads"] == 0


def test_events_tell_what_the_counters_count(policy, clock):
    counters = Counters()
    cache = Cache(max_cache_size=2, policy=policy, clock=clock, ttl_seconds=1, hook=counters)
    for step in range(60):
        clock.set(step * 0.4)
        cache.get_or_load((step * step) % 7, str)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("k", lambda _: 1 / 0)
    stats, seen = cache.stats(), counters.snapshot()
    assert seen["hits"]
    assert seen["evictions"]
    assert seen["expirations"]
    for name in ("hits", "misses", "evictions", "expirations", "rejected", "loads", "load_errors"):
        assert stats[name] == seen[name], name
    assert stats["load_seconds_total"] == pytest.approx(seen["load_seconds_total"])
    assert stats["coalesced"] == seen["waits"]


def test_events_come_in_the_order_of_what_happened(clock):
    events = []
    cache = Cache(
        max_cache_size=1, ttl_seconds=5, clock=clock, sizeof=of_ten_bytes, hook=events.append
    )
    cache.get_or_load("a", str)
    cache.get_or_load("a", str)
    cache.get_or_load("b", str)
    clock.set(5)
    cache.get_or_load("b", str)
    assert [(event.kind, event.key, event.size) for event in events] == [
        (EventKind.MISS, "a", 0),
        (EventKind.LOAD_STARTED, "a", 0),
        (EventKind.LOAD_FINISHED, "a", 0),
        (EventKind.HIT, "a", ITEM),
        (EventKind.MISS, "b", 0),
        (EventKind.LOAD_STARTED, "b", 0),
        (EventKind.LOAD_FINISHED, "b", 0),
        (EventKind.EVICTION, "a", ITEM),
        (EventKind.EXPIRATION, "b", ITEM),
        (EventKind.MISS, "b", 0),
        (EventKind.LOAD_STARTED, "b", 0),
        (EventKind.LOAD_FINISHED, "b", 0),
    ]


def test_callbacks_may_use_the_cache():
    cache = Cache(max_cache_size=1, on_evict=lambda key, value, reason: cache.get(key))
    cache["a"] = 1
    cache["b"] = 2
    assert cache.stats()["misses"] == 1


def test_threads_lose_no_lookup(policy):
    cache = Cache(max_cache_size=50, policy=policy)

    def look_up(seed):
        for step in range(100_000):
            cache.get_or_load((step * seed) % 60, abs)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look_up, (7, 11, 13, 17, 19, 23, 29, 31)))
    stats = cache.stats()
    assert stats["hits"] + stats["misses"] == 800_000
    assert stats["misses"] == stats["loads"] + stats["coalesced"]
    assert stats["evictions"] == stats["loads"] - stats["entries"]


def test_settings_change_while_threads_hammer():
    cache = Cache(max_cache_size=100, sizeof=of_ten_bytes)
    over = threading.Event()
    lookups = []

    def hammer(seed):
        count = 0
        while not over.is_set():
            count += 1
            key = (count * seed) % 150
            assert cache.get_or_load(key, lambda k: k + 1) == key + 1
            if count % 50 == 0:
                cache.pop(key, None)
                cache.put(key, key + 1)
        lookups.append(count)

    with ThreadPoolExecutor(8) as pool:
        workers = [pool.submit(hammer, seed) for seed in (1, 7, 11, 13, 17, 19, 23, 29)]
        for step in range(300):
            cache.apply(
                max_cache_size=(5, 100, 37)[step % 3],
                policy=("lru", "sieve", "fifo", "sieve")[step % 4],
                ttl_seconds=(None, 0.001)[step % 2],
                max_bytes=(None, 200)[step % 5 == 0],
            )
        over.set()
        for worker in workers:
            worker.result(30)
    stats = cache.stats()
    assert stats["hits"] + stats["misses"] == sum(lookups)
    assert stats["entries"] == len(cache._entries) == len(cache._store.queue.entries())
    assert stats["bytes"] == stats["entries"] * ITEM
    assert stats["entries"] <= cache.settings.max_cache_size


def test_importing_the_pattern_loads_nothing_heavy():
    heavy = ("IPython", "matplotlib", "memory_profiler", "numba", "numpy", "pandas", "pyarrow")
    code = (
        "import sys, perflab.patterns.cache; "
        f"print([module for module in {heavy} if module in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
