"""Pictures of a run, a budget and a fleet: texts stand apart, values are the result's."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from perflab.charts.service import (
    PartsOverTime,
    budget_picture,
    chain_picture,
    fleet_picture,
    parts_picture,
    run_line,
    share_picture,
)
from perflab.charts.style import COLOURS, QUIET
from perflab.service import Budget, BudgetPoint, Fleet, FleetRow, Service
from perflab.service.live.result import ServiceRun

ABOUT = {"name": "w", "source": "w", "options": {}, "fingerprint": "", "summary": [], "notes": []}
MIB = 2.0**20
SERVICE = Service.from_mapping(
    {"workers": 4, "max_connections": 40, "cache": {}, "connection_pool": {"max_connections": 4}}
)
TITLES = {"delay": "Delay of threads", "cache": "Caching", "connection_pool": "Connection pool"}
WIDTHS = [280, 614, 1400]


def parts():
    ends = list(np.linspace(0.0, 20.0, 41)[1:])
    measured = {
        name: [seconds] * 20 + [math.nan] + [seconds] * 19  # a window without requests
        for name, seconds in {"delay": 1e-4, "cache": 2e-4, "connection_pool": 7e-4}.items()
    }
    predicted = {"cache": [1e-3] * 40, "connection_pool": [1e-3] * 40}
    return PartsOverTime(ends, measured, predicted, TITLES, (QUIET, *COLOURS[:2]))


def budget():
    def point(name, memory, connections, seconds):
        return BudgetPoint(name, {"cache": memory}, connections, {"latency_seconds_mean": seconds})

    memory = [point("", share * 8 * MIB, 4, 1e-3 / share) for share in (0.25, 0.5, 1, 2, 4)]
    pools = [point(f"{n} connections", 8 * MIB, n, 2e-3 / n) for n in (1, 2, 4, 8)]
    steps = (point("2 MiB more for cache", 10 * MIB, 4, 9e-4),)
    shown = SERVICE.shown()
    chosen, metrics = point("recommended", 8 * MIB, 4, 1e-3), {"latency_seconds_mean": 1e-3}
    return Budget(
        *(ABOUT, shown, shown, metrics, metrics, chosen, "as it is", "min:latency_seconds_mean"),
        next_steps=steps,
        curve=tuple(memory),
        connections_curve=tuple(pools),
    )


def fleet():
    rows = []
    for replicas in (2, 6):
        for size in (1, 2, 5, 12):
            count = 4 * replicas * size
            metrics = {"latency_seconds_p99": 0.2 / size}
            told = (replicas, 4 * replicas, "pools", size, count, count * 2, count * 2 <= 40)
            rows.append(FleetRow(*told, metrics))
        told = (replicas, 4 * replicas, "pgbouncer", 5, 40, 40, True)
        rows.append(FleetRow(*told, {"latency_seconds_p99": 0.05}))
    return Fleet(ABOUT, SERVICE.shown(), tuple(rows), "2 each", ("a deploy needs too many",))


def run(events):
    times = np.linspace(0.0, 20.0, 41)[1:]
    steady = np.ones(40)
    windows = {
        "ends": times, "database": 500 * steady, "p95": 4e-3 * steady, "failures": 0 * steady,
        "requests": 500 * steady, "hit_rate": 0.6 * steady, "waiting": 0 * steady,
    }  # fmt: skip
    fitted = {**windows, "database": 510 * steady}
    metrics = {"requests": 2e4, "errors": 0.0, "latency_seconds_p95": 4e-3}
    columns = [{key: list(each) for key, each in of.items()} for of in (windows, fitted)]
    told = (ABOUT, SERVICE.shown(), "deploy", 20.0, metrics, metrics, metrics)
    return ServiceRun(*told, *columns, events=tuple(events))


@pytest.mark.parametrize("width", WIDTHS)
def test_texts_of_all_pictures_stand_apart(apart, width, full):
    for drawn in (
        *(parts_picture(parts(), width, 1.0), budget_picture(budget(), width, 1.0)),
        *(fleet_picture(fleet(), width, 1.0), chain_picture(full, width, 1.0)),
    ):
        assert apart(drawn)
        assert len(drawn.words) > 40


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [0, 2, 16])
def test_events_of_a_run_are_lines_and_their_words_stand_apart(apart, width, count):
    events = [
        {"seconds": 2.0 + 18.0 * n / max(count, 1), "words": f"worker {n + 1} was restarted"}
        for n in range(count)
    ]
    drawn = run_line(run(events), width, 1.0)
    said = apart(drawn)
    lines = [each for each in drawn.figure.artists if hasattr(each, "get_xdata")]
    assert len(lines) == count
    assert ("worker 1 was restarted" in said) == (count > 0)
    assert all(event["words"] in drawn.words for event in events)


def test_parts_are_shares_of_the_latency():
    drawn = parts_picture(parts())
    assert "Measured: Delay of threads 10 %, Caching 20 %, Connection pool 70 %." in drawn.words
    assert "Predicted: Caching 50 %, Connection pool 50 %." in drawn.words
    measured, predicted = drawn.figure.axes
    tops = [path.vertices[:, 1].max() for each in measured.collections for path in each.get_paths()]
    assert tops == pytest.approx([0.1, 0.3 / 1.0, 1.0], abs=0.1)
    assert len(predicted.collections) == 3
    assert "Nothing yet." in parts_picture(PartsOverTime([1.0], {}, {}, TITLES, COLOURS[:3])).words


def test_curves_are_those_of_the_budget():
    memory, connections = budget_picture(budget()).figure.axes
    assert list(memory.lines[0].get_xdata()) == [share * 8 * MIB for share in (0.25, 0.5, 1, 2, 4)]
    assert list(connections.lines[0].get_xdata()) == [4, 8, 16, 32]
    assert "One step more: 2 MiB more for cache" in budget_picture(budget()).words


def test_what_does_not_fit_in_a_deploy_is_hollow():
    (axes,) = fleet_picture(fleet()).figure.axes
    points = [line for line in axes.lines if len(line.get_xdata()) == 1]
    hollow = [line for line in points if line.get_markerfacecolor() == "#FFFFFF"]
    assert len(points) == 10
    assert sorted(int(line.get_xdata()[0]) for line in hollow) == [24, 40, 48, 96, 120, 288]


def test_estimate_is_faint_and_says_its_band(full, apart):
    estimate = dataclasses.replace(full, sampled=0.01, error=0.004)
    for picture in (chain_picture, share_picture):
        exact, faint = picture(full, 890, 1.0), picture(estimate, 890, 1.0)
        assert apart(faint)
        sizes = [each.figure.get_size_inches().tolist() for each in (exact, faint)]
        assert sizes[0] == sizes[1], "nothing moves when it is replaced"
    assert "± 0.40 points, sampled" in chain_picture(estimate).words
    assert "sampled" not in chain_picture(full).words
