"""What was begun before a change of settings is not counted under the new ones."""

from __future__ import annotations

import threading
import time

import pytest

from perflab.bench import load_bench
from perflab.lab.verbs import calibrate, start_live
from perflab.patterns.prefetching.session import PrefetchingSession
from perflab.workloads.kinds.trace import Trace

PATIENCE = 60.0


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def calibrated(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    calibrate("cache", settings={"backend": "delay"}, seconds=0.2)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_backend_call_that_outlasts_a_change_is_not_of_the_new_settings(concurrency, tmp_path):
    begun, freed = tmp_path / "begun", tmp_path / "freed"

    def backend(key, begun=str(begun), freed=str(freed)):
        import time
        from pathlib import Path

        while str(key) == "7" and not Path(freed).exists():
            Path(begun).touch()
            time.sleep(0.01)
        return key

    trace = Trace.from_keys([number % 100 for number in range(5_000)])
    values = {"backend": backend, "max_cache_size": 10, "concurrency": concurrency}
    live = start_live("cache", trace, {**values, "request_rate": 500}, None, loop=True)
    try:
        begun.unlink()  # of the calibration, which is over
        until(begun.exists)
        live.apply({"max_cache_size": 5})
        until(lambda: live.changes)  # the change does not wait for it for ever
        told = live._rows.changed
        time.sleep(3.0)
        freed.touch()
        until(lambda: live._rows.changed is not told)
        assert live._rows.changed.mark == "settled"
        until(lambda: live.last.requests > live._rows.changed.requests + 50)
        since = live.last.since(live._rows.changed, frozenset())
        whole = live.last.latency()
        assert whole.quantile(1.0) > 3.0
        assert since.latency().quantile(1.0) < 3.0
        assert len(live.changes) == 1
        requests = live._rows.changed.requests
        done = live.stop()
        assert done.since_change["requests"] == done.metrics["requests"] - requests
        assert done.since_change["latency_seconds_p999"] < 3.0
    finally:
        live.close()


def test_nothing_is_settled_where_nothing_was_under_way():
    live = start_live("cache", "zipf:keys=100,requests=5k", {"backend": "delay"}, None, loop=True)
    try:
        for size in (10, 20, 30):
            live.apply({"max_cache_size": size})
            until(lambda size=size: len(live.changes) == size / 10)
            changed = live._rows.changed
            until(lambda changed=changed: live.last.requests > changed.requests + 100)
            assert live._rows.changed is changed
            assert changed.mark == "change"
    finally:
        live.close()


def test_a_batch_that_is_being_fetched_at_a_change_is_under_way():
    bench = load_bench("prefetching")
    begun, freed = threading.Event(), threading.Event()

    def fetch(start, stop):
        if start == 10:
            begun.set()
            assert freed.wait(PATIENCE)
        return list(range(start, stop))

    values = {"backend": fetch, "batch_size": 10, "buffer_size": 20}
    settings, load = bench.read(values)
    items = bench.workload_for(settings, "items:count=200")
    session = PrefetchingSession(settings, load, items)
    try:
        assert session.under_way() is None
        session.request(0, 0.0)
        assert begun.wait(PATIENCE)
        is_under_way = session.under_way()
        session.apply(settings.change(batch_size=5), load)
        assert is_under_way()
        freed.set()
        for number in range(1, 100):
            session.request(number, 0.0)
        assert not is_under_way()
    finally:
        freed.set()
        session.close()
