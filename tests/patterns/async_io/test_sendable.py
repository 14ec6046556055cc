"""What is never sent: requests that HTTP cannot carry, and orders that the server may have seen."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from raw_http import RawServer, answer

from perflab.errors import BadInputError
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._request import Failure, Request
from perflab.patterns.async_io.settings import AsyncIOSettings

PACKED_TWICE = gzip.compress(gzip.compress(b"text", mtime=0), mtime=0)


async def fetch(source, headers=None, **settings):
    chosen = {"retries": 2, "timeout": 30, "max_concurrent": 1, "backoff_seconds": 0, **settings}
    async with AsyncFetcher(AsyncIOSettings.read(chosen), headers=headers) as fetcher:
        return [result async for result in fetcher.fetch(source)], fetcher.stats()


WRONG = {
    "line break in a value": {"headers": {"X-A": "a\r\nX-B: b"}},
    "line break in a name": {"headers": {"X-A\r\nX-B": "b"}},
    "blank in a name": {"headers": {"X A": "b"}},
    "lone surrogate": {"headers": {"X-A": "\ud800"}},
    "number as a value": {"headers": {"X-A": 5}},
    "none as a value": {"headers": {"X-A": None}},
    "headers as text": {"headers": "X-A: b"},
    "method with a line": {"method": "GET /b HTTP/1.1\r\nX-B: b"},
    "method of two words": {"method": "GE T"},
    "no method": {"method": None},
    "body that is read once": {"method": "PUT", "body": iter([b"a"])},
    "body of an object": {"method": "PUT", "body": {"a": 1}},
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_request_that_cannot_be_sent_counts_as_not_sent(wrong):
    async with RawServer() as server:
        requests = [Request(f"{server.url}/a", **WRONG[wrong]), f"{server.url}/b"]
        (refused, fetched), stats = await fetch(requests)
        assert refused.failure == Failure.INVALID_REQUEST
        assert (refused.tries, refused.sent, refused.status) == (0, 0, None)
        assert "\r" not in refused.detail
        assert fetched.ok
        assert server.targets == ["/b"]
        assert (stats["tries"], stats["failed_invalid_request"]) == (1, 1)


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
@pytest.mark.parametrize("whose", ["the request's", "the fetcher's"])
async def test_a_user_in_the_url_beside_a_header_of_authorization_is_refused(name, whose):
    async with RawServer() as server:
        url = server.url.replace("://", "://user:secret@")
        headers = {name: "Bearer secret"}
        own, shared = (headers, None) if whose == "the request's" else (None, headers)
        (result,), _ = await fetch([Request(url, headers=own)], shared)
        assert (result.failure, result.sent) == (Failure.INVALID_REQUEST, 0)
        assert "secret" not in result.detail
        assert server.seen == []


@pytest.mark.parametrize("headers", [{"X A": "b"}, {"A": "b\n"}, {"A": 1}, "A: b", 5])
def test_a_fetcher_refuses_headers_that_cannot_be_sent(headers):
    with pytest.raises(BadInputError, match="header"):
        AsyncFetcher(AsyncIOSettings(), headers=headers)


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_an_order_is_not_repeated_where_its_redirect_cannot_be_reached(status, method):
    async with RawServer() as server:

        async def stop_listening(_, writer):
            server._server.close()
            writer.write(answer(status, Location="/done", Connection="close"))
            await writer.drain()
            return False

        server.answer = stop_listening
        requests = [Request(f"{server.url}/order", method, body=b"1")]
        (result,), stats = await fetch(requests)
        assert (result.failure, result.tries, result.sent) == (Failure.CONNECT, 1, 2)
        assert stats["retries"] == 0


async def test_an_order_is_repeated_where_nobody_has_seen_it():
    async with RawServer() as server:
        free = server.port
    asked = asyncio.Event()

    async def listen_late():
        await asked.wait()
        late = RawServer()
        late._server = await asyncio.start_server(late._serve, "127.0.0.1", free)
        return late

    late = asyncio.create_task(listen_late())

    def source():
        asked.set()
        yield Request(f"http://127.0.0.1:{free}/order", "POST", body=b"1")

    (result,), stats = await fetch(source(), retries=20, backoff_seconds=0.05)
    server = await late
    server._server.close()
    assert result.ok
    assert server.targets == ["/order"]
    assert stats["tries"] == result.tries


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br, gzip", "gzip,identity , zstd"])
async def test_a_body_that_is_packed_twice_is_not_taken_for_its_content(encoding):
    async with RawServer(answer("200 OK", PACKED_TWICE, Content_Encoding=encoding)) as server:
        (result,), _ = await fetch([server.url])
        assert (result.failure, result.body) == (Failure.BAD_RESPONSE, b"")


@pytest.mark.parametrize("encoding", ["identity", "gzip, identity", "Identity,GZIP", "utf-8"])
async def test_identity_beside_another_encoding_changes_nothing(encoding):
    body = gzip.compress(b"text", mtime=0) if "gzip" in encoding.lower() else b"text"
    async with RawServer(answer("200 OK", body, Content_Encoding=encoding)) as server:
        (result,), _ = await fetch([server.url])
        assert (result.ok, result.body) == (True, b"text")
