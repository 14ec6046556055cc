"""Every program is run on a real server; k6 is not installed here, so its options are read."""

import ast
import asyncio
import json
import re
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_http import OK, RawServer, answer

from perflab.patterns.async_io.exports import async_io_exports
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.servers.http.server import HttpServer
from perflab.settings import LoadSettings

PYTHON = ["perflab", "aiohttp", "httpx", "Kailash"]


@pytest.fixture(scope="module")
def server():
    with HttpServer.start(latency_seconds=0.1) as running:
        yield running


def export(title, settings=None, workload="poisson:rate=200", **load):
    made = async_io_exports(settings or AsyncIORunSettings(), LoadSettings.read(load), workload)
    return {each.title: each.text for each in made}[title]


def run(text, arguments, folder):
    script = folder / "pasted.py"
    script.write_text(text, encoding="utf-8")
    command = [sys.executable, "-W", "error::SyntaxWarning", str(script), *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Watch:
    """Notes the most that a server works on at once, while a program runs."""

    def __init__(self, server):
        self._server = server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most = 0

    def _look(self):
        while not self._done.is_set():
            self.most = max(self.most, self._server.counts()["busy"])
            time.sleep(0.005)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()


@pytest.mark.parametrize("title", PYTHON)
def test_it_fetches_all_and_never_more_at_once_than_its_limit(title, server, tmp_path):
    urls = [f"{server.url}/items?start={i}" for i in range(12)]
    settings = AsyncIORunSettings(max_concurrent=3, retries=1, timeout=30)
    with Watch(server) as watch:
        said = run(export(title, settings), urls, tmp_path)
    assert watch.most == 3
    answer = ast.literal_eval(said)
    if title == "perflab":
        assert answer["done"] == 12
        assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 12
    elif title == "Kailash":
        assert answer["statuses"] == [200] * 12
        assert answer["failed"] == []
    else:
        assert answer == [200] * 12


@pytest.mark.parametrize("title", ["aiohttp", "httpx"])
def test_the_timeout_is_that_of_the_settings(title, server, tmp_path):
    text = export(title, AsyncIORunSettings(timeout=0.02, retries=0))
    with pytest.raises(AssertionError, match="Timeout"):
        run(text, [f"{server.url}/items"], tmp_path)


def test_httpx_gets_limits_that_are_its_own_type():
    import httpx

    names = {"__name__": "pasted"}
    exec(compile(export("httpx", AsyncIORunSettings(max_concurrent=7)), "httpx", "exec"), names)
    limits = httpx.Limits(max_connections=7, max_keepalive_connections=7, keepalive_expiry=15.0)
    assert names["LIMITS"] == limits


def k6_options(text):
    return json.loads(re.search(r"options = (\{.*?\n\});", text, re.DOTALL).group(1))


@pytest.mark.parametrize("rate", [None, 0.5, 7, 250])
@pytest.mark.parametrize("load_model", ["closed", "open"])
def test_k6_gets_users_in_a_closed_loop_and_a_rate_in_an_open_one(load_model, rate):
    settings = AsyncIORunSettings(max_concurrent=9, load_model=load_model, timeout=2.5)
    text = export("k6", settings, request_rate=rate)
    (scenario,) = k6_options(text)["scenarios"].values()
    assert "timeout: '2500ms'" in text
    if load_model == "closed":
        assert (scenario["executor"], scenario["vus"]) == ("constant-vus", 9)
    else:
        assert scenario["executor"] == "constant-arrival-rate"
        assert scenario["maxVUs"] == 9
        unit = {"1s": 1, "1m": 60}[scenario["timeUnit"]]
        assert scenario["rate"] / unit == pytest.approx(rate or 1)


def test_what_a_client_cannot_do_is_said():
    settings = AsyncIORunSettings(limit_mode="auto", rate_limit=50, max_per_host=2)
    for title in ("aiohttp", "httpx"):
        text = export(title, settings)
        assert "There is no auto here" in text
        assert "50/s is left out" in text
    assert "limit_per_host=2" in export("aiohttp", settings)
    assert "max_per_host is left out" in export("httpx", settings)
    assert k6_options(export("k6", settings))["rps"] == 50


@given(st.text(max_size=60))
def test_no_name_of_a_workload_breaks_out_of_its_comment(workload):
    for each in async_io_exports(AsyncIORunSettings(), LoadSettings(), workload):
        first, rest = each.text.split("\n", 1)
        assert first.startswith(("# ", "// "))
        assert rest == export(each.title).split("\n", 1)[1]


def test_no_address_is_written_down():
    settings = AsyncIORunSettings(
        urls="https://user:hush@shop.example/x?token=s3cret", output_file="/srv/me/out.jsonl"
    )
    for each in async_io_exports(settings, LoadSettings(), "/srv/private/a.har"):
        for secret in ("shop.example", "hush", "s3cret", "/srv"):
            assert secret not in each.text


@pytest.mark.parametrize("title", ["perflab", "aiohttp", "httpx"])
async def test_it_asks_for_urls_as_they_were_written(title, tmp_path):
    signed = "/a%2Fb?type=application%2Fgzip&sig=%28q%2BP%2C%3D%29"
    there = "/c?x=%2F%28"
    async with RawServer(
        lambda seen, _: answer("302 Found", Location=there) if seen.target == signed else OK
    ) as server:
        text = export(title, AsyncIORunSettings(max_concurrent=1))
        urls = [server.url + signed, f"{server.url}/\N{LATIN SMALL LETTER E WITH ACUTE} x"]
        await asyncio.to_thread(run, text, urls, tmp_path)
        followed = [] if title == "httpx" else [there]  # httpx follows only where it is told to
        assert server.targets == [signed, *followed, "/%C3%A9%20x"]
