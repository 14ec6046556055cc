"""What is read after a key was removed or written while it was being loaded, and in a fork."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from forked import exit_status
from processes import until

from perflab.patterns.cache import Cache
from perflab.patterns.cache.policies import LIVE_POLICIES

MAIN = ("put", "set", "update", "del", "pop", "clear", "setdefault")
MEMOIZED = ("forget", "cache_clear", "clear")
SPACES = [("main", way) for way in MAIN] + [
    (space, way) for space in ("one", "two", "method", "key") for way in MEMOIZED
]


class Loading:
    """A cache whose key is being loaded, in one of the ways to ask for it."""

    def __init__(self, space, cache=None):
        self.cache = Cache() if cache is None else cache
        self.database, self.loads = "old", 0
        self.read, self.go_on = threading.Event(), threading.Event()
        cache = self.cache

        def load(*_):
            self.loads += 1
            value = self.database
            self.read.set()
            assert value == "new" or self.go_on.wait(30)
            return value

        class Shop:
            @cache
            def price(self, x):
                return load()

        shop = Shop()
        self.function = {
            "main": None,
            "one": cache(lambda x: load()),
            "two": cache(lambda x, y=0: load()),
            "method": shop.price,
            "key": cache.memoize(key=lambda x: ("made", x))(load),
        }[space]
        main = lambda key: cache.get_or_load(key, load)  # noqa: E731
        self.ask = lambda: (self.function or main)("k")

    def change(self, way):
        cache, function = self.cache, self.function
        if way == "forget":
            function.forget("k")
        elif way == "cache_clear":
            function.cache_clear()
        elif way == "clear":
            cache.clear()
        elif way == "pop":
            cache.pop("k", None)
        elif way == "del":
            with pytest.raises(KeyError):
                del cache["k"]
        elif way == "put":
            cache.put("k", "new")
        elif way == "set":
            cache["k"] = "new"
        elif way == "update":
            cache.update(k="new")
        else:
            assert cache.setdefault("k", "new") == "new"


@pytest.mark.parametrize(("space", "way"), SPACES)
def test_a_thread_after_a_change_does_not_get_what_was_before(space, way):
    loading = Loading(space)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(loading.ask)
        assert loading.read.wait(30)
        waiting = pool.submit(loading.ask)
        until(lambda: loading.cache.stats()["coalesced"] == 1)
        loading.database = "new"
        loading.change(way)
        assert loading.ask() == "new"
        loading.go_on.set()
        assert [first.result(30), waiting.result(30)] == ["old", "old"]
    assert loading.ask() == "new"
    written = way in ("put", "set", "update", "setdefault")
    assert loading.loads == (1 if written else 2)
    stats = loading.cache.stats()
    assert stats["entries"] == 1
    assert stats["hits"] + stats["misses"] == 4 + (way == "setdefault")


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@pytest.mark.parametrize("expiry", ["lazy", "eager"])
def test_it_holds_for_every_policy_and_expiry(policy, expiry):
    cache = Cache(policy=policy, expiry=expiry, ttl_seconds=60, max_bytes=10_000)
    loading = Loading("main", cache)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(loading.ask)
        assert loading.read.wait(30)
        loading.database = "new"
        cache.pop("k", None)
        assert loading.ask() == "new"
        loading.go_on.set()
        assert first.result(30) == "old"
    assert cache["k"] == "new"


@pytest.mark.parametrize("way", ["forget", "cache_clear", "clear", "pop", "put"])
async def test_a_task_after_a_change_does_not_get_what_was_before(way):
    cache, database, go_on = Cache(), ["old"], asyncio.Event()

    async def load(_):
        value = database[0]
        if value == "old":
            await go_on.wait()
        return value

    fetch = cache(load)
    main = way in ("pop", "put")

    def ask():
        return cache.aget_or_load("k", load) if main else fetch("k")

    first, waiting = asyncio.create_task(ask()), asyncio.create_task(ask())
    await asyncio.sleep(0.01)
    database[0] = "new"
    if way == "put":
        cache.put("k", "new")
    elif way == "pop":
        cache.pop("k", None)
    elif way == "clear":
        cache.clear()
    else:
        fetch.forget("k") if way == "forget" else fetch.cache_clear()
    assert await asyncio.wait_for(ask(), 30) == "new"
    go_on.set()
    assert await asyncio.wait_for(asyncio.gather(first, waiting), 30) == ["old", "old"]
    assert await ask() == "new"


def test_an_error_of_a_load_from_before_a_removal_is_not_kept():
    cache, read, go_on = Cache(negative_ttl_seconds=60), threading.Event(), threading.Event()

    def load(key):
        read.set()
        assert go_on.wait(30)
        raise OSError(key)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get_or_load, "k", load)
        assert read.wait(30)
        cache.pop("k", None)
        go_on.set()
        assert isinstance(first.exception(30), OSError)
    assert cache.get_or_load("k", str) == "k"


async def test_threads_and_tasks_each_load_a_key_once_at_a_time():
    cache, calls = Cache(max_cache_size=1), []
    read, go_on = threading.Event(), threading.Event()

    def load(key):
        calls.append("thread")
        read.set()
        assert go_on.wait(30)
        return "thread"

    async def aload(key):
        calls.append("task")
        await asyncio.to_thread(go_on.wait, 30)
        return "task"

    with ThreadPoolExecutor(3) as pool:
        threads = [pool.submit(cache.get_or_load, "k", load) for _ in range(3)]
        assert read.wait(30)
        tasks = [asyncio.create_task(cache.aget_or_load("k", aload)) for _ in range(3)]
        await asyncio.to_thread(until, lambda: cache.stats()["coalesced"] == 4)
        go_on.set()
        assert await asyncio.wait_for(asyncio.gather(*tasks), 30) == ["task"] * 3
        assert [each.result(30) for each in threads] == ["thread"] * 3
    assert sorted(calls) == ["task", "thread"]
    assert cache["k"] in ("task", "thread")
    assert not cache._store.rivals


async def test_a_load_goes_on_beside_a_value_that_ended_first_and_left():
    cache, read, go_on, calls = Cache(), threading.Event(), threading.Event(), []

    def load(key):
        calls.append(key)
        read.set()
        assert go_on.wait(30)
        return "thread"

    async def aload(key):
        return "task"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_load, "k", load)
        assert read.wait(30)
        assert await cache.aget_or_load("k", aload) == "task"
        assert cache.popitem() == ("k", "task")
        second = pool.submit(cache.get_or_load, "k", load)
        await asyncio.to_thread(until, lambda: cache.stats()["coalesced"] == 1)
        go_on.set()
        assert [first.result(30), second.result(30)] == ["thread", "thread"]
    assert calls == ["k"]


@pytest.mark.parametrize("space", ["main", "one", "two", "method"])
def test_a_child_forked_during_a_load_loads_for_itself(space):
    loading = Loading(space)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(loading.ask)
        assert loading.read.wait(30)
        waiting = pool.submit(loading.ask)
        until(lambda: loading.cache.stats()["coalesced"] == 1)

        def in_child():
            loading.database = "new"
            return loading.ask() == "new" and loading.cache.stats()["entries"] == 1

        assert exit_status(in_child) == 0
        loading.go_on.set()
        assert [first.result(30), waiting.result(30)] == ["old", "old"]


def test_a_child_keeps_what_was_there():
    cache = Cache()
    cache.update({key: key for key in range(100)})
    assert exit_status(lambda: dict(cache) == {key: key for key in range(100)}) == 0


def test_a_loader_that_forks_ends_on_both_sides():
    cache = Cache()
    statuses = []

    def load(key):
        statuses.append(exit_status(lambda: cache.get_or_load("other", str) == "other"))
        return "loaded"

    assert cache.get_or_load("k", load) == "loaded"
    assert statuses == [0]

    def load_in_child(key):
        child = os.fork()
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return "child"

    got = cache.get_or_load("both", load_in_child)
    if got == "child":
        os._exit(0 if cache["both"] == "child" else 1)
    assert got == 0


def test_children_forked_at_any_moment_find_a_cache_in_order():
    cache, over = Cache(max_cache_size=20, ttl_seconds=0.01, expiry="eager"), threading.Event()

    def hammer(seed):
        step = 0
        while not over.is_set():
            step += 1
            cache.get_or_load((step * seed) % 50, str)
            if step % 7 == 0:
                cache.pop((step * seed) % 50, None)

    def in_child():
        for key in range(50):
            assert cache.get_or_load(key, str) == str(key)
        store = cache._store
        queued = store.queue.entries()
        return (
            set(queued) == set(store.main.entries.values())
            and store.held == len(queued) <= 20
            and store.bytes == sum(entry.size for entry in queued)
        )

    threads = [threading.Thread(target=hammer, args=(seed,)) for seed in (7, 11, 13)]
    for thread in threads:
        thread.start()
    try:
        assert [exit_status(in_child) for _ in range(25)] == [0] * 25
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_fork_that_cannot_have_the_lock_begins_with_an_empty_cache():
    held, let_go = threading.Event(), threading.Event()

    class Slow:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            held.set()
            return let_go.wait(30)

    cache = Cache()
    cache["own"] = 1
    slow = Slow()
    cache[slow] = 1
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(cache.put, Slow(), 2)
        assert held.wait(30)

        def in_child():
            return cache.get("own") is None and cache.get_or_load("own", str) == "own"

        assert exit_status(in_child) == 0
        let_go.set()
        writing.result(30)
    assert cache["own"] == 1


def test_a_writer_reads_its_own_write_while_event_loops_load():
    cache, versions, over = Cache(max_cache_size=5), [0] * 4, threading.Event()

    async def load(key):
        version = versions[key]
        await asyncio.sleep(0)
        return version

    async def use():
        while not over.is_set():
            await asyncio.gather(*(cache.aget_or_load(key, load) for key in range(4)))

    with ThreadPoolExecutor(3) as pool:
        users = [pool.submit(asyncio.run, use()) for _ in range(2)]
        try:
            for step in range(2000):
                key = step % 4
                versions[key] += 1
                cache.pop(key, None)
                assert cache.get_or_load(key, versions.__getitem__) == versions[key]
        finally:
            over.set()
        for user in users:
            user.result(60)
    assert not cache._store.rivals
