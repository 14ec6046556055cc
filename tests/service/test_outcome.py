"""What is said of a scenario: what fails without it counts, too."""

from __future__ import annotations

import json

import pytest

from perflab.cli.service.playing import write_outcome
from perflab.reports.service.decision import service_decision
from perflab.service import Service
from perflab.service.scenarios import ScenarioOutcome
from perflab.service.scenarios.survive import survive

WORKLOAD = "poisson:rate=200,requests=3k"
OVERLOADED = Service.from_mapping(
    {
        "request_rate": 200,
        "query_seconds": "10ms",
        "connection_pool": {"max_connections": 1, "timeout": 1},
    }
)
"""Half of its requests get no connection in time, whatever happens."""
SAME = "traffic:times=1,seconds=4"


@pytest.fixture(scope="module")
def outcome():
    return OVERLOADED.play(WORKLOAD, SAME)


def test_what_fails_on_a_calm_day_is_not_survived(outcome):
    assert outcome.metrics["failures"] == 0
    ends, failures = outcome.calm["ends"], outcome.calm["failures"]
    late = [lost for end, lost in zip(ends, failures, strict=True) if end > outcome.begins]
    assert outcome.metrics["calm_failures"] == sum(late) > 300
    assert not outcome.survived
    said = f"{outcome.metrics['calm_failures']:,.0f}"
    assert outcome.verdict.startswith(f"Does not survive: {said} requests fail on a calm day")
    assert outcome.table()[0] == ("requests that fail", said, said)
    lines = [line.split() for line in write_outcome(outcome).splitlines()]
    assert ["requests", "that", "fail", said, said] in lines
    assert service_decision([outcome]).answer == "do not ship"


def test_what_fails_more_than_on_a_calm_day_stands_beside_it():
    found = OVERLOADED.play(WORKLOAD, "traffic:times=3,seconds=4")
    more, usual = found.metrics["failures"], found.metrics["calm_failures"]
    assert min(more, usual) > 300
    assert f"{usual:,.0f} requests fail on a calm day already; {more:,.0f} more" in found.verdict
    assert usual < found.all_failures <= usual + more


def test_a_size_is_advised_where_the_calm_day_fails_already():
    found = survive(OVERLOADED, WORKLOAD, SAME)
    assert "as it is" not in found.advice
    assert "fail on a calm day already, without the scenario. Set connection_pool" in found.advice
    enough = OVERLOADED.change({found.best.key: int(found.best.after)})
    again = enough.play(WORKLOAD, SAME)
    assert again.survived
    assert again.verdict.startswith("Survives")


def test_the_nearest_size_lets_the_fewest_fail_in_all():
    crowded = OVERLOADED.change({"max_connections": 2, "request_rate": 800})
    found = survive(crowded, WORKLOAD, SAME)
    assert found.best is None
    (way,) = found.ways
    assert way.nearest == "2"
    assert 0 < way.fewest < found.before.all_failures


def test_a_file_without_those_of_a_calm_day_is_read(outcome):
    kept = json.loads(json.dumps(outcome.to_dict()))
    for change in ({}, {"calm_failures": None}):
        metrics = {k: v for k, v in kept["metrics"].items() if k != "calm_failures"}
        again = ScenarioOutcome.from_dict({**kept, "metrics": metrics | change})
        assert again.metrics == outcome.metrics
        assert again.verdict == outcome.verdict
    # It was not judged by them then.
    older = ScenarioOutcome.from_dict({**kept, "metrics": metrics, "survived": True})
    assert not outcome.survived
    assert not older.survived
