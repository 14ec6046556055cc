"""A RedisCache whose caller is interrupted at any step, before a real server."""

from __future__ import annotations

import pytest
from interrupted import after_each_interruption

from perflab.patterns.redis_cache import RedisCache
from perflab.patterns.redis_cache._batches import answer_many
from perflab.patterns.redis_cache._logic import Logic
from perflab.patterns.redis_cache._steps import Load
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


def cache_of(server, stampede):
    return RedisCache(
        RedisCacheSettings(cache_namespace=f"interrupted{stampede}", stampede=stampede, timeout=5),
        url=server.url,
        lock_seconds=0.2,
    )


# An interruption of a finalizer is only reported.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("stampede", ["lock", "early", "off"])
def test_a_key_is_loaded_again_after_an_interruption_at_any_step(server, stampede):
    cache = cache_of(server, stampede)

    def ask():
        cache.delete("k")
        assert cache.get_or_load("k", lambda: "value") == "value"

    def is_free():
        assert not cache._flights._flights
        assert cache.get_or_load("k", lambda: "value") == "value"

    after_each_interruption(ask, is_free, times=40)
    cache.close()


def test_steps_that_are_left_in_a_load_end_in_silence(server):
    cache = cache_of(server, "lock")
    logic: Logic = cache._logic
    lock = logic.lock("k")
    assert cache._run(lock.take(lambda data: None)) is None
    steps = logic._load_and_write("k", lambda: "value", None, lock)
    assert isinstance(steps.send(None), Load)
    steps.close()  # raises if they ask the server once more
    assert steps.gi_frame is None
    cache.close()


def test_steps_of_several_keys_that_are_left_in_a_load_end_in_silence(server):
    cache = cache_of(server, "lock")
    steps = answer_many(cache._logic, ["a", "b"], lambda keys: dict.fromkeys(keys, 1), None)
    step = steps.send(None)
    while not isinstance(step, Load):
        step = steps.send(cache._do(step))
    steps.close()
    assert steps.gi_frame is None
    cache.close()
