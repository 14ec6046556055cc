"""Slots, rate, hosts and the files of URLs, each alone."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from perflab.errors import BadInputError
from perflab.patterns.async_io._hosts import Host, Hosts
from perflab.patterns.async_io._request import IDEMPOTENT, Request
from perflab.patterns.async_io._slots import RateLimit, Slots
from perflab.patterns.async_io._urls import read_urls


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("resize"), st.integers(1, 6)),
            st.tuples(st.sampled_from(["take", "give", "leave"]), st.just(0)),
        ),
        max_size=60,
    )
)
def test_slots_hold_no_more_than_their_size_and_lose_none(steps):
    async def play():
        slots = Slots(2)
        waiting, held = [], 0
        for what, size in steps:
            if what == "take":
                waiting.append(asyncio.ensure_future(slots.acquire()))
            elif what == "give" and held:
                slots.release()
                held -= 1
            elif what == "leave" and waiting:
                waiting.pop(0).cancel()
            elif what == "resize":
                slots.resize(size)
            for _ in range(4):
                await asyncio.sleep(0)
            held += sum(task.done() and not task.cancelled() for task in waiting)
            waiting = [task for task in waiting if not task.done()]
            assert slots.taken == held
            assert not waiting or slots.taken >= slots.size
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert slots.taken == held

    asyncio.run(play())


async def test_who_came_first_is_served_first():
    slots, order = Slots(1), []

    async def one(number):
        await slots.acquire()
        order.append(number)
        slots.release()

    await asyncio.gather(*(one(number) for number in range(20)))
    assert order == list(range(20))


async def test_one_who_leaves_in_the_moment_of_its_turn_hands_it_on():
    slots = Slots(1)
    await slots.acquire()
    leaver, last = (asyncio.ensure_future(slots.acquire()) for _ in range(2))
    await asyncio.sleep(0)
    slots.release()
    leaver.cancel()
    await asyncio.wait_for(last, 30)
    assert slots.taken == 1


async def test_no_rate_never_waits_and_a_rate_spaces():
    loop = asyncio.get_running_loop()
    free = RateLimit(None)
    for _ in range(1000):
        await free.wait()
    limit = RateLimit(500)
    started = loop.time()
    await asyncio.gather(*(limit.wait() for _ in range(51)))
    assert loop.time() - started >= 50 / 500 - 0.011


class Run:
    def __init__(self):
        self.sent, self.gone = [], []

    def freed(self, request, host):
        self.sent.append(request)

    def forsaken(self, request):
        self.gone.append(request)


def test_a_place_that_is_given_back_goes_to_who_waits_and_a_run_can_leave():
    hosts, one, other = Hosts(1), Run(), Run()
    host = hosts.of(URL("http://a.example/x"))
    assert hosts.of(URL("http://a.example/y")) is host
    assert hosts.of(URL("http://a.example:81/")) is not host
    assert hosts.take(host)
    assert not hosts.take(host)
    requests = [Request(str(number)) for number in range(4)]
    for run, request in zip((one, other, one, other), requests, strict=True):
        host.aside.append((run, request))
    hosts.give_back(host)
    assert one.sent == requests[:1]
    hosts.forsake(other)
    assert other.gone == [requests[1], requests[3]]
    hosts.resize(None)
    assert one.sent == [requests[0], requests[2]]
    assert host.taken == 2


def test_hosts_that_are_idle_are_forgotten_when_they_are_many():
    hosts = Hosts(None)
    busy = hosts.of(URL("http://busy.example/"))
    hosts.take(busy)
    for number in range(25_000):
        assert isinstance(hosts.of(URL.build(scheme="http", host=f"h{number}.example")), Host)
    assert len(hosts._hosts) <= 10_000
    assert hosts.of(URL("http://busy.example/")) is busy


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"])
def test_what_may_be_sent_twice_is_what_the_rfc_says(method):
    assert Request("http://x/", method).is_safe_to_repeat is (method in IDEMPOTENT)
    assert ("POST" in IDEMPOTENT, "PATCH" in IDEMPOTENT) == (False, False)
    assert Request("http://x/", method, idempotent=True).is_safe_to_repeat


def test_a_url_is_itself_and_lines_are_read_as_they_are_used(tmp_path):
    assert [r.url for r in read_urls("http://127.0.0.1:9/")] == ["http://127.0.0.1:9/"]
    path = tmp_path / "urls.txt"
    path.write_text("\ufeffhttp://127.0.0.1:9/a\n # not this \n\nhttps://127.0.0.1:9/b\nftp://c\n")
    found = read_urls(str(path))
    assert [next(found).url, next(found).url] == ["http://127.0.0.1:9/a", "https://127.0.0.1:9/b"]
    with pytest.raises(BadInputError, match=r"urls\.txt:5: 'ftp://c' is not a URL"):
        next(found)


def test_of_a_har_file_only_what_changes_nothing_is_asked_again(tmp_path):
    path = tmp_path / "a.har"
    pairs = [("GET", "http://x/1"), ("POST", "http://x/2"), ("head", "http://x/3")]
    pairs += [("DELETE", "http://x/4"), ("GET", "data:text/plain,5")]
    entries = [{"request": {"method": method, "url": url}} for method, url in pairs]
    path.write_text(json.dumps({"log": {"entries": entries}}))
    found = [(request.method, request.url) for request in read_urls(str(path))]
    assert found == [("GET", "http://x/1"), ("HEAD", "http://x/3")]
    path.write_text('{"log": 3}')
    with pytest.raises(BadInputError, match="not a HAR file"):
        list(read_urls(str(path)))


@pytest.mark.parametrize("urls", [None, "", "nowhere.txt", "ftp://127.0.0.1/"])
def test_what_names_nothing_is_refused(urls):
    with pytest.raises(BadInputError, match=r"names nothing|neither a URL"):
        list(read_urls(urls))
