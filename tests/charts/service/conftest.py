"""Predictions and outcomes of services as they come from JSON: nothing is computed for them."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text

from perflab.service import Service, ServicePrediction, StageRow
from perflab.service.scenarios import ScenarioOutcome

ABOUT = {"name": "w", "source": "w", "options": {}, "fingerprint": "", "summary": [], "notes": []}
CACHE = StageRow(
    "cache",
    "Caching",
    {
        "requests_per_second": 123_456.0,
        "passed_per_second": 23_400.0,
        "hit_rate": 0.8125,
        "wait_seconds_mean": 2.4e-6,
        "memory_bytes": 1.2345e9,
        "latency_share": 0.0023,
    },
)
REDIS = StageRow(
    "redis_cache",
    "Redis cache",
    {
        "requests_per_second": 23_400.0,
        "passed_per_second": 661.0,
        "hit_rate": 0.5058,
        "wait_seconds_mean": 1.56e-4,
        "memory_bytes": 2.0**21,
        "latency_share": 0.0969,
    },
)
POOL = StageRow(
    "connection_pool",
    "Connection pool",
    {
        "requests_per_second": 661.0,
        "passed_per_second": 600.0,
        "wait_seconds_mean": 0.01234,
        "wait_seconds_p95": 0.123,
        "latency_share": 0.0091,
        "connections": 960.0,
        "errors": 1234.0,
    },
)
DATABASE = StageRow(
    "database",
    "Database",
    {
        "requests_per_second": 600.0,
        "service_seconds_mean": 0.0029,
        "in_use": 123.4,
        "latency_share": 0.8917,
    },
)
WHOLE = {
    "latency_seconds_mean": 1.07e-3,
    "latency_seconds_p95": 4.16e-3,
    "latency_seconds_p99": 0.1234,
    "errors": 1234.0,
    "error_share": 0.0123,
    "database_per_second": 600.0,
}


def predicted(rows, own=None, whole=None):
    settings = {row.stage: {} for row in rows if row.stage != "database"}
    service = Service.from_mapping({**(own or {}), **settings})
    return ServicePrediction(ABOUT, service.shown(), tuple(rows), {**WHOLE, **(whole or {})})


def outcome(recovery=1.5, *, failures=40, begins=20.0, ends=30.0, title="Redis dies", last=50.0):
    times = np.linspace(0.0, last, 201)[1:]
    inside = (times > begins) & (times <= max(ends, begins + 1))
    steady = np.ones(200)
    calm = {"ends": times, "database": 640 * steady, "p95": 4e-3 * steady, "failures": 0 * steady}
    then = {
        "ends": times,
        "database": np.where(inside, 1430.0, 640.0),
        "p95": np.where(inside, 0.122, np.where(times < 1, np.nan, 4e-3)),
        "failures": np.where(inside, failures / inside.sum(), 0.0),
    }
    for each in (then, calm):
        each |= {"requests": 500 * steady, "hit_rate": 0.6 * steady, "waiting": 0 * steady}
    metrics = {
        "requests": 1e5,
        "failures": float(failures),
        "failing_seconds": 10.0,
        "database_per_second": 1430.0,
        "calm_database_per_second": 640.0,
        "latency_seconds_p95": 0.122,
        "calm_latency_seconds_p95": 4e-3,
    }
    if recovery is not None:
        metrics["recovery_seconds"] = recovery
    columns = [{key: list(values) for key, values in each.items()} for each in (then, calm)]
    of = (f"redis-down:at={begins}", title, ABOUT, {}, begins, ends, metrics, *columns)
    return ScenarioOutcome(*of, survived=not failures and recovery is not None)


ONE = predicted([CACHE], whole={"errors": 0.0})
FULL = predicted(
    [CACHE, REDIS, POOL, DATABASE], {"workers": 48, "replicas": 12, "max_connections": 400}
)
POOLED = predicted([POOL, DATABASE], {"workers": 4, "pgbouncer_connections": 60})


@pytest.fixture(params=[ONE, FULL, POOLED], ids=["one stage", "four boxes", "pgbouncer"])
def prediction(request):
    return request.param


@pytest.fixture
def full():
    return FULL


@pytest.fixture
def one():
    return ONE


@pytest.fixture
def make_outcome():
    return outcome


@pytest.fixture
def apart():
    """Return a check that texts of a figure can be read, apart from each other and whole."""

    def check(drawn):
        drawn.figure.canvas.draw()
        texts = [each for each in drawn.figure.findobj(Text) if each.get_text().strip()]
        shown = [each for each in texts if each.get_visible() and _on_page(each)]
        boxes = [each.get_window_extent() for each in shown]
        room = drawn.figure.bbox
        for place, (text, box) in enumerate(zip(shown, boxes, strict=True)):
            said = text.get_text()
            assert text.get_fontsize() * 100 / 72 >= 11, f"{said} is too small"
            assert room.x0 - 1 <= box.x0 < box.x1 <= room.x1 + 1, said
            assert room.y0 - 1 <= box.y0 < box.y1 <= room.y1 + 1, said
            for other, beside in zip(shown[:place], boxes, strict=False):
                over = min(box.x1, beside.x1) - max(box.x0, beside.x0)
                deep = min(box.y1, beside.y1) - max(box.y0, beside.y0)
                assert over <= 1 or deep <= 1, (said, other.get_text())
        return [each.get_text() for each in shown]

    return check


def _on_page(text):
    """Say whether a text is drawn: an axis keeps labels for ticks beyond its limits."""
    axes = text.axes
    if axes is None:
        return True
    labels = {id(each) for axis in (axes.xaxis, axes.yaxis) for each in axis.get_ticklabels()}
    if id(text) not in labels:
        return True
    drawn = [*axes.xaxis._update_ticks(), *axes.yaxis._update_ticks()]
    return any(id(text) == id(tick.label1) and tick.label1.get_visible() for tick in drawn)
