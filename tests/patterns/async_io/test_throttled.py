"""The fetcher's own limits are no latency of the server: they are counted apart."""

from __future__ import annotations

import asyncio
import json
import statistics

import pytest
from raw_http import OK, RawServer, answer

from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._request import Request
from perflab.patterns.async_io._slots import RateLimit, Slots
from perflab.patterns.async_io.settings import AsyncIOSettings

RATE = 200


def make(**settings):
    return AsyncFetcher(AsyncIOSettings.read({"retries": 0, "timeout": 60, **settings}))


@pytest.mark.parametrize("flying", [1, 4, 20])
async def test_the_wait_for_a_rate_limit_is_apart_from_the_latency(flying):
    async with RawServer() as server, make(max_concurrent=flying, rate_limit=RATE) as fetcher:
        found = [one async for one in fetcher.fetch([f"{server.url}/"] * 100)]
        stats = fetcher.stats()
    waits = [one.throttled_seconds for one in found]
    # In a closed loop a request is as long on its way as so many places need for their turns.
    cycle = statistics.median(one.seconds + one.throttled_seconds for one in found)
    assert cycle >= 0.8 * flying / RATE
    if flying == 20:
        assert statistics.median(one.seconds for one in found) < cycle / 2
    assert stats["throttled_seconds_total"] == pytest.approx(sum(waits))


async def test_without_a_limit_nothing_is_throttled():
    async with RawServer() as server, make(max_concurrent=4) as fetcher:
        found = [one async for one in fetcher.fetch([f"{server.url}/"] * 50)]
    assert {one.throttled_seconds for one in found} == {0.0}
    assert fetcher.stats()["throttled_seconds_total"] == 0.0


async def test_retries_and_redirects_wait_for_the_limit_too():
    def serve(seen, _):
        if seen.target == "/end":
            return OK
        return answer("503 Busy") if seen.nth % 3 == 0 else answer("302 Found", Location="/end")

    now = asyncio.get_running_loop().time
    async with RawServer(serve) as server:
        started = now()
        async with make(rate_limit=50, retries=2, backoff_seconds=0, max_concurrent=1) as fetcher:
            found = [one async for one in fetcher.fetch([f"{server.url}/"] * 8)]
        lasted = now() - started
        assert [(one.ok, one.tries, one.sent) for one in found] == [(True, 2, 3)] * 8
        assert len(server.seen) == 24
    assert lasted >= 23 / 50 - 0.011
    # Each wait is told; what lies between two results is no part of either.
    assert sum(one.throttled_seconds for one in found) > lasted / 2


async def test_a_server_that_cuts_sees_no_more_a_second_than_the_limit():
    times = []
    settings = {"rate_limit": 100, "retries": 1, "backoff_seconds": 0, "max_concurrent": 5}
    now = asyncio.get_running_loop().time
    async with RawServer(lambda *_: times.append(now())) as server, make(**settings) as fetcher:
        # From the start of all, as the first request may reach the server late.
        started = now()
        found = [one async for one in fetcher.fetch([f"{server.url}/"] * 20)]
    assert [one.tries for one in found] == [2] * 20
    assert len(times) == 40
    assert times[-1] - started >= 39 / 100 - 0.011


async def test_a_retry_after_is_the_servers_and_counts_as_latency():
    def serve(seen, _):
        return answer("429 Slow", Retry_After="1") if seen.nth == 0 else OK

    async with RawServer(serve) as server, make(retries=1, rate_limit=1000) as fetcher:
        (result,) = [one async for one in fetcher.fetch([f"{server.url}/"])]
    assert result.ok
    assert result.seconds >= 1.0
    assert result.throttled_seconds < 0.5


async def test_a_host_that_wants_none_gets_none_from_those_in_the_limiter():
    """Requests that wait for their turn when a Retry-After comes are held back too."""

    def serve(seen, _):
        return answer("429 Slow", Retry_After="1") if seen.nth == 0 else OK

    times = []
    async with RawServer(lambda seen, writer: times.append(now()) or serve(seen, writer)) as server:
        now = asyncio.get_running_loop().time
        async with make(retries=1, rate_limit=20, max_concurrent=8) as fetcher:
            found = [one async for one in fetcher.fetch([f"{server.url}/"] * 8)]
    assert all(one.ok for one in found)
    assert times[1] - times[0] >= 0.99


async def test_two_fetches_that_share_a_limit_wait_for_each_other_apart():
    async def slow(_, writer):
        await asyncio.sleep(0.02)
        writer.write(OK)
        await writer.drain()
        return True

    async with RawServer(slow) as server, make(max_concurrent=1) as fetcher:

        async def drain():
            return [one async for one in fetcher.fetch([f"{server.url}/"] * 10)]

        first, second = await asyncio.gather(drain(), drain())
    shared = [one.throttled_seconds for one in [*first, *second]]
    assert statistics.median(shared) >= 0.015
    assert all(one.seconds >= 0.015 for one in [*first, *second])


async def test_a_line_of_results_has_the_wait_where_there_was_one(tmp_path):
    path = tmp_path / "out.jsonl"
    async with RawServer() as server, make(rate_limit=100, max_concurrent=1) as fetcher:
        await fetcher.save([Request(f"{server.url}/{n}") for n in range(5)], str(path))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(line["seconds"] < 1 for line in lines)
    assert any(line.get("throttled_seconds", 0) > 0 for line in lines)


async def test_a_wait_is_as_long_as_it_was():
    limit = RateLimit(100)
    assert await limit.wait() == 0.0
    loop = asyncio.get_running_loop()
    began = loop.time()
    waits = [await limit.wait() for _ in range(10)]
    assert 0 < sum(waits) <= loop.time() - began
    slots = Slots(1)
    assert slots.take_free()
    assert not slots.take_free()
    loop.call_later(0.05, slots.release)
    assert await slots.acquire() >= 0.045


@pytest.mark.parametrize("rate", [None, 10_000])
async def test_a_higher_rate_holds_for_those_who_wait_already(rate):
    async with RawServer() as server, make(rate_limit=0.02, max_concurrent=8) as fetcher:
        results = fetcher.fetch([f"{server.url}/"] * 40)
        await anext(results)
        reading = asyncio.ensure_future(_rest(results))
        await asyncio.sleep(0)
        assert not reading.done()
        fetcher.apply(fetcher.settings.change(rate_limit=rate))
        assert len(await asyncio.wait_for(reading, 40)) == 39  # 50 s would be one turn more


async def _rest(results):
    return [one async for one in results]


async def test_a_lower_rate_holds_for_those_who_wait_already():
    limit = RateLimit(10)
    loop = asyncio.get_running_loop()
    waiting = [asyncio.ensure_future(limit.wait()) for _ in range(4)]
    await waiting[1]
    limit.rate = 5
    began = loop.time()
    await asyncio.gather(*waiting)
    assert loop.time() - began >= 0.2


async def test_one_who_leaves_takes_no_turn_and_order_is_kept():
    limit = RateLimit(20)
    await limit.wait()
    order = []

    async def one(number):
        await limit.wait()
        order.append(number)

    tasks = [asyncio.ensure_future(one(number)) for number in range(12)]
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for task in tasks[:10]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [10, 11]
    assert loop.time() - began < 10 / 20
