"""Results in a file: whole, or marked as what ended early."""

import asyncio
import base64
import itertools
import json
import os

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._output import LinesFile
from perflab.patterns.async_io._request import Failure, Request, Result
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.servers.http.server import HttpServer


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


RESULT = Result(Request("http://x/"), 200, b"body")


async def save(path, source=None):
    async with LinesFile(path, source) as file:
        await file.write(RESULT)


async def test_a_file_of_urls_is_never_the_output(tmp_path):
    urls = tmp_path / "urls.txt"
    urls.write_text("http://127.0.0.1:9/\n")
    (tmp_path / "link").symlink_to(urls)
    (tmp_path / "twin").hardlink_to(urls)
    for name in ("urls.txt", "link", "twin"):
        settings = AsyncIOSettings(urls=str(urls), output_file=str(tmp_path / name))
        async with AsyncFetcher(settings) as fetch:
            with pytest.raises(BadInputError, match="is the input itself"):
                await fetch.save()
    partial = tmp_path / "out.jsonl.incomplete"
    urls.rename(partial)
    with pytest.raises(BadInputError, match="is the input itself"):
        await save(tmp_path / "out.jsonl", str(partial))
    assert partial.read_text() == "http://127.0.0.1:9/\n"


@pytest.mark.parametrize("text", ["my notes", '{"mine": 1}\n', "[1]\n", '{"url": 1}\n'])
async def test_an_unfinished_file_of_somebody_else_stays(text, tmp_path):
    partial = tmp_path / "out.jsonl.incomplete"
    partial.write_text(text)
    with pytest.raises(BadInputError, match=r"incomplete: .*was not written by perflab"):
        await save(tmp_path / "out.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == [partial.name]
    assert partial.read_text() == text


@pytest.mark.parametrize(
    "text", [b"", RESULT.line(), RESULT.line()[:20], b'{"incomplete":"x","results":0}\n']
)
async def test_an_unfinished_file_of_an_earlier_run_begins_anew(text, tmp_path):
    (tmp_path / "out.jsonl.incomplete").write_bytes(text)
    await save(tmp_path / "out.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert (tmp_path / "out.jsonl").read_bytes() == RESULT.line()


async def test_a_link_under_the_unfinished_name_is_not_followed(tmp_path):
    (tmp_path / "mine").write_bytes(RESULT.line())
    (tmp_path / "out.jsonl.incomplete").symlink_to("mine")
    with pytest.raises(BadInputError, match="was not written by perflab"):
        await save(tmp_path / "out.jsonl")
    assert (tmp_path / "mine").read_bytes() == RESULT.line()


async def test_mode_and_link_of_the_output_stay(tmp_path):
    (tmp_path / "real.jsonl").write_text("old")
    (tmp_path / "real.jsonl").chmod(0o600)
    (tmp_path / "out.jsonl").symlink_to("real.jsonl")
    await save(tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").is_symlink()
    assert (tmp_path / "real.jsonl").read_bytes() == RESULT.line()
    assert (tmp_path / "real.jsonl").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"out.jsonl", "real.jsonl"}


async def test_of_two_runs_at_once_the_second_is_refused(tmp_path):
    path = tmp_path / "out.jsonl"
    async with LinesFile(path) as first:
        await first.write(RESULT)
        with pytest.raises(BadInputError, match="is being written by another run"):
            await save(path)
        await first.write(RESULT)
    assert path.read_bytes() == RESULT.line() * 2
    await save(path)
    assert path.read_bytes() == RESULT.line()


def test_lines_go_into_a_device():
    asyncio.run(save("/dev/null"))
    assert not os.path.lexists("/dev/null.incomplete")
