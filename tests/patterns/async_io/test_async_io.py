"""The fetcher on a real server: what is in flight, what comes back, and in which limits."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import time
from collections import Counter

import pytest

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._once import fetch_all, fetch_apart, run_fetch
from perflab.patterns.async_io._request import Failure, Request
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.servers.http.server import HttpServer


@pytest.fixture(scope="module")
def running():
    with HttpServer.start() as server:
        yield server


@pytest.fixture
def server(running):
    running.set(latency_seconds=0, capacity=None, error_rate=0, server_queue=1024)
    return running


def fetcher(**settings):
    return AsyncFetcher(AsyncIOSettings.read({"retries": 0, "timeout": 60, **settings}))


def pages(server, number, start=0):
    return [f"{server.url}/items?start={i}" for i in range(start, start + number)]


async def until(condition, patience=30.0):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        await asyncio.sleep(0.01)


async def test_every_request_is_answered_once_and_with_its_own_body(server):
    async with fetcher(max_concurrent=7) as fetch:
        found = [result async for result in fetch.fetch(pages(server, 200))]
    asked = {url: i for i, url in enumerate(pages(server, 200))}
    assert sorted(asked[result.request.url] for result in found) == list(range(200))
    assert all(result.json()[0]["id"] == asked[result.request.url] for result in found)
    assert all(result.ok and result.status == 200 and result.seconds > 0 for result in found)
    stats = fetch.stats()
    assert stats["requests"] == stats["done"] == stats["tries"] == 200
    assert stats["failed"] == stats["in_flight"] == 0


async def test_no_more_are_in_flight_than_allowed_and_the_limit_is_used(server):
    server.set(latency_seconds=0.03)
    most, end = 0, time.monotonic() + 60
    seen = asyncio.Event()

    async def look():
        nonlocal most
        while most < 5 and time.monotonic() < end:
            # In a thread: while it waits, requests come and go.
            most = max(most, (await asyncio.to_thread(server.counts))["busy"])
        seen.set()

    def urls():
        while not seen.is_set():
            yield f"{server.url}/items?start=0"

    looking = asyncio.create_task(look())
    async with fetcher(max_concurrent=5) as fetch:
        async for _ in fetch.fetch(urls()):
            assert fetch.stats()["in_flight"] <= 5
    await looking
    assert most == 5


async def test_two_fetches_of_one_fetcher_share_its_limit(server):
    server.set(latency_seconds=0.02)
    most = 0

    async def drain(fetch):
        nonlocal most
        async for _ in fetch.fetch(pages(server, 40)):
            most = max(most, fetch.stats()["in_flight"])

    async with fetcher(max_concurrent=4) as fetch:
        await asyncio.gather(drain(fetch), drain(fetch))
        assert fetch.stats()["done"] == 80
    assert 1 <= most <= 4


async def test_the_limit_changes_while_it_runs(server):
    server.set(latency_seconds=0.02)
    async with fetcher(max_concurrent=2) as fetch:
        results = fetch.fetch(itertools.cycle(pages(server, 10)))
        reading = asyncio.ensure_future(_drain(results))
        for limit in (12, 3, 8, 1):
            fetch.apply(fetch.settings.change(max_concurrent=limit))
            await until(lambda limit=limit: fetch.stats()["in_flight"] == limit)
            busy = [server.counts()["busy"] for _ in range(20)]
            assert max(busy) <= limit
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _drain(results):
    async for _ in results:
        pass


async def test_the_source_is_read_no_further_than_is_needed(server):
    read = 0

    def source():
        nonlocal read
        for url in itertools.cycle(pages(server, 10)):
            read += 1
            yield url

    async with fetcher(max_concurrent=4) as fetch:
        results = fetch.fetch(source())
        await anext(results)
        await asyncio.sleep(0.2)
        assert read <= 1 + 16 + 4  # given out, kept for the reader, in flight
        await results.aclose()


async def test_an_async_source_is_read_as_its_items_come(server):
    gates = [asyncio.Event() for _ in range(3)]

    async def source():
        for gate, url in zip(gates, pages(server, 3), strict=True):
            await gate.wait()
            yield url

    async with fetcher(max_concurrent=3) as fetch:
        results = fetch.fetch(source())
        for number, gate in enumerate(gates):
            gate.set()
            result = await asyncio.wait_for(anext(results), 30)
            assert result.request.url == pages(server, 3)[number]
        with pytest.raises(StopAsyncIteration):
            await anext(results)


async def test_what_a_source_raises_comes_after_the_results_before(server):
    def source():
        yield from pages(server, 5)
        raise KeyError("no more")

    async with fetcher() as fetch:
        results = fetch.fetch(source())
        found = [await anext(results) for _ in range(5)]
        with pytest.raises(KeyError, match="no more"):
            await anext(results)
    assert all(result.ok for result in found)


async def test_an_empty_source_has_no_results():
    async with fetcher() as fetch:
        assert [result async for result in fetch.fetch([])] == []


async def test_a_hosts_limit_holds_up_no_other_host(server):
    server.set(latency_seconds=0.02)
    slow = pages(server, 30)
    quick = [url.replace("127.0.0.1", "localhost") for url in slow]
    most = Counter()
    async with fetcher(max_concurrent=20, max_per_host=3) as fetch:
        hosts = fetch.hosts
        ended = []
        async for result in fetch.fetch(slow + quick):
            ended.append("localhost" in result.request.url)
            for key, host in hosts._hosts.items():
                most[key] = max(most[key], host.taken)
                assert host.taken <= 3
    assert len(ended) == 60
    assert any(ended[:20])  # those of the second host did not wait for all of the first
    assert set(most.values()) == {3}


async def test_a_rate_limit_spaces_beginnings(server):
    async with fetcher(rate_limit=200) as fetch:
        started = time.monotonic()
        found = [result async for result in fetch.fetch(pages(server, 61))]
        taken = time.monotonic() - started
    assert len(found) == 61
    assert taken >= 60 / 200 - 0.011  # less the 10 ms that may be caught up


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_what_may_be_sent_twice_is_tried_again(server, method):
    url = f"{server.url}/faults/status?code=503&of={method}&times=2"
    async with fetcher(retries=3, backoff_seconds=0.001) as fetch:
        (result,) = [r async for r in fetch.fetch([Request(url, method)])]
        assert (result.ok, result.tries) == (True, 3)
        assert fetch.stats()["retries"] == 2


@pytest.mark.parametrize(("idempotent", "tries"), [(None, 1), (True, 3)])
async def test_a_post_is_sent_again_only_where_the_caller_says_that_it_may_be(
    server, idempotent, tries
):
    url = f"{server.url}/faults/status?code=500"
    request = Request(url, "POST", body=b"x", idempotent=idempotent)
    async with fetcher(retries=2, backoff_seconds=0.001) as fetch:
        (result,) = [r async for r in fetch.fetch([request])]
    assert (result.failure, result.tries) == (Failure.SERVER_ERROR, tries)


async def test_a_post_that_reached_nobody_is_sent_again():
    with HttpServer.start() as server:
        server.kill()
        async with fetcher(retries=2, backoff_seconds=0.001) as fetch:
            request = Request(f"{server.url}/items", "POST")
            (result,) = [r async for r in fetch.fetch([request])]
    assert (result.failure, result.tries) == (Failure.CONNECT, 3)


@pytest.mark.parametrize("code", [400, 404, 501])
async def test_what_another_try_cannot_mend_is_tried_once_or_as_often_as_allowed(server, code):
    url = f"{server.url}/faults/status?code={code}"
    async with fetcher(retries=2, backoff_seconds=0.001) as fetch:
        (result,) = [r async for r in fetch.fetch([url])]
    assert result.status == code
    assert result.tries == (1 if code < 500 else 3)


async def test_a_tag_and_headers_go_with_a_request(server):
    request = Request(f"{server.url}/items", headers={"X-Own": "1"}, tag={"row": 7})
    async with AsyncFetcher(headers={"User-Agent": "perflab-test"}) as fetch:
        (result,) = [r async for r in fetch.fetch([request])]
    assert result.request.tag == {"row": 7}


async def test_a_hook_hears_of_each_request_and_each_retry(server):
    events = []
    url = f"{server.url}/faults/status?code=500&of=hook&times=1"
    settings = AsyncIOSettings(retries=1, backoff_seconds=0)
    async with AsyncFetcher(settings, hook=events.append) as fetch:
        gone = f"{server.url}/faults/status?code=404"
        assert len([r async for r in fetch.fetch([url, gone])]) == 2
    kinds = Counter(event.kind for event in events)
    assert kinds == {EventKind.RETRY: 1, EventKind.LOAD_FINISHED: 1, EventKind.LOAD_FAILED: 1}
    assert {event.key for event in events} == {url, gone}


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "nonsense", "http://", "", "http://[::1"])
async def test_what_is_no_url_is_a_failure_and_not_an_exception(server, url):
    async with fetcher() as fetch:
        found = [r async for r in fetch.fetch([url, f"{server.url}/items"])]
        assert Counter(r.failure for r in found) == {Failure.INVALID_URL: 1, None: 1}
        stats = fetch.stats()
    assert stats["done"] + stats["failed"] == stats["requests"] == 2


async def test_without_a_source_the_settings_name_what_is_fetched(server, tmp_path):
    file = tmp_path / "urls.txt"
    file.write_text(f"# two\n{server.url}/items?start=1\n\n{server.url}/items?start=2\n")
    assert [r.json()[0]["id"] for r in await fetch_all(urls=str(file), max_concurrent=1)] == [1, 2]
    with pytest.raises(BadInputError, match="names nothing to fetch"):
        await fetch_all()


async def test_one_call_is_refused_where_a_loop_runs_and_another_is_not(server):
    with pytest.raises(BadInputError, match="await fetch_all"):
        run_fetch(pages(server, 1))
    assert [r.ok for r in fetch_apart(pages(server, 2))] == [True, True]
    with pytest.raises(BadInputError, match="max_concurrent"):
        fetch_apart(pages(server, 1), max_concurrent=0)


def test_one_call_does_it_from_a_plain_script(server, tmp_path):
    script = (
        "import sys\n"
        "from perflab.patterns.async_io._once import run_fetch\n"
        "print(run_fetch(sys.argv[1:], output_file='out.jsonl', max_concurrent=2)['done'])\n"
    )
    command = [sys.executable, "-W", "error", "-c", script, *pages(server, 9)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("9\n", "", 0)
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 9


async def test_auto_starts_at_the_limit_and_stays_below_its_most(server):
    server.set(latency_seconds=0.005)
    async with fetcher(max_concurrent=4, limit_mode="auto", auto_most=16) as fetch:
        assert fetch.limit == 4
        source = itertools.islice(itertools.cycle(pages(server, 10)), 3000)
        seen = [fetch.limit async for _ in fetch.fetch(source)]
        fetch.apply(fetch.settings.change(limit_mode="fixed"))
        assert fetch.limit == 4
    assert max(seen) > 4
    assert max(seen) <= 16
