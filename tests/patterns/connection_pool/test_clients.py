from __future__ import annotations

import pytest

from perflab.bench.session import Measured
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.lab.verbs import run
from perflab.patterns.connection_pool.clients import late_clients, thread_count
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings


def histogram(seconds):
    found = LatencyHistogram()
    for _ in range(100):
        found.record(seconds)
    return found


def said(late, wait, *, timeout=30.0, **load):
    times = {"late": histogram(late), "wait": histogram(wait)} if late is not None else {}
    measured = Measured(1.0, 100, {}, {}, times, 0.0, LoadSettings(**load))
    return late_clients(ConnectionPoolSettings(timeout=timeout), measured)


@pytest.mark.parametrize(
    ("late", "wait"),
    [(None, 0.0), (0.0, 0.5), (4e-5, 1e-4), (9e-4, 1e-3), (0.02, 0.5)],
    ids=["unknown", "on time", "a wake-up", "less than a millisecond", "little of the wait"],
)
def test_nothing_is_said_of_clients_that_ask_in_time(late, wait):
    assert said(late, wait) == ()


def test_late_clients_are_told_with_what_to_do():
    (text,) = said(0.3, 0.6, concurrency=4)
    assert text.startswith(
        "requests asked the pool 300 ms late on average, as all 4 client threads"
    )
    assert "of the mean wait; set a higher concurrency, or a lower load" in text


def test_a_wait_beyond_the_timeout_is_explained():
    (text,) = said(0.9, 1.4, timeout=0.5)
    assert "which the timeout of 500 ms does not count; set a higher concurrency" in text


def test_who_has_the_most_threads_is_not_told_to_set_more():
    (text,) = said(0.9, 1.4, concurrency=512)
    assert text.endswith("; set a lower load")


def test_usually_there_are_twice_as_many_clients_as_connections():
    counts = [
        thread_count(ConnectionPoolSettings(max_connections=most), LoadSettings())
        for most in (4, 100, 500)
    ]
    assert counts == [64, 200, 512]
    assert thread_count(ConnectionPoolSettings(), LoadSettings(concurrency=3)) == 3


def test_an_overloaded_run_says_that_its_clients_asked_late(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    from perflab.lab import verbs
    from perflab.lab.calibration import calibration_for

    # Shipped costs do: nothing of the prediction is looked at.
    monkeypatch.setattr(verbs, "measured_first", lambda *of, **_: (calibration_for(*of), 0))
    values = {"max_connections": 1, "min_connections": 1, "timeout": 0.05, "concurrency": 3}
    found = run(
        "connection_pool",
        "poisson:rate=4000,requests=40k,seed=1",
        values,
        1.5,
        progress=False,
    )
    assert found.metrics["wait_seconds_p95"] > 0.05
    assert any("as all 3 client threads were busy" in note for note in found.notes)
