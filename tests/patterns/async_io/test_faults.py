"""What servers do wrong, on real sockets: each fault is counted by its kind, and nothing stays."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import time
import zlib
from collections import Counter

import aiohttp
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._attempt import failure_of, retry_after
from perflab.patterns.async_io._request import Failure
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.servers.http.server import HttpServer

ENDLESS = b"X-Endless: " + b"x" * 4096


@contextlib.asynccontextmanager
async def raw_server(answer):
    """Serve connections with ``answer(reader, writer)`` on loopback; yields the URL."""
    writers = set()

    async def serve(reader, writer):
        writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
        writers.discard(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def endless_header(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(ENDLESS)
        await writer.drain()


async def endless_headers(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        writer.write(b"X-%d: x\r\n" % number)
        await writer.drain()


async def garbage(reader, writer):
    writer.write(b"\x00\x01\x02 this is no HTTP\r\n\r\n")
    await writer.drain()


async def hang_up(reader, writer):
    writer.transport.abort()


async def bomb(reader, writer):
    """Send 20 MB of zeros, packed into 20 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = packer.compress(bytes(20_000_000)) + packer.flush()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    writer.write(body)
    await writer.drain()


def connections_to(url):
    """Return this process's own connections to a server that are not closed."""
    port = int(url.rsplit(":", 1)[1].rstrip("/"))
    return [
        found
        for found in psutil.Process().net_connections(kind="tcp")
        if found.raddr and found.raddr.port == port and found.status == "ESTABLISHED"
    ]


async def nothing_open(url, patience=20.0):
    """Wait until no connection to a server is open, and no task but this one is left."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if not connections_to(url) and not others:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.fixture(scope="module")
def running():
    with HttpServer.start() as server:
        yield server


@pytest.fixture
def server(running):
    running.set(latency_seconds=0, capacity=None, error_rate=0, server_queue=1024)
    return running


async def fetch_one(url, **settings):
    """Return the result and the statistics of one request, after which nothing is open."""
    values = {"retries": 0, "timeout": 60, **settings}
    async with AsyncFetcher(AsyncIOSettings.read(values)) as fetch:
        (result,) = [found async for found in fetch.fetch([url])]
        stats = fetch.stats()
    assert stats["done"] + stats["failed"] == stats["requests"] == 1
    if result.failure is not None:
        assert stats[f"failed_{result.failure}"] == 1
        assert result.detail
    assert await nothing_open(url.split("/faults")[0].split("/items")[0])
    return result, stats


@pytest.mark.parametrize(
    ("path", "settings", "failure"),
    [
        ("reset", {}, Failure.INCOMPLETE),
        ("header", {}, Failure.BAD_RESPONSE),
        ("drip", {"timeout": 0.4}, Failure.TIMEOUT),
        ("hang", {"timeout": 0.2}, Failure.TIMEOUT),
        ("large?bytes=300000", {"max_body_bytes": 100_000}, Failure.TOO_LARGE),
        ("redirect", {}, Failure.REDIRECTS),
        ("status?code=429", {}, Failure.THROTTLED),
        ("status?code=404", {}, Failure.CLIENT_ERROR),
        ("status?code=502", {}, Failure.SERVER_ERROR),
    ],
)
async def test_each_fault_is_counted_by_its_kind(server, path, settings, failure):
    result, _ = await fetch_one(f"{server.url}/faults/{path}", **settings)
    assert result.failure is failure


@pytest.mark.parametrize(
    ("answer", "failures"),
    [
        (endless_header, {Failure.BAD_RESPONSE}),
        (endless_headers, {Failure.BAD_RESPONSE, Failure.TIMEOUT}),
        (garbage, {Failure.BAD_RESPONSE}),
        (hang_up, {Failure.DISCONNECTED}),
    ],
)
async def test_what_is_no_http_fails_and_holds_no_memory(answer, failures):
    async with raw_server(answer) as url:
        result, _ = await fetch_one(url, timeout=3)
    assert result.failure in failures


async def test_a_packed_body_counts_unpacked_and_is_not_read_to_its_end():
    async with raw_server(bomb) as url:
        result, stats = await fetch_one(url, max_body_bytes=1_000_000)
        whole, _ = await fetch_one(url, max_body_bytes=20_000_000)
    assert result.failure is Failure.TOO_LARGE
    assert stats["bytes_read"] == 0
    assert len(whole.body) == 20_000_000


async def test_a_body_of_just_the_limit_is_whole(server):
    result, _ = await fetch_one(f"{server.url}/faults/large?bytes=99999", max_body_bytes=99_999)
    assert len(result.body) == 99_999


async def test_a_name_that_is_nowhere_is_a_dns_failure():
    """Names under .invalid exist nowhere (RFC 6761)."""
    result, _ = await fetch_one("http://nowhere.invalid:9/")
    assert result.failure is Failure.DNS


async def test_a_resolver_that_fails_is_a_dns_failure(monkeypatch):
    async def resolve(*args, **kwargs):
        raise OSError(None, "the resolver is down")

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    monkeypatch.setattr("aiohttp.connector.DefaultResolver", aiohttp.ThreadedResolver)
    result, _ = await fetch_one("http://somewhere.invalid:9/")
    assert result.failure is Failure.DNS


async def test_retry_after_is_waited_for_by_all_requests_to_that_host(server):
    url = f"{server.url}/faults/status?code=429&of=after&times=1&after=1"
    settings = AsyncIOSettings(retries=2, max_concurrent=1)
    async with AsyncFetcher(settings) as fetch:
        started = time.monotonic()
        found = [r async for r in fetch.fetch([url, f"{server.url}/items"])]
        taken = time.monotonic() - started
    assert [result.ok for result in found] == [True, True]
    assert found[0].tries == 2
    assert taken >= 1.0


async def test_a_retry_after_longer_than_allowed_fails_at_once(server):
    url = f"{server.url}/faults/status?code=429&after=3600"
    result, stats = await fetch_one(url, retries=5, retry_after_most=2)
    assert (result.failure, result.tries) == (Failure.THROTTLED, 1)
    assert stats["retries"] == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0", 0.0),
        (" 7\t", 7.0),
        ("-3", None),
        ("+3", None),
        ("3.5", None),
        ("1e3", None),
        ("1e400", None),
        ("1_000", None),
        ("9" * 310, None),
        ("9" * 5000, None),
        ("99999999999999", None),
        ("\N{ARABIC-INDIC DIGIT THREE}", None),
        ("\N{SUPERSCRIPT TWO}", None),
        ("7, 8", None),
        ("nan", None),
        ("inf", None),
        ("\udcff", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 0.0),
        ("Wed Oct 21 07:28:00 2015", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0700", 0.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Fri, 31 Dec 1999 23:59:59 +99999999999999", None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:61 GMT", None),
        ("Wed, \N{ARABIC-INDIC DIGIT THREE} Oct 2015 07:28:00 GMT", None),
    ],
    ids=repr,
)
def test_retry_after_is_a_number_or_a_date(value, seconds):
    assert retry_after(value) == seconds


@given(st.text(max_size=60) | st.from_regex(r"[A-Z]\w\w, \d+ \w+ \d+ [\d:]+ .{0,9}"))
def test_no_retry_after_raises(value):
    seconds = retry_after(value)
    assert seconds is None or 0 <= seconds < math.inf


def test_a_date_to_come_is_so_many_seconds_away():
    assert retry_after("Fri, 31 Dec 9999 23:59:59 GMT") > 1e9


async def test_a_server_that_is_away_is_named_with_the_reason():
    async with raw_server(hang_up) as url:
        pass
    result, _ = await fetch_one(url)
    place = url.removeprefix("http://").rstrip("/")
    assert result.failure is Failure.CONNECT
    assert result.detail == f"cannot connect to {place} (Connection refused)"


def test_an_error_of_no_known_kind_is_a_broken_connection():
    assert failure_of(OSError("gone")) is Failure.DISCONNECTED


async def test_a_killed_and_restarted_server_costs_some_requests_and_none_is_lost():
    with HttpServer.start(latency_seconds=0.005) as server:
        url = f"{server.url}/items"
        settings = AsyncIOSettings(max_concurrent=10, retries=1, backoff_seconds=0.01)
        kinds = Counter()
        async with AsyncFetcher(settings) as fetch:
            number = 0
            async for result in fetch.fetch(itertools.repeat(url, 1500)):
                kinds[result.failure] += 1
                number += 1
                if number == 300:
                    await asyncio.to_thread(server.kill)
                if number == 600:
                    await asyncio.to_thread(server.restart)
            stats = fetch.stats()
        assert await nothing_open(server.url)
    assert sum(kinds.values()) == stats["requests"] == stats["done"] + stats["failed"] == 1500
    assert kinds[None] > 800
    assert kinds[Failure.CONNECT] > 0
    assert set(kinds) <= {None, Failure.CONNECT, Failure.DISCONNECTED, Failure.INCOMPLETE}


async def test_a_frozen_server_times_out_and_goes_on_when_thawed():
    with HttpServer.start() as server:
        url = f"{server.url}/items"
        async with AsyncFetcher(AsyncIOSettings(timeout=0.3, retries=0)) as fetch:
            server.freeze()
            frozen = [r.failure async for r in fetch.fetch([url] * 5)]
            server.thaw()
            fetch.apply(fetch.settings.change(timeout=60))
            thawed = [r.failure async for r in fetch.fetch([url] * 5)]
    assert frozen == [Failure.TIMEOUT] * 5
    assert thawed == [None] * 5


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377])
@pytest.mark.parametrize("way", ["cancel", "close"])
async def test_cancelled_at_any_point_it_leaves_no_task_no_socket_and_no_request(
    server, turns, way
):
    server.set(latency_seconds=0.002, error_rate=0.2)
    settings = AsyncIOSettings(
        max_concurrent=6, max_per_host=4, retries=3, backoff_seconds=0.004, rate_limit=2000
    )
    fetch = AsyncFetcher(settings)
    source = itertools.cycle([f"{server.url}/items", f"{server.url}/faults/hang", "nonsense"])

    async def read():
        async with fetch:
            async for _ in fetch.fetch(source):
                pass

    reading = asyncio.ensure_future(read())
    for _ in range(turns + 1):
        await asyncio.sleep(0)
    if way == "cancel":
        reading.cancel()
    else:
        await fetch.aclose()
    await asyncio.gather(reading, return_exceptions=True)
    await fetch.aclose()
    stats = fetch.stats()
    assert stats["done"] + stats["failed"] == stats["requests"]
    assert stats["in_flight"] == 0
    assert all(host.taken == 0 and not host.aside for host in fetch.hosts._hosts.values())
    assert await nothing_open(server.url)


async def test_leaving_the_loop_early_and_closing_leaves_nothing(server):
    async with AsyncFetcher(AsyncIOSettings(max_concurrent=5)) as fetch:
        async for _ in fetch.fetch(itertools.repeat(f"{server.url}/items")):
            break
        async for _ in fetch.fetch(itertools.repeat(f"{server.url}/items")):
            break
    stats = fetch.stats()
    assert stats["done"] + stats["failed"] == stats["requests"]
    assert await nothing_open(server.url)
