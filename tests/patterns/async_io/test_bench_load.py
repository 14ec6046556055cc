"""The load of an event loop: every request once, at its pace, and stalls that show or do not."""

import time

import pytest

from perflab.bench.pace import Pace
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._exact_url import exact_url
from perflab.patterns.async_io._request import Request
from perflab.patterns.async_io.by_url import ByUrl
from perflab.patterns.async_io.load import EventLoopLoad, targets_of
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.servers.http.server import HttpServer
from perflab.settings import LoadSettings
from perflab.workloads.registry.arrivals import load_arrivals


@pytest.fixture(scope="module")
def running():
    with HttpServer.start() as server:
        yield server


@pytest.fixture
def server(running):
    running.set(latency_seconds=0, error_rate=0)
    return running


def load_of(server, *, closed=True, rate=None, limit=None, **settings):
    values = {"retries": 0, "timeout": 60, **settings}
    pace = Pace.of(
        load_arrivals("steady:rate=100,requests=1k"), LoadSettings(request_rate=rate), 0.0
    )
    return EventLoopLoad(
        lambda: AsyncFetcher(AsyncIOSettings.read(values)),
        targets_of([f"{server.url}/items?start={i}" for i in range(7)]),
        pace,
        limit,
        closed=closed,
    )


def until(condition, patience=30.0):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.01)


def done(load):
    return sum(record.count for record in load.histograms().values())


@pytest.mark.parametrize("closed", [True, False])
def test_so_many_requests_as_are_asked_for_and_then_it_is_finished(server, closed):
    before = server.counts()["requests"]
    load = load_of(server, closed=closed, rate=2000, limit=150, max_concurrent=10)
    load.start()
    until(lambda: load.finished)
    assert load.failure is None
    assert load.histograms()["served"].count == len(load.records) == 150
    assert server.counts()["requests"] - before == 150


def test_in_an_open_loop_nothing_comes_before_it_is_due(server):
    load = load_of(server, closed=False, rate=100, limit=40, max_concurrent=10)
    started = time.perf_counter()
    load.start()
    until(lambda: load.finished)
    assert time.perf_counter() - started >= 39 / 100
    assert load.histograms()["served"].count == 40


def test_a_stall_shows_in_all_that_wait_for_it_in_an_open_loop_and_in_one_in_a_closed():
    """Coordinated omission: a closed loop asks nothing while it waits."""
    slow = {}
    for closed in (True, False):
        with HttpServer.start() as server:
            load = load_of(server, closed=closed, rate=100, limit=200, max_concurrent=1)
            load.start()
            until(lambda load=load: done(load) >= 50)
            server.freeze()
            time.sleep(0.6)
            server.thaw()
            until(lambda load=load: load.finished)
        taken = load.histograms()["served"]
        slow[closed] = sum(taken.quantile(i / 200) > 0.1 for i in range(1, 201))
    assert slow[True] <= 5
    assert slow[False] >= 40


def test_a_pause_holds_the_load_and_a_resume_goes_on(server):
    load = load_of(server, max_concurrent=3)
    load.start()
    until(lambda: done(load) > 20)
    load.pause()
    until(lambda: load.fetcher.stats()["in_flight"] == 0)
    before = server.counts()["requests"]
    time.sleep(0.2)
    assert server.counts()["requests"] == before
    load.resume()
    until(lambda: server.counts()["requests"] > before + 20)
    load.stop()
    assert load.finished


def test_what_was_not_due_before_a_pause_is_due_after_it(server):
    load = load_of(server, closed=False, rate=50, max_concurrent=5)
    load.start()
    until(lambda: done(load) > 5)
    load.pause()
    time.sleep(0.5)
    before = done(load)
    load.resume()
    time.sleep(0.3)
    load.stop()
    assert done(load) - before <= 50 * 0.3 + 12  # not the 25 of the pause beside
    assert load.histograms()["served"].quantile(1.0) < 0.4


def test_it_changes_between_closed_and_open_and_its_rate(server):
    server.set(latency_seconds=0.005)
    load = load_of(server, closed=False, rate=10, max_concurrent=4)
    load.start()
    settings = load.fetcher.settings if load.fetcher else AsyncIOSettings()
    load.adjust(settings.change(max_concurrent=6), closed=True)
    until(lambda: load.fetcher.stats()["in_flight"] == 6)
    load.adjust(settings.change(max_concurrent=2), closed=False)
    until(lambda: load.fetcher.stats()["limit"] == 2)
    before = done(load)
    load.apply(LoadSettings(request_rate=400))
    until(lambda: done(load) > before + 100)
    load.stop()
    assert load.failure is None


def test_a_slow_pace_is_left_at_once_when_it_stops(server):
    load = load_of(server, closed=False, rate=0.01, max_concurrent=2)
    load.start()
    load.stop(patience=30)
    assert load.finished


def test_failures_are_errors_and_the_first_is_told(server):
    server.set(error_rate=1)
    load = load_of(server, limit=30, max_concurrent=3)
    load.start()
    until(lambda: load.finished)
    assert load.histograms().keys() == {"error"}
    assert load.first_failure == "500 Internal Server Error"


def test_timeouts_and_refusals_are_told_apart():
    with HttpServer.start(latency_seconds=0.2, capacity=1, server_queue=0) as server:
        load = load_of(server, limit=20, max_concurrent=4)
        load.start()
        until(lambda: load.finished)
        assert load.throttled == load.histograms()["error"].count > 0
        server.set(latency_seconds=5, capacity=None)
        late = load_of(server, limit=5, max_concurrent=5, timeout=0.1)
        late.start()
        until(lambda: late.finished)
    assert late.histograms()["timeout"].count == 5
    (turned_away,) = load.by_url.most_requested(without=server.url)
    assert turned_away["url"] == "/items?***"
    assert turned_away["requests"] == 20
    assert turned_away["failures"] == {"server_error": load.throttled}
    (slow,) = late.by_url.most_requested()
    assert (slow["url"], slow["failures"]) == (f"{server.url}/items?***", {"timeout": 5})
    assert 0.1 <= slow["latency_seconds_p50"] <= slow["latency_seconds_p95"]
    assert slow["latency_seconds_p95"] == pytest.approx(
        late.histograms()["timeout"].quantile(1.0), rel=0.02
    )


def test_urls_are_counted_apart_and_those_of_one_name_together(server):
    origin = server.url
    urls = [f"{origin}/items?start=1", f"{origin}/none", f"{origin}/items?start=2"]
    load = load_of(server, limit=300, max_concurrent=3)
    load._targets = [*targets_of(urls), Request(exact_url(f"{origin}/items"), "POST")]
    load.by_url = ByUrl(load._targets)
    load.start()
    until(lambda: load.finished)
    found = {each["url"]: each for each in load.by_url.most_requested(without=origin)}
    assert [(name, each["requests"]) for name, each in found.items()] == [
        *(("/items?***", 150), ("/none", 75), ("POST /items", 75)),
    ]
    assert found["/items?***"]["failures"] == {}
    assert found["/none"]["failures"] == {"client_error": 75}
    assert found["/none"]["latency_seconds_p50"] is None
    assert [each["url"] for each in load.by_url.most_requested(1, origin)] == ["/items?***"]


def test_what_ends_it_against_its_will_is_kept(server):
    load = load_of(server)

    def broken():
        raise RuntimeError("no fetcher")

    load._make = broken
    load.start()
    until(lambda: load.finished)
    assert str(load.failure) == "no fetcher"


def test_requests_in_flight_at_a_change_are_under_way_until_they_end(server):
    load = load_of(server, max_concurrent=3)
    load.start()
    until(lambda: done(load) > 20)
    server.set(latency_seconds=1.0)
    # All three that are in flight now began with the long latency.
    asked = server.counts()["requests"]
    until(lambda: server.counts()["requests"] >= asked + 3)
    server.set(latency_seconds=0)
    is_under_way = load.under_way()
    before = done(load)
    assert is_under_way()
    until(lambda: not is_under_way())
    assert done(load) >= before + 3
    # Others go on all the time, and are not waited for.
    until(lambda: done(load) > before + 50)
    assert not is_under_way()
    load.stop()
