"""What goes over the wire and what comes back, before a server of raw sockets with faults."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import psutil
import pytest
from raw_http import OK, RawServer, answer

from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._request import Failure, Request
from perflab.patterns.async_io.settings import AsyncIOSettings

HEAD = b"HTTP/1.1 200 OK\r\n"
TEXT = b"hello, world " * 500
PACKED = gzip.compress(TEXT, mtime=0)
DEFLATED = zlib.compress(TEXT)
RAW_DEFLATED = zlib.compress(TEXT, wbits=-15)


async def fetch(server, *, method="GET", number=3, body=None, **settings):
    """Return the results of some requests one after the other, and the statistics."""
    chosen = {"retries": 0, "timeout": 30, "max_concurrent": 1, "backoff_seconds": 0, **settings}
    requests = [Request(f"{server.url}/{n}", method, body=body) for n in range(number)]
    async with AsyncFetcher(AsyncIOSettings.read(chosen)) as fetcher:
        found = [result async for result in fetcher.fetch(requests)]
        return found, fetcher.stats()


def packed(body, encoding="gzip"):
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return HEAD + head.encode() + body


def chunked(*chunks, end=b"0\r\n\r\n", headers=b""):
    parts = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return HEAD + headers + b"Transfer-Encoding: chunked\r\n\r\n" + parts + end


async def nothing_open_to(port):
    """Wait until this process, as the client, knows that its connections are closed."""
    async with asyncio.timeout(30):
        while any(  # noqa: ASYNC110  (what is waited for sets no event)
            one.raddr and one.raddr.port == port and one.status in ("ESTABLISHED", "CLOSE_WAIT")
            for one in psutil.Process().net_connections(kind="tcp")
        ):
            await asyncio.sleep(0.001)


def then_closed(data):
    """Return an answer after which the connection is closed."""

    async def close(_, writer):
        writer.write(data)
        await writer.drain()
        return False

    return close


@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"])
async def test_a_server_that_cuts_sees_each_try_once(method, retries):
    async with RawServer(lambda *_: None) as server:
        found, stats = await fetch(server, method=method, retries=retries)
        tries = 1 if method in ("POST", "PATCH") else 1 + retries
        assert [(one.failure, one.tries) for one in found] == [(Failure.DISCONNECTED, tries)] * 3
        assert len(server.seen) == stats["tries"] == sum(one.sent for one in found) == 3 * tries


async def test_a_client_without_a_switch_for_repeats_sends_once_too(monkeypatch):
    monkeypatch.setattr("perflab.patterns.async_io._async_io._HAS_SWITCH", False)
    async with RawServer(lambda seen, _: OK if seen.nth % 2 else None) as server:
        found, stats = await fetch(server, number=20, retries=2)
        assert all(one.ok for one in found)
        assert len(server.seen) == stats["tries"] == 40
    found, _ = await fetch(server, number=1)  # nothing listens any more
    assert found[0].failure is Failure.CONNECT


async def test_a_server_that_cuts_every_other_answer_is_counted_too():
    async with RawServer(lambda seen, _: OK if seen.nth % 2 else None) as server:
        found, stats = await fetch(server, number=20, retries=2)
        assert all(one.ok for one in found)
        assert len(server.seen) == stats["tries"] == 40
        assert stats["retries"] == 20


async def test_a_post_after_the_connection_was_closed_meanwhile_is_sent_once():
    async with RawServer(then_closed(OK)) as server:
        async with AsyncFetcher(AsyncIOSettings(retries=0)) as fetcher:
            for number in range(5):
                request = Request(f"{server.url}/{number}", "POST", body=b"x")
                (result,) = [one async for one in fetcher.fetch([request])]
                assert result.ok
                await nothing_open_to(server.port)
        assert server.connections == len(server.seen) == 5


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_connections_that_a_server_closes_without_a_word_are_not_used(method):
    """Half of the requests would be lost on them; the first are, and show what the server does."""
    async with RawServer(then_closed(OK)) as server:
        found, stats = await fetch(server, method=method, number=200, max_concurrent=5)
        served = sum(one.ok for one in found)
        assert {one.failure for one in found} <= {None, Failure.DISCONNECTED}
        assert served >= 150
        assert served <= len(server.seen) <= stats["tries"] == 200


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_body_is_sent_whole_with_each_try(method):
    body = bytes(range(256)) * 1000
    async with RawServer(lambda seen, _: answer("503 Busy") if seen.nth == 0 else OK) as server:
        settings = AsyncIOSettings(retries=1, backoff_seconds=0)
        async with AsyncFetcher(settings) as fetcher:
            request = Request(f"{server.url}/", method, body=body, idempotent=True)
            (result,) = [one async for one in fetcher.fetch([request])]
        assert (result.ok, result.tries, result.sent) == (True, 2, 2)
        assert [seen.body for seen in server.seen] == [body, body]


async def test_each_redirect_is_counted_as_sent_and_not_as_a_try():
    async with RawServer(
        lambda seen, _: OK if seen.target == "/3" else answer("302 Found", Location="/3")
    ) as server:
        found, stats = await fetch(server)
        assert [(one.tries, one.sent) for one in found] == [(1, 2)] * 3
        assert stats["tries"] == len(server.seen) == 6


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 500000000\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 7\r\n",
        b"Content-Encoding: br\r\n",
        b"",
    ],
    ids=["length", "chunked", "gzip", "br", "none"],
)
@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No"), ("GET", "304 Not Modified")]
)
async def test_an_answer_without_a_body_has_none_to_measure(method, status, headers):
    async with RawServer(b"HTTP/1.1 %b\r\n%b\r\n" % (status.encode(), headers)) as server:
        found, stats = await fetch(server, method=method, max_body_bytes=10)
        assert [(one.ok, one.body) for one in found] == [(True, b"")] * 3
        assert stats["bytes_read"] == 0
        # Where nothing tells that the answer is over, the client takes a new connection.
        told = method == "GET" or b"Length" in headers or b"chunked" in headers
        assert server.connections == (1 if told else 3)


@pytest.mark.parametrize("method", ["head", "Head"])
async def test_a_method_in_small_letters_is_the_same_method(method):
    raw = answer("503 Busy").replace(b"Length: 0", b"Length: 50")
    async with RawServer(lambda seen, _: OK[:-2] if seen.nth else raw) as server:
        found, _ = await fetch(server, method=method, number=1, retries=1, max_body_bytes=1)
        assert [(one.ok, one.tries, one.request.method) for one in found] == [(True, 2, "HEAD")]
        assert {seen.method for seen in server.seen} == {"HEAD"}


async def test_a_head_that_fails_has_its_status():
    raw = b"HTTP/1.1 404 Not Found\r\nContent-Length: 99999999\r\n\r\n"
    async with RawServer(raw) as server:
        found, _ = await fetch(server, method="HEAD", max_body_bytes=10)
    assert {(one.failure, one.status) for one in found} == {(Failure.CLIENT_ERROR, 404)}


async def test_interim_answers_are_passed_over():
    interim = b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with RawServer(interim + OK) as server:
        found, _ = await fetch(server)
    assert [(one.status, one.body) for one in found] == [(200, b"ok")] * 3


@pytest.mark.parametrize("status", ["099 Odd", "000 None", "007 Bond"])
async def test_a_status_that_http_does_not_know_is_a_failure(status):
    async with RawServer(answer(status)) as server:
        found, _ = await fetch(server)
    assert {one.failure for one in found} == {Failure.BAD_RESPONSE}


async def test_an_answer_that_nobody_asked_for_is_no_ones():
    """Two answers to one request: the second is not the answer to the next."""
    second = answer("200 OK", b"no")
    async with RawServer(lambda seen, _: OK + second) as server:
        found, _ = await fetch(server, number=10)
    assert [one.body for one in found if one.ok] == [b"ok"] * len([one for one in found if one.ok])
    assert sum(one.ok for one in found) >= 5


async def test_a_body_that_ends_with_the_connection_is_whole():
    async with RawServer(then_closed(b"HTTP/1.0 200 OK\r\n\r\nall of it")) as server:
        found, _ = await fetch(server)
    assert [one.body for one in found] == [b"all of it"] * 3


CUT = {
    "length": HEAD + b"Content-Length: 10\r\n\r\nfour",
    "chunk": chunked(b"hello", end=b"a\r\nfour"),
    "no last chunk": chunked(b"hello", end=b""),
    "between chunks": chunked(b"hello", b"world", end=b"1"),
    "gzip and length": packed(PACKED)[:-9],
    "gzip and chunks": chunked(PACKED[:-9], headers=b"Content-Encoding: gzip\r\n", end=b""),
}


@pytest.mark.parametrize("how", CUT)
async def test_a_body_that_the_connection_cuts_is_incomplete(how):
    async with RawServer(then_closed(CUT[how])) as server:
        found, stats = await fetch(server, retries=1)
        assert {(one.failure, one.tries, one.body) for one in found} == {
            (Failure.INCOMPLETE, 2, b"")
        }
        assert len(server.seen) == stats["tries"] == 6


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 40, len(PACKED) - 11, len(PACKED) - 1])
@pytest.mark.parametrize("way", ["length", "chunked", "two chunks"])
async def test_a_cut_packed_body_of_the_right_length_is_incomplete(way, cut):
    part = PACKED[: len(PACKED) - cut]
    raw = packed(part)
    if way == "chunked":
        raw = chunked(part, headers=b"Content-Encoding: gzip\r\n")
    if way == "two chunks":
        part = part or b"\x1f"
        raw = chunked(*filter(None, (part[:1], part[1:])), headers=b"Content-Encoding: gzip\r\n")
    async with RawServer(raw) as server:
        found, _ = await fetch(server)
        assert [(one.status, one.failure) for one in found] == [(200, Failure.INCOMPLETE)] * 3
        # It was read to its end, so that the connection is as good as before.
        assert server.connections <= 3


@pytest.mark.parametrize(
    ("body", "encoding", "text"),
    [
        (PACKED, "gzip", TEXT),
        (PACKED, "GZip", TEXT),
        (PACKED, "x-gzip", TEXT),
        (PACKED + gzip.compress(b"more", mtime=0), "gzip", TEXT + b"more"),
        (PACKED + bytes(100), "gzip", TEXT),
        (PACKED + b"garbage", "gzip", TEXT),
        (gzip.compress(b"", mtime=0), "gzip", b""),
        (b"", "gzip", b""),
        (DEFLATED, "deflate", TEXT),
        (RAW_DEFLATED, "deflate", TEXT),
        (b"", "deflate", b""),
        (b"as it is", "identity", b"as it is"),
        (b"as it is", "aws-chunked", b"as it is"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
@pytest.mark.parametrize("way", ["length", "bytes"])
async def test_packed_bodies_are_unpacked(body, encoding, text, way):
    raw = packed(body, encoding)
    if way == "bytes":
        single = [body[i : i + 1] for i in range(len(body))]
        raw = chunked(*single, headers=f"Content-Encoding: {encoding}\r\n".encode())
    async with RawServer(raw) as server:
        found, _ = await fetch(server)
        assert [(one.failure, one.body) for one in found] == [(None, text)] * 3
        assert server.connections == 1
        assert server.seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("most", [len(TEXT) - 1, len(TEXT)])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_the_bound_of_a_packed_body_is_exact(encoding, most):
    body = PACKED if encoding == "gzip" else DEFLATED
    async with RawServer(packed(body, encoding)) as server:
        found, _ = await fetch(server, max_body_bytes=most)
    failure = None if most == len(TEXT) else Failure.TOO_LARGE
    assert {one.failure for one in found} == {failure}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (packed(b"this is not gzip"), "damaged"),
        (packed(PACKED[:20] + b"\xff" * 50), "damaged"),
        (packed(b"x", "br"), "packed as br"),
        (packed(b"x", "zstd"), "packed as zstd"),
        (chunked(end=b"zz\r\nok\r\n0\r\n\r\n"), "chunk size"),
        (chunked(end=b"-2\r\nok\r\n0\r\n\r\n"), "chunk size"),
        (chunked(end=b"2\r\nokXX0\r\n\r\n"), "chunk"),
        (chunked(end=b"ffffffffffffffffff\r\nok"), "overflow"),
    ],
)
async def test_a_damaged_body_is_a_bad_response(raw, words):
    async with RawServer(raw) as server:
        found, _ = await fetch(server, retries=2)
    assert {(one.failure, one.tries) for one in found} == {(Failure.BAD_RESPONSE, 1)}
    assert all(words in one.detail for one in found)


async def test_an_error_status_stays_though_its_body_cannot_be_unpacked():
    raw = packed(b"?", "br").replace(b"200 OK", b"503 Busy")
    async with RawServer(lambda seen, _: raw if seen.nth == 0 else OK) as server:
        found, _ = await fetch(server, number=1, retries=1)
    assert (found[0].ok, found[0].tries) == (True, 2)


MAD = {
    "negative length": b"Content-Length: -5",
    "length of words": b"Content-Length: abc",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3",
    "list of lengths": b"Content-Length: 2, 2",
    "endless length": b"Content-Length: " + b"9" * 5000,
    "signed length": b"Content-Length: +2",
    "superscript length": b"Content-Length: \xc2\xb2",
    "no colon": b"NoColon",
    "no name": b": x",
    "blank in a name": b"A B: c",
    "zero byte": b"X: a\x00b",
    "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: 2",
}


@pytest.mark.parametrize("what", MAD)
async def test_mad_headers_are_a_bad_response_and_no_exception(what):
    async with RawServer(HEAD + MAD[what] + b"\r\n\r\nok") as server:
        found, _ = await fetch(server)
    assert {one.failure for one in found} == {Failure.BAD_RESPONSE}
    assert not any(one.detail.startswith("400") for one in found)


@pytest.mark.parametrize(
    "line", [b"HTTP/1.1 500 \xff\xfe\x1b[31m", b"HTTP/1.1 200 \xff", b"HTTP/1.1 999 X"]
)
async def test_words_of_a_server_reach_a_file_of_results(line, tmp_path):
    raw = line + b"\r\nContent-Type: \xff\xfe\r\nX: \xff\r\nContent-Length: 1\r\n\r\nx"
    async with RawServer(raw) as server, AsyncFetcher(AsyncIOSettings(retries=0)) as fetcher:
        done = await fetcher.save([f"{server.url}/"] * 3, str(tmp_path / "out.jsonl"))
    assert done["requests"] == done["done"] + done["failed"] == 3
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(one)["status"] for one in lines] == [int(line.split()[1])] * 3


@pytest.mark.parametrize(
    "value",
    [
        "9" * 310,
        "9" * 5000,
        "-5",
        "1e400",
        "\N{ARABIC-INDIC DIGIT FIVE}",
        "soon",
        "\udcff",
        "Fri, 31 Dec 1999 23:59:59 +99999999999999",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("status", ["503 Busy", "429 Too Many"])
async def test_a_mad_retry_after_is_as_none(status, value):
    mad = answer(status, Retry_After=value)
    async with RawServer(lambda seen, _: mad if seen.target == "/7" else OK) as server:
        found, stats = await fetch(server, number=60, max_concurrent=4, retries=2)
        assert len(found) == 60
        assert [(one.status, one.tries) for one in found if not one.ok] == [(int(status[:3]), 3)]
        assert len(server.seen) == stats["tries"] == 62
