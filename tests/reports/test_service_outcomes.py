"""A report of several outcomes, predictions and fleets of a service shows each, in any order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from perflab import Trace
from perflab.bench.registry import load_bench
from perflab.reports import Report
from perflab.reports.service.decision import service_decision
from perflab.reports.service.outcomes import outcomes_of
from perflab.service import Service

WORKLOAD = "poisson:rate=200,requests=2k"
SERVICE = Service.from_mapping(
    {
        "request_rate": 200,
        "query_seconds": "2ms",
        "connection_pool": {"max_connections": 1, "timeout": 0.05},
    }
)
TITLE = load_bench("async_io").identity.title
SCENARIO = "traffic:times=4,seconds=2"


def part(report, name):
    """Return all that a reader sees of one section."""
    (chapter,) = report.chapters
    section = next(section for section in chapter.sections if section.name == name)
    return "\n".join(str(block) for block in section.blocks)


@pytest.fixture(scope="module")
def tight():
    return SERVICE.survive(WORKLOAD, SCENARIO)


@pytest.fixture(scope="module")
def wide():
    return SERVICE.change({"connection_pool.max_connections": 12}).play(WORKLOAD, SCENARIO)


def test_one_scenario_at_two_settings_is_shown_twice_in_any_order(tight, wide):
    assert wide.survived
    for results in ([tight, wide], [wide, tight], [tight.before, wide], [wide, tight.before]):
        report = Report.of(results)
        assert service_decision(results).answer == "do not ship"
        (chapter,) = report.chapters
        fails = "More traffic (connection_pool.max_connections 1)"
        assert chapter.headline == f"What the service does not survive: {fails}"
        shown = part(report, "scenarios")
        for title, outcome in ((fails, tight.before), (fails[:-2] + "12)", wide)):
            assert f"{title}: {outcome.verdict}" in shown
        assert {figure.name for figure in report.figures} == {"scenario-1", "scenario-2"}


def test_what_survives_stands_below_the_outcome_that_it_was_found_for(tight, wide):
    named = {
        each.outcome.settings["connection_pool"]["max_connections"]: each.survival
        for each in outcomes_of([wide, tight])
    }
    assert named == {1: tight, 12: None}
    # The same numbers twice are one outcome.
    (again,) = outcomes_of([tight, tight.before])
    assert again.title == "More traffic"
    assert again.survival == tight


def test_outcomes_on_two_workloads_name_them(wide):
    other = dataclasses.replace(
        wide, workload={**wide.workload, "name": "friday", "fingerprint": "f"}, survived=False
    )
    titles = [each.title for each in outcomes_of([wide, other])]
    assert titles == [f"More traffic ({wide.workload['name']})", "More traffic (friday)"]
    # Played with more retries, say, which an outcome does not keep.
    costly = dataclasses.replace(other, metrics={**other.metrics, "failures": 1.0})
    titles = [each.title for each in outcomes_of([other, costly])]
    assert titles == ["More traffic, 1 of 2", "More traffic, 2 of 2"]
    assert service_decision([costly, wide, other]).answer == "do not ship"


def test_settings_to_paste_are_those_of_the_last_prediction():
    trace = Trace.from_keys(np.arange(400) % 90, np.arange(400) / 100)
    first = Service.from_mapping({"cache": {"max_cache_size": 50}})
    last = first.change({"cache.max_cache_size": 77})
    pasted = part(Report.of([first.predict(trace), last.predict(trace)]), "paste")
    assert "77" in pasted
    assert "settings of the last prediction" in pasted
    budgets = [each.budget(trace, "memory_bytes<=100KiB") for each in (first, last)]
    budgets[1] = dataclasses.replace(budgets[1], settings=last.shown())
    pasted = part(Report.of([*budgets, first.predict(trace)]), "paste")
    assert "77" in pasted
    assert "last budget recommends" in pasted


def test_a_fleet_that_does_not_fit_is_not_shipped():
    service = Service.from_mapping(
        {
            "replicas": 3,
            "max_replicas": 6,
            "workers": 2,
            "max_connections": 40,
            "request_rate": 200,
            "connection_pool": {"min_connections": 0, "max_connections": 6, "timeout": 1},
        }
    )
    fleet = service.fleet(WORKLOAD)
    report = Report.of([fleet])
    assert len(fleet.warnings) == 2
    shown = part(report, "fleet")
    for text in (fleet.reason, *fleet.warnings):
        assert text[1:] in shown
        assert text[1:] in report.to_markdown()
        assert text[1:] in report.to_html()
    assert fleet.reason in report.chapters[0].verdict.effect
    decision = service_decision([fleet])
    assert decision.answer == "do not ship"
    assert [reason[1:-1] for reason in decision.reasons] == [text[1:] for text in fleet.warnings]
    (table,) = (table for table in report.tables if table.name == "fleet-1")
    assert [row["errors"] for row in table.to_dict()["rows"]] == [
        row.metrics["errors"] for row in fleet.rows
    ]


def test_where_requests_fail_on_a_calm_day_is_said():
    calls = {"latency_seconds": 0.001, "error_rate": 0.05, "retries": 0}
    pool = {"max_connections": 8, "timeout": 5}
    stages = {"request_rate": 200, "query_seconds": "2ms", "async_io": calls}
    calling = Service.from_mapping({**stages, "connection_pool": pool})
    found = calling.predict(WORKLOAD)
    lost = int(found.row("async_io").metrics["errors"])
    assert lost == found.metrics["errors"] > 10
    (reason, *_) = service_decision([found]).reasons
    assert reason == f"{lost} requests would fail on a calm day, at the stage {TITLE}."
    tight = {"connection_pool.max_connections": 1, "query_seconds": "10ms"}
    both = calling.change({**tight, "connection_pool.timeout": 0.1}).predict(WORKLOAD)
    (reason, *_) = service_decision([both]).reasons
    assert f": {lost} at the stage {TITLE} and " in reason
    assert reason.endswith("at the stage Connection pool.")
