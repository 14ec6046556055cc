"""Results in a file: whole, or marked as what ended early."""

import asyncio
import base64
import itertools
import json

import pytest

from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io_output import LinesFile
from perflab.patterns.async_io_request import Failure, Request, Result
from perflab.servers.http_server import HttpServer
from perflab.settings import AsyncIOSettings, BadInputError


@pytest.fixture(scope="module")
def server():
    with HttpServer.start() as running:
        yield running


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_file_that_ends_early_says_so_and_keeps_what_came(server, tmp_path):
    path, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.incomplete"
    url = f"{server.url}/items"
    async with AsyncFetcher(AsyncIOSettings(max_concurrent=3)) as fetch:
        saving = asyncio.ensure_future(fetch.save(itertools.repeat(url), str(path)))
        while fetch.stats()["done"] < 50:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
    *rows, last = lines(partial)
    assert not path.exists()
    assert last == {"incomplete": "CancelledError", "results": len(rows)}
    assert len(rows) >= 30
    assert all(row["status"] == 200 for row in rows)


async def test_a_file_that_is_whole_has_a_line_for_each_request(server, tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("of an earlier run")
    urls = [f"{server.url}/items?start={i}" for i in range(40)]
    async with AsyncFetcher(AsyncIOSettings(output_file=str(path), retries=0)) as fetch:
        counts = await fetch.save([*urls, f"{server.url}/faults/status?code=404"])
    found = {row["url"]: row for row in lines(path)}
    assert counts["done"] == 40
    assert counts["failed_client_error"] == 1
    assert json.loads(found[urls[7]]["body"])[0]["id"] == 7
    assert [row["failure"] for row in found.values() if "failure" in row] == ["client_error"]
    assert list(tmp_path.iterdir()) == [path]


async def test_lines_are_there_while_more_are_to_come(server, tmp_path):
    path, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.incomplete"
    gate = asyncio.Event()

    async def source():
        for number in range(100):
            if number == 99:
                await gate.wait()
            await asyncio.sleep(0.01)
            yield f"{server.url}/items"

    async with AsyncFetcher() as fetch:
        saving = asyncio.ensure_future(fetch.save(source(), str(path)))
        while not (partial.exists() and len(lines(partial)) >= 20):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        gate.set()
        await saving
    assert len(lines(path)) == 100


async def test_a_place_that_cannot_be_written_is_refused_before_anything_is_asked(server, tmp_path):
    async with AsyncFetcher() as fetch:
        with pytest.raises(BadInputError, match="cannot be written"):
            await fetch.save([f"{server.url}/items"], str(tmp_path / "no" / "out.jsonl"))
        with pytest.raises(BadInputError, match="output_file"):
            await fetch.save([f"{server.url}/items"])
        assert fetch.stats()["requests"] == 0


@pytest.mark.skipif(not __import__("os").path.exists("/dev/full"), reason="has no /dev/full")
async def test_a_full_disk_is_one_clear_error(monkeypatch):
    file = LinesFile("/dev/full")
    monkeypatch.setattr(file, "_partial", file._path)
    with pytest.raises(BadInputError, match="No space left"):
        async with file:
            await file.write(Result(Request("http://x/"), 200))


def test_a_body_that_is_no_text_is_base64():
    body = bytes(range(256))
    row = json.loads(Result(Request("http://x/"), 200, body).line())
    assert base64.b64decode(row["body_base64"]) == body
    failed = Result(Request("http://x/", "PUT"), failure=Failure.DNS, detail="no such name")
    row = json.loads(failed.line())
    assert (row["failure"], row["detail"], row["method"]) == ("dns", "no such name", "PUT")
    assert "body" not in row
