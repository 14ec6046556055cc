"""Servers that are none, or lie: one clear error in time, and nothing of theirs acts on us."""

from __future__ import annotations

import gzip
import importlib.util
import struct
import sys
import time
from pathlib import Path

import pytest

from perflab.cli.servers_found import servers_found
from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._attempt import retry_after
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.patterns.redis_cache.monitor import RedisMonitor
from perflab.servers.postgres import server as postgres_server
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.redis import server as redis_server
from perflab.servers.redis.server import RedisServer

SPEC = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
hostile = sys.modules["hostile"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(hostile)

LATEST = 15.0
ESCAPES = b"-ERR \x1b[31m<b>no</b>\x07 password=hunter2 redis://u:hunter2@h \xff\r\n"
FATAL = b"SFATAL\0VFATAL\0CXX000\0M\x1b[31mno\npassword=hunter2 \xe2\x80\xae\0\0"
SPEAKERS = {
    "silent": hostile.silent,
    "SSH": hostile.first_speaks(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "HTTP": hostile.says(b"HTTP/1.1 400 Bad Request\r\n\r\n", then_close=True),
    "TLS": hostile.says(b"\x15\x03\x01\x00\x02\x02\x46", then_close=True),
    "a Redis error": hostile.says(ESCAPES),
    "a PostgreSQL error": hostile.says(b"E" + struct.pack(">i", len(FATAL) + 4) + FATAL),
    "a huge message": hostile.says(b"R\x7f\xff\xff\xff" + b"\0" * 100),
    "drip": hostile.drips(b"$100000\r\n", b"x"),
    "hang-up": lambda peer: None,
}


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(redis_server, "_ASK_SECONDS", 0.5)
    monkeypatch.setattr(postgres_server, "ASK_SECONDS", 2)


def check_text(text: str) -> None:
    assert text.isprintable()
    assert "hunter2" not in text
    assert len(text) < 1000


@pytest.mark.parametrize("kind", SPEAKERS)
def test_named_redis_that_is_none_is_one_clear_error_in_time(kind, quick):
    with hostile.serving(SPEAKERS[kind]) as address:
        started = time.monotonic()
        with pytest.raises(BadInputError) as found:
            RedisServer(f"redis://u:hunter2@{address}/0", "the test")
        assert time.monotonic() - started < LATEST
    check_text(str(found.value))


@pytest.mark.parametrize("kind", SPEAKERS)
def test_named_postgres_that_is_none_is_one_clear_error_in_time(kind, quick):
    with hostile.serving(SPEAKERS[kind]) as address:
        started = time.monotonic()
        with pytest.raises(BadInputError) as found:
            PostgresServer(f"postgresql://u:hunter2@{address}/d", "the test")
        assert time.monotonic() - started < LATEST
    check_text(str(found.value))


def test_doctor_shows_a_hostile_servers_words_without_escapes(monkeypatch, quick):
    info = b"redis_version:7\x1b]0;owned\x07\nvalkey_version:\x1b[2J9" + b"9" * 5000 + b"\n"
    with hostile.serving(hostile.says(b"$%d\r\n%b\r\n" % (len(info), info))) as address:
        monkeypatch.setenv("PERFLAB_REDIS_URL", f"redis://{address}")
        monkeypatch.setenv("PERFLAB_POSTGRES_URL", f"postgresql://u:hunter2@{address}/d")
        for finding in servers_found():
            check_text(finding.text)


@pytest.mark.parametrize(
    "info",
    [
        b"used_memory:-5\r\n",
        b"used_memory:nan\r\nkeyspace_hits:x\r\nkeyspace_misses:1\r\n",
        b"used_memory:" + b"9" * 400 + b"\r\nevicted_keys:1\r\n",
        b"\xff\xfe\x00",
    ],
)
def test_monitor_refuses_figures_that_are_none(info):
    with hostile.serving(hostile.says(b"$%d\r\n%b\r\n" % (len(info), info))) as address:
        server = RedisServer.__new__(RedisServer)
        server.url = f"redis://{address}"
        monitor = RedisMonitor(server)
        with pytest.raises(BadInputError, match="INFO"):
            monitor.mark_empty()
        assert all(isinstance(value, float) for value in monitor.counters().values())
        monitor.close()


OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(b"\0" * 300_000_000, compresslevel=1)
ANSWERS = {
    "silent": hostile.silent,
    "SSH": hostile.first_speaks(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "slow body": hostile.drips(OK + b"Content-Length: 100000\r\n\r\n", b"x"),
    "slow headers": hostile.drips(OK, b"X-A: b\r\n"),
    "headers without end": hostile.pours(OK, b"X-A: b\r\n" * 1000),
    "a header without end": hostile.pours(OK + b"X: ", b"a" * 100_000),
    "body without end": hostile.pours(OK + b"\r\n", b"x" * 1_000_000),
    "a huge length": hostile.says(OK + b"Content-Length: 1000000000000000000\r\n\r\nx"),
    "a length of letters": hostile.says(OK + "Content-Length: ²\r\n\r\nx".encode()),
    "a huge chunk": hostile.says(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx"),
    "no chunk": hostile.says(OK + b"Transfer-Encoding: chunked\r\n\r\n\xff\r\n"),
    "a bomb": hostile.says(
        OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(BOMB), BOMB)
    ),
    "no gzip": hostile.says(OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    "escapes": hostile.says(
        b"HTTP/1.1 500 \x1b[31mno\xff\x07\r\nContent-Length: 0\r\nRetry-After: "
        + b"9" * 500
        + b"\r\n\r\n"
    ),
    "upgrade": hostile.says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_fetcher_makes_a_result_of_any_answer(kind, tmp_path):
    settings = AsyncIOSettings(timeout=1.0, retries=0, max_body_bytes=1 << 20)
    with hostile.serving(ANSWERS[kind]) as address:
        started = time.monotonic()
        async with AsyncFetcher(settings) as fetcher:
            url = f"http://{address}/"
            results = [result async for result in fetcher.fetch([url, url])]
            await fetcher.save([url], str(tmp_path / "out.jsonl"))
        assert time.monotonic() - started < LATEST
    assert len(results) == 2
    for result in results:
        assert result.ok == (kind == "upgrade")
        assert len(result.body) <= 1 << 20
        check_text(result.detail)


@pytest.mark.parametrize(
    "value", ["9" * 400, "9" * 5000, "²", "Wed, 99 Foo 99999", "nan", "\0", ""]
)
def test_retry_after_of_nonsense_raises_nothing(value):
    waited = retry_after(value)
    assert waited is None or waited >= 0


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred\x9b", "\\x1b[31mred\\x9b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("half \ud800", "half \\ud800"),
        ("redis://u:p@ss@host/0", "redis://***@host/0"),
        ("FATAL: password = x1 token:y2", "FATAL: password = *** token:***"),
        ("é" * 300, "é" * 197 + "..."),
    ],
)
def test_foreign_text_may_be_shown(said, shown):
    assert foreign_text(said) == shown


def test_foreign_text_of_much_takes_no_time():
    started = time.monotonic()
    foreign_text("://" * 10_000_000)
    assert time.monotonic() - started < 5
