"""Runs before servers that lie or say nothing end with one clear line."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

import perflab
from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.servers.consent import allow

SPEC = importlib.util.spec_from_file_location(
    "hostile", Path(__file__).parents[1] / "servers" / "hostile.py"
)
hostile = sys.modules["hostile"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(hostile)


def message_of(pattern, settings):
    bench = load_bench(pattern)
    allow(*bench.foreign_servers(bench.read(settings)[0]))
    with pytest.raises(BadInputError) as found:
        perflab.run(pattern, settings=settings, seconds=0.5)
    text = str(found.value)
    assert text.isprintable()
    assert "hunter2" not in text
    return text


def test_http_server_that_says_nothing_is_named_after_one_step():
    with hostile.serving(hostile.silent) as address:
        said = message_of("async_io", {"urls": f"http://{address}/x", "timeout": 0.2})
    assert "no request was answered" in said or "the server:" in said


def test_http_server_of_escapes_cannot_write_to_the_terminal():
    answer = b"HTTP/1.1 500 \x1b[31mno\xff password=hunter2\r\nContent-Length: 0\r\n\r\n"
    with hostile.serving(hostile.says(answer)) as address:
        said = message_of("async_io", {"urls": f"http://{address}/x", "timeout": 5})
    assert "\\x1b[31m" in said


def test_redis_of_escapes_cannot_write_to_the_terminal(monkeypatch):
    answer = b"-ERR \x1b[31mno redis://u:hunter2@h\r\n"
    with hostile.serving(hostile.says(answer)) as address:
        monkeypatch.setenv("PERFLAB_REDIS_URL", f"redis://u:hunter2@{address}")
        said = message_of("redis_cache", {})
    assert "\x1b" not in said
