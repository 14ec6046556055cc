"""What holds whatever a server does: one result for each URL, and what was sent is counted."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from raw_http import OK, RawServer, answer

from perflab.instrumentation import EventKind
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._request import Request
from perflab.patterns.async_io.settings import AsyncIOSettings

PACKED = gzip.compress(b"hello " * 100, mtime=0)


def packed(body):
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


ANSWERS = {
    "ok": OK,
    "packed": packed(PACKED),
    "packed and cut": packed(PACKED[:-5]),
    "busy": answer("503 Busy"),
    "busy, wait": answer("503 Busy", Retry_After="0"),
    "busy, mad": answer("503 Busy", Retry_After="9" * 400),
    "throttled": answer("429 Too Many", Retry_After="0"),
    "missing": answer("404 Not Found"),
    "nothing": b"HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n",
    "moved": answer("302 Found", Location="/moved"),
    "moved off": answer("302 Found", Location="file:///etc/passwd"),
    "moved away": answer("302 Found", Location="http://127.0.0.2/"),
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "large": answer("200 OK", bytes(2000)),
    "mad": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "no http": b"\x00\x01\x02\r\n\r\n",
}
CLOSING = {
    "cut": b"",
    "body cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour",
    "head cut": b"HTTP/1.1 200 OK\r\nContent-Le",
    "last": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "to the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
}
FAULTS = st.sampled_from([*ANSWERS, *CLOSING])
NOT_SENT = st.sampled_from(["nonsense", "http://a..b/", "ftp://h/", "", "http://h:99999/", None])


class Planned:
    """Answers each path by its own plan, one fault after the other, and the last for ever."""

    def __init__(self, plans):
        self._plans = [list(plan) for plan in plans]

    def __call__(self, seen, writer):
        if seen.target == "/moved":
            return OK
        plan = self._plans[int(seen.target[1:])]
        name = plan.pop(0) if len(plan) > 1 else plan[0]
        return ANSWERS[name] if name in ANSWERS else self._close(CLOSING[name], writer)

    async def _close(self, data, writer):
        writer.write(data)
        await writer.drain()
        return False


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    plans=st.lists(st.lists(FAULTS, min_size=1, max_size=4), max_size=12),
    wrong=st.lists(NOT_SENT, max_size=3),
    methods=st.lists(st.sampled_from(["GET", "GET", "PUT", "POST", "HEAD"]), min_size=12),
    values=st.fixed_dictionaries(
        {
            "max_concurrent": st.integers(1, 8),
            "retries": st.integers(0, 3),
            "max_per_host": st.none() | st.integers(1, 3),
            "rate_limit": st.none() | st.just(5000),
            "limit_mode": st.sampled_from(["fixed", "auto"]),
        }
    ),
    cap=st.none() | st.integers(0, 12),
)
def test_each_url_has_one_result_and_what_is_sent_is_counted(plans, wrong, methods, values, cap):
    left = [cap]

    def spend():
        left[0] -= 1
        return left[0] >= 0

    async def play():
        async with RawServer(Planned(plans)) as server:
            requests = [
                Request(f"{server.url}/{number}", methods[number], tag=number)
                for number in range(len(plans))
            ]
            source = [*requests, *wrong]
            events = []
            settings = AsyncIOSettings.read(
                {"timeout": 60, "backoff_seconds": 0, "max_body_bytes": 1000, **values}
            )
            fetcher = AsyncFetcher(
                settings, hook=events.append, spend=None if cap is None else spend
            )
            async with fetcher:
                found = [result async for result in fetcher.fetch(source)]
            stats = fetcher.stats()

            tags = Counter(one.request.tag for one in found if one.request.tag is not None)
            assert tags == Counter(range(len(plans)))
            assert len(found) == len(source) == stats["requests"]
            assert stats["done"] + stats["failed"] == stats["requests"]
            assert stats["failed_invalid_url"] >= len(wrong)
            assert stats["in_flight"] == 0

            assert len(server.seen) == stats["tries"] == sum(one.sent for one in found)
            by_target = Counter(seen.target for seen in server.seen if seen.target != "/moved")
            for one in found:
                if one.request.tag is None:
                    assert (one.tries, one.sent) == (0, 0)
                else:
                    assert by_target[f"/{one.request.tag}"] == one.tries
                    assert one.tries <= one.sent
                    assert one.tries <= 1 + settings.retries
            retries = sum(one.tries - 1 for one in found if one.tries)
            assert stats["retries"] == retries
            assert Counter(event.kind for event in events)[EventKind.RETRY] == retries
            if cap is not None:
                assert len(server.seen) <= len(plans) + cap

    asyncio.run(play())
