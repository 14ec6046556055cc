import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import aiohttp
import pytest

from perflab.errors import BadInputError
from perflab.servers.http.server import HttpServer


@pytest.fixture(scope="module")
def server():
    with HttpServer.start() as running:
        yield running


def get(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


async def get_many(url, number):
    """Return the statuses of so many requests that are made at once, and their headers."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one():
            async with session.get(url) as response:
                await response.read()
                return response.status, dict(response.headers)

        return await asyncio.gather(*(one() for _ in range(number)))


def gone(pid, patience=20.0):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_items_are_those_that_were_asked_for(server):
    items = get(f"{server.url}/items?start=5&count=3")
    assert [item["id"] for item in items] == [5, 6, 7]
    assert items[2] == {"id": 7, "name": "item 7", "price": 7.07, "in_stock": False}
    assert get(f"{server.url}/items?count=0") == []


@pytest.mark.parametrize("query", ["start=-1", "count=-1", "count=many", "count=100001"])
def test_what_cannot_be_is_refused(server, query):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{server.url}/items?{query}")
    assert caught.value.code == 400
    caught.value.close()


def test_latency_changes_while_it_runs(server):
    server.set(latency_seconds=0.2)
    started = time.monotonic()
    get(f"{server.url}/items")
    assert time.monotonic() - started >= 0.2
    server.set(latency_seconds=0)


def test_a_setting_out_of_bounds_is_refused_and_nothing_changes(server):
    before = server.settings
    with pytest.raises(BadInputError, match="capacity: 0 is out of bounds"):
        server.set(capacity=0)
    assert server.settings == before


async def test_beyond_capacity_and_queue_it_answers_503_with_retry_after(server):
    server.set(latency_seconds=0.2, capacity=2, server_queue=3, retry_after_seconds=1.5)
    before = server.counts()
    answers = await get_many(f"{server.url}/items", 9)
    server.set(latency_seconds=0, capacity=None, retry_after_seconds=None)
    assert sorted(status for status, _ in answers) == [200] * 5 + [503] * 4
    assert {h["Retry-After"] for status, h in answers if status == 503} == {"2"}
    after = server.counts()
    assert after["served"] - before["served"] == 5
    assert after["refused"] - before["refused"] == 4
    assert after["busy"] == after["waiting"] == 0


async def test_errors_come_at_their_rate_and_are_counted(server):
    server.set(error_rate=0.3)
    before = server.counts()["errors"]
    answers = await get_many(f"{server.url}/items", 300)
    server.set(error_rate=0)
    failed = sum(status == 500 for status, _ in answers)
    assert server.counts()["errors"] - before == failed
    assert 50 <= failed <= 135  # five standard deviations about 90


def test_a_stall_takes_as_long_as_asked(server):
    server.set(stall_rate=1.0, stall_seconds=0.2)
    started = time.monotonic()
    get(f"{server.url}/items")
    assert time.monotonic() - started >= 0.2
    server.set(stall_rate=0.0)


def test_killed_and_restarted_it_is_at_the_same_address_with_the_same_settings():
    with HttpServer.start(latency_seconds=0.1) as server:
        url = server.url
        server.kill()
        assert server.pid is None
        assert server.counts() == {}
        with pytest.raises(urllib.error.URLError):
            get(f"{url}/items")
        server.restart()
        assert server.url == url
        started = time.monotonic()
        assert len(get(f"{url}/items?count=2")) == 2
        assert time.monotonic() - started >= 0.1


def test_a_frozen_server_goes_on_when_thawed():
    with HttpServer.start() as server:
        server.freeze()
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(f"{server.url}/items", timeout=0.3)
        server.thaw()
        assert get(f"{server.url}/items") != []


def test_it_ends_when_the_process_that_started_it_is_killed():
    code = (
        "import time\n"
        "from perflab.servers.http.server import HttpServer\n"
        "print(HttpServer.start().pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    os.kill(pid, signal.SIGSTOP)  # even when it stands still
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid)


def test_only_loopback_is_listened_on(server):
    import psutil

    listening = [c for c in psutil.Process(server.pid).net_connections() if c.status == "LISTEN"]
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}
