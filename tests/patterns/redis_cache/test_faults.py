from __future__ import annotations

import multiprocessing
import pickle
import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import redis
from forked import exit_status
from processes import until
from redis.exceptions import AuthenticationError, BusyLoadingError

from perflab.errors import BadInputError
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache._envelope import Envelope
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer

KEY = b"k" * 32


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer.start() as started:
        yield started


def test_killed_and_restarted_twenty_times_under_load(server: RedisServer) -> None:
    settings = RedisCacheSettings(timeout=0.2, breaker_seconds=0.1)
    cache = RedisCache(settings, url=server.url)
    wrong: list[object] = []
    stop = threading.Event()

    def work(seed: int) -> None:
        number = seed
        while not stop.is_set():
            number = (number * 31 + 7) % 50
            try:
                value = cache.get_or_load(f"key{number}", lambda n=number: {"n": n})
                if value != {"n": number}:
                    wrong.append(value)
            except Exception as error:  # noqa: BLE001
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    late = []
    try:
        for _ in range(20):
            time.sleep(0.1)
            server.kill()
            time.sleep(0.1)
            server.restart()
            before, restarted = cache.stats()["hits"], time.monotonic()
            while cache.stats()["hits"] <= before and time.monotonic() < restarted + 30:
                time.sleep(0.01)
            late.append(cache.stats()["hits"] <= before)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert not any(late)
    assert cache.stats()["fallbacks"] > 0
    cache.close()


def test_frozen_server_opens_the_breaker_and_the_loader_serves(server: RedisServer) -> None:
    settings = RedisCacheSettings(timeout=0.25, retries=1, breaker_failures=4, breaker_seconds=60)
    cache = RedisCache(settings, url=server.url)
    cache.set("a", 1)
    server.freeze()
    try:
        values = [cache.get_or_load("a", lambda: 2) for _ in range(50)]
        assert cache.breaker_state == "open"
    finally:
        server.thaw()
    stats = cache.stats()
    assert values == [2] * 50
    # Once the breaker is open nobody waits for the server: it was tried four times, no more.
    assert (stats["errors"], stats["breaker_openings"], stats["fallbacks"]) == (4, 1, 50)
    cache.close()


def test_breaker_closes_once_the_server_answers(server: RedisServer) -> None:
    settings = RedisCacheSettings(timeout=1, retries=0, breaker_failures=1, breaker_seconds=0.01)
    cache = RedisCache(settings, url=server.url)
    server.kill()
    assert cache.get_or_load("a", lambda: 1) == 1
    server.restart()
    end = time.monotonic() + 30
    while cache.breaker_state != "closed" and time.monotonic() < end:
        cache.get_or_load("a", lambda: 1)
    assert cache.breaker_state == "closed"
    assert cache.get("a") == 1
    cache.close()


def test_fifty_threads_that_miss_one_key_load_it_once(server: RedisServer) -> None:
    cache = RedisCache(RedisCacheSettings(timeout=5), url=server.url)
    loads: list[int] = []
    barrier = threading.Barrier(50)

    def load() -> str:
        loads.append(1)
        time.sleep(0.1)
        return "value"

    def ask() -> None:
        barrier.wait()
        assert cache.get_or_load("key", load) == "value"

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    cache.close()


def _ask_from_process(url: str, barrier, loads, values) -> None:
    cache = RedisCache(RedisCacheSettings(timeout=5), url=url)

    def load() -> str:
        with loads.get_lock():
            loads.value += 1
        time.sleep(0.2)
        return "value"

    barrier.wait()
    values.put(cache.get_or_load("key", load))


def test_four_processes_that_miss_one_key_load_it_once(server: RedisServer) -> None:
    context = multiprocessing.get_context("fork")
    barrier, loads, values = context.Barrier(4), context.Value("i", 0), context.Queue()
    processes = [
        context.Process(target=_ask_from_process, args=(server.url, barrier, loads, values))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    assert [values.get(timeout=30) for _ in processes] == ["value"] * 4
    for process in processes:
        process.join()
    assert loads.value == 1


@pytest.mark.parametrize("stampede", ["off", "early"])
def test_a_child_forked_during_a_refresh_refreshes_for_itself(server, stampede):
    settings = RedisCacheSettings(
        timeout=5, ttl_seconds=0.05, ttl_jitter=0, stale_seconds=600, stampede=stampede
    )
    cache = RedisCache(settings, url=server.url)
    begun, go_on = threading.Event(), threading.Event()

    def held():
        begun.set()
        assert go_on.wait(60)
        return "new"

    def refreshes():
        loaded = threading.Event()
        cache.get_or_load("key", lambda: loaded.set() or "newer")
        return loaded.wait(15)

    cache.set("key", "old")
    until(lambda: cache.get("key") is None)
    assert cache.get_or_load("key", held) == "old"
    assert begun.wait(30)
    assert exit_status(refreshes) == 0
    go_on.set()
    cache.close()


def test_a_full_server_that_evicts_nothing_is_a_miss_and_still_serves_hits() -> None:
    with RedisServer.start(policy="noeviction") as server:
        cache = RedisCache(RedisCacheSettings(timeout=5), url=server.url)
        cache.set("kept", 1)
        client = redis.Redis.from_url(server.url)
        client.config_set("maxmemory", 1)
        assert cache.get_or_load("new", lambda: 2) == 2
        assert not cache.set("other", 3)
        assert cache.get("kept") == 1
        assert cache.stats()["refused"] >= 2
        assert cache.breaker_state == "closed"
        cache.close()


def test_a_server_that_wants_a_password_is_a_miss(server: RedisServer) -> None:
    redis.Redis.from_url(server.url).config_set("requirepass", "secret")
    cache = RedisCache(RedisCacheSettings(timeout=5, retries=3), url=server.url)
    assert cache.get_or_load("a", lambda: 1) == 1
    stats = cache.stats()
    assert (stats["refused"], stats["retries"], stats["fallbacks"]) == (1, 0, 1)
    cache.close()


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "foreign", "other version"])
def test_a_damaged_entry_is_a_miss_and_is_loaded_anew(server: RedisServer, damage: str) -> None:
    cache = RedisCache(RedisCacheSettings(timeout=5), url=server.url)
    client = redis.Redis.from_url(server.url)
    cache.set("a", {"x": [1, 2, 3]})
    whole = client.get("perflab:k:a")
    bad = {
        "truncated": whole[:-2],
        "flipped": whole[:-1] + bytes([whole[-1] ^ 1]),
        "empty": b"",
        "foreign": pickle.dumps("no"),
        "other version": whole[:1] + b"\x09" + whole[2:],
    }[damage]
    client.set("perflab:k:a", bad)
    assert cache.get("a", "none") == "none"
    assert cache.get_or_load("a", lambda: 5) == 5
    assert cache.get("a") == 5
    assert cache.stats()["corrupt"] >= 1
    cache.close()


class Bomb:
    went_off = False

    def __reduce__(self):
        return (Bomb.go_off, ())

    @staticmethod
    def go_off() -> str:
        Bomb.went_off = True
        return "boom"


@pytest.mark.parametrize("reader", ["msgpack", "pickle", "pickle, other key"])
def test_a_forged_pickle_is_never_unpickled(server: RedisServer, reader: str) -> None:
    Bomb.went_off = False
    forged = Envelope("pickle", b"x" * 32).seal("perflab:k:a", Bomb(), 0, 0, nothing=False)
    redis.Redis.from_url(server.url).set("perflab:k:a", forged)
    settings = RedisCacheSettings(timeout=5, serializer=reader.split(",", maxsplit=1)[0])
    cache = RedisCache(settings, url=server.url, signing_key=None if reader == "msgpack" else KEY)
    assert cache.get_or_load("a", lambda: "right") == "right"
    assert not Bomb.went_off
    assert cache.stats()["corrupt"] >= 1
    cache.close()


def test_an_entry_moved_under_another_key_is_refused(server: RedisServer) -> None:
    cache = RedisCache(RedisCacheSettings(timeout=5), url=server.url, signing_key=KEY)
    cache.set("a", "of a")
    client = redis.Redis.from_url(server.url)
    client.set("perflab:k:b", client.get("perflab:k:a"))
    assert cache.get("b") is None
    assert cache.stats()["corrupt"] == 1
    cache.close()


def test_pickle_without_a_signing_key_is_refused() -> None:
    with pytest.raises(BadInputError, match="signing_key"):
        RedisCache(RedisCacheSettings(serializer="pickle"), url="redis://localhost")


def test_client_side_caching_on_a_valkey_is_one_clear_error(server: RedisServer) -> None:
    if "Valkey" not in server.version:
        pytest.skip("the server is a Redis, which may serve it")
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    redis.Redis.from_url(server.url).config_set("port", port)
    settings = RedisCacheSettings(
        timeout=5, client_cache_size=10, redis_host="127.0.0.1", redis_port=port
    )
    cache = RedisCache(settings)
    with pytest.raises(BadInputError, match=r"7\.4"):
        cache.get_or_load("a", lambda: 1)
    cache.close()


def test_client_side_caching_over_a_socket_file_is_one_clear_error() -> None:
    with pytest.raises(BadInputError, match="TCP"):
        RedisCache(RedisCacheSettings(client_cache_size=10), url="unix:///tmp/none.sock")


@pytest.mark.parametrize("error", [BusyLoadingError("LOADING"), AuthenticationError("NOAUTH")])
def test_a_server_that_refuses_everything_is_left_alone(error: Exception) -> None:
    asked: list[str] = []

    class Refusing:
        connection_pool = SimpleNamespace(connection_kwargs={})

        def get(self, name: str) -> bytes:
            asked.append(name)
            raise error

    settings = RedisCacheSettings(breaker_failures=3, breaker_seconds=60, retries=2)
    cache = RedisCache(settings, client=Refusing())
    assert [cache.get_or_load("a", lambda: 1) for _ in range(10)] == [1] * 10
    stats = cache.stats()
    assert len(asked) == 3
    assert (stats["refused"], stats["retries"], stats["fallbacks"]) == (3, 0, 10)
    assert cache.breaker_state == "open"


def test_a_write_that_fails_after_a_load_still_returns_the_value(server: RedisServer) -> None:
    cache = RedisCache(RedisCacheSettings(timeout=1), url=server.url)

    def load() -> int:
        server.kill()
        return 1

    assert cache.get_or_load("a", load) == 1
    assert cache.stats()["errors"] >= 1
    cache.close()


async def test_the_twin_opens_its_breaker_at_a_frozen_server(server: RedisServer) -> None:
    async def load() -> int:
        return 2

    settings = RedisCacheSettings(timeout=0.25, retries=1, breaker_failures=4, breaker_seconds=60)
    cache = AsyncRedisCache(settings, url=server.url)
    await cache.set("a", 1)
    server.freeze()
    try:
        assert [await cache.get_or_load("a", load) for _ in range(20)] == [2] * 20
    finally:
        server.thaw()
    stats = cache.stats()
    assert (stats["errors"], stats["breaker_openings"], stats["fallbacks"]) == (4, 1, 20)
    await cache.close()


def test_a_process_that_dies_with_the_lock_delays_others_no_longer_than_it_lasts(
    server: RedisServer,
) -> None:
    cache = RedisCache(RedisCacheSettings(timeout=5), url=server.url, lock_seconds=0.2)
    redis.Redis.from_url(server.url).set("perflab:l:a", b"of the dead", px=60_000)
    assert cache.get_or_load("a", lambda: 1) == 1
    assert cache.stats()["coalesced"] == 1
    cache.close()
