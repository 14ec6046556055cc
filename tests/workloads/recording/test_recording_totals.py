"""Requests for all keys, counted beside the sample of keys that is recorded."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import redis
import redis.asyncio
from recordings import describe, described

import perflab
from perflab.errors import BadInputError
from perflab.patterns.cache import Cache
from perflab.servers.redis.server import RedisServer
from perflab.workloads import read_trace
from perflab.workloads.recording.keys import PLACES, key_bytes, place_of
from perflab.workloads.recording.recording import Recording

KEYS = [f"k{number}" for number in range(400)]
SERVICE = """
import sys, time, perflab
cache = perflab.record({}, sys.argv[1], sample=0.1)
for number in range(10**9):
    cache.get(f"user:{number % 500}")
    time.sleep(0.0002)
"""


def in_sample(keys, sample):
    return [key for key in keys if place_of(key_bytes(key)) < sample * PLACES]


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as server:
        yield server


def test_calls_of_a_function_are_counted_whether_sampled_or_not(tmp_path):
    page = perflab.record(functools.lru_cache(str.upper), tmp_path / "r", sample=0.2)
    with page.recording:
        assert [page(key) for key in KEYS * 2] == [key.upper() for key in KEYS * 2]
    trace = read_trace(tmp_path / "r")
    assert (trace.reads, trace.all_requests) == (2 * len(in_sample(KEYS, 0.2)), 800)


def test_awaited_calls_are_counted(tmp_path):
    async def page(key):
        return key

    async def ask():
        with recorded.recording:
            return [await recorded(key) for key in KEYS]

    recorded = perflab.record(page, tmp_path / "r", sample=0.2)
    assert asyncio.run(ask()) == KEYS
    assert read_trace(tmp_path / "r").all_requests == 400


def test_reads_of_a_mapping_are_counted_and_writes_are_not(tmp_path):
    cache = perflab.record({}, tmp_path / "r", sample=0.3)
    with cache.recording:
        for key in KEYS:
            assert key not in cache  # a miss
            cache[key] = "value"
            assert key in cache  # asked for next
            assert (cache[key], cache.get(key), cache.setdefault(key, 1)) == ("value",) * 3
        with pytest.raises(KeyError):
            cache["not there"]
    trace = read_trace(tmp_path / "r")
    asked = [*(key for key in KEYS for _ in range(4)), "not there"]
    assert (trace.reads, trace.all_requests) == (len(in_sample(asked, 0.3)), len(asked))


def test_loads_through_our_own_cache_are_counted(tmp_path):
    cache = perflab.record(Cache(max_cache_size=100), tmp_path / "r", sample=0.3)
    with cache.recording:
        assert [cache.get_or_load(key, str.upper) for key in KEYS] == [k.upper() for k in KEYS]
    assert read_trace(tmp_path / "r").all_requests == 400


def test_commands_that_read_from_redis_are_counted(server, tmp_path):
    client = redis.Redis.from_url(server.url)
    recorded = perflab.record(client, tmp_path / "r", sample=0.3)
    with recorded.recording:
        for key in KEYS:
            recorded.set(key, "value")
            recorded.expire(key, 100)
            assert recorded.get(key) == b"value"
            assert recorded.getrange(key, 0, 1) == b"va"
            assert recorded.execute_command("GET", key) == b"value"
        assert recorded.mget(KEYS) == [b"value"] * 400
        with recorded.pipeline() as pipe:
            for key in KEYS:
                pipe.set(key, "other").get(key).hget(f"h{key}", "field")
            pipe.execute()
        pipe.set("text", "value").hget("text", "field")
        with pytest.raises(redis.ResponseError):
            pipe.execute()
        with pytest.raises(redis.ResponseError):
            recorded.hget("text", "field")
    client.close()
    asked = [*KEYS * 5, *(f"h{key}" for key in KEYS)]
    trace = read_trace(tmp_path / "r")
    assert (trace.reads, trace.all_requests) == (len(in_sample(asked, 0.3)), len(asked))


def test_awaited_commands_are_counted(server, tmp_path):
    async def ask():
        client = redis.asyncio.Redis.from_url(server.url)
        recorded = perflab.record(client, tmp_path / "r", sample=0.3)
        with recorded.recording:
            for key in KEYS:
                await recorded.set(key, "value")
                assert await recorded.get(key) == b"value"
            async with recorded.pipeline() as pipe:
                for key in KEYS:
                    pipe.get(key)
                await pipe.execute()
        await client.aclose()

    asyncio.run(ask())
    assert read_trace(tmp_path / "r").all_requests == 800


def test_threads_lose_no_request(tmp_path):
    cache = perflab.record({}, tmp_path / "r", sample=0.05)

    def ask():
        for key in KEYS * 25:
            cache.get(key)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    with cache.recording:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            cache.recording.flush()
        for thread in threads:
            thread.join()
    assert cache.recording.stats()["requests"] == 40_000
    assert read_trace(tmp_path / "r").all_requests == 40_000


def test_parts_and_runs_and_thinning_add_up_to_the_total(tmp_path, monkeypatch):
    monkeypatch.setattr("perflab.workloads.recording.recording.PART_ROWS", 2_000)
    for sample in (0.5, 0.9):
        cache = perflab.record({}, tmp_path / "r", sample=sample, max_bytes="64KiB")
        with cache.recording:
            for turn in range(8):
                for number in range(turn * 1_000, turn * 1_000 + 3_000):
                    cache.get(number)
                cache.recording.flush()
    trace = read_trace(tmp_path / "r")
    assert len(list((tmp_path / "r").glob("*.part"))) > 3
    assert trace.sample_rate < 0.5
    assert trace.all_requests == 2 * 24_000


def test_a_row_that_a_halving_overtook_is_left_out(tmp_path):
    with Recording(tmp_path / "r", sample=0.5) as recording:
        for key in KEYS:  # as by a thread that looked at the limit before it was halved
            recording.add(key_bytes(key), place_of(key_bytes(key)))
    assert len(read_trace(tmp_path / "r")) == len(in_sample(KEYS, 0.5)) < len(KEYS)


def test_requests_after_the_last_one_in_the_sample_are_written_at_the_stop(tmp_path):
    inside, outside = in_sample(KEYS, 0.1)[0], sorted({*KEYS} - {*in_sample(KEYS, 0.1)})
    cache = perflab.record({}, tmp_path / "r", sample=0.1)
    cache.get(inside)
    cache.recording.flush()
    for key in outside:
        cache.get(key)
    cache.recording.stop()
    for key in outside:
        cache.get(key)
    cache.recording.stop()
    assert read_trace(tmp_path / "r").all_requests == 1 + len(outside)


def test_a_killed_process_leaves_a_total_that_goes_with_its_rows(tmp_path):
    def recorded():
        try:
            return len(read_trace(tmp_path / "r"))
        except BadInputError:
            return 0

    process = subprocess.Popen([sys.executable, "-c", SERVICE, str(tmp_path / "r")])
    try:
        end = time.monotonic() + 60
        while recorded() < 300:
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    trace = read_trace(tmp_path / "r")
    part = len(in_sample([f"user:{number}" for number in range(500)], 0.1))
    assert trace.n_keys == part
    # The keys come in turn: all of them as often as those in the sample, but for the last turn.
    assert trace.all_requests == pytest.approx(len(trace) * 500 / part, abs=500)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_counts_its_own_requests(tmp_path):
    code = f"""
import os, perflab
cache = perflab.record({{}}, {str(tmp_path / "r")!r}, sample=0.5)
for number in range(100): cache.get(number)
child = os.fork()
for number in range(10 if child else 1_000): cache.get(number)
if child:
    assert os.waitpid(child, 0)[1] == 0
cache.recording.stop()
os._exit(0)
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)
    assert read_trace(tmp_path / "r").all_requests == 1_110


def test_a_part_that_does_not_know_leaves_the_total_unknown(tmp_path):
    for _ in range(2):
        with perflab.record({}, tmp_path / "r", sample=0.5).recording as recording:
            for key in in_sample(KEYS, 0.5):
                recording.add(key_bytes(key), place_of(key_bytes(key)), hit=True)
    trace = read_trace(tmp_path / "r")
    assert trace.all_requests == len(trace) == 2 * len(in_sample(KEYS, 0.5))
    part = min((tmp_path / "r").glob("*.part"))
    describe(part, lambda said: said | {"requests": None})
    old = read_trace(tmp_path / "r")
    assert (old.all_requests, old.density, old.sample_rate) == (None, 1.0, 0.5)
    assert old.requests_of_all == round(len(old) / 0.5)
    assert old.fingerprint == trace.fingerprint


def test_a_recording_that_dropped_rows_does_not_know_the_total(tmp_path, monkeypatch):
    cache = perflab.record({}, tmp_path / "r", sample=0.5)
    monkeypatch.setattr("perflab.workloads.recording.recording.WAKE_ROWS", 20)
    monkeypatch.setattr("perflab.workloads.recording.recording.MOST_WAITING", 20)
    with cache.recording:
        with cache.recording._writing:
            for key in KEYS:
                cache.get(key)
        assert cache.recording.dropped
    assert read_trace(tmp_path / "r").all_requests is None


def test_a_trace_of_all_keys_has_no_other_total(tmp_path):
    cache = perflab.record({}, tmp_path / "r")
    with cache.recording:
        cache.get("a")
    assert described(next((tmp_path / "r").glob("*.part")))["requests"] == 1
    assert read_trace(tmp_path / "r").all_requests is None
