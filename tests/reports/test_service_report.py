"""Reports about a whole service: its chain, what it survives, its budget and its run."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from perflab import Trace
from perflab.errors import BadInputError
from perflab.reports import Report
from perflab.reports.service.decision import service_decision
from perflab.service import Service
from perflab.service.live.result import ServiceRun
from perflab.service.prediction import ServicePrediction
from perflab.service.scenarios import ScenarioOutcome

WORKLOAD = "zipf:keys=500,requests=4k,skew=0.8,seed=1"
SHOP = Service.from_mapping(
    {
        "workers": 2,
        "request_rate": 400,
        "cache": {"max_cache_size": 50},
        "redis_cache": {"maxmemory": "20MiB"},
        "connection_pool": {"max_connections": 2, "timeout": 1},
    }
)


@pytest.fixture(scope="module")
def results():
    return [
        SHOP.predict(WORKLOAD),
        SHOP.play(WORKLOAD, "redis-down:seconds=2"),
        SHOP.survive(WORKLOAD, "slow-database:times=900,seconds=3"),
        SHOP.budget(WORKLOAD, ["memory_bytes<=60MiB"]),
        SHOP.fleet(WORKLOAD),
    ]


def test_a_report_has_every_part(results):
    report = Report.of(results, author="Ada")
    (chapter,) = report.chapters
    names = [section.name for section in chapter.sections]
    assert names == ["chain", "scenarios", "budget", "fleet", "paste", "notes"]
    assert {figure.name for figure in report.figures} == {
        *("chain", "shares", "scenario-1", "scenario-2"),
    }
    assert all(figure.alt for figure in report.figures)
    page = report.to_html()
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    # Black stands only on a series' own colour, which is light on a dark page.
    assert set(re.findall(r"(?:fill|stroke): (#[0-9a-fA-F]{6})", drawn)) <= {"#000000"}
    assert "Needs a look: no run of the service was measured" in page
    assert "Redis dies and comes back empty" in page
    assert "Ada" in page
    assert report.to_markdown().startswith("# Service: zipf")
    assert "Chosen with perflab for the workload zipf" in page
    assert "for the workload flights" not in page
    assert len(report.to_summary().splitlines()) <= 10


def test_it_does_not_ship_what_a_scenario_ends(results):
    decision = service_decision(results)
    assert decision.answer == "do not ship"
    assert any("slower" in reason for reason in decision.reasons)


def test_what_is_predicted_alone_needs_a_look(results):
    decision = service_decision(results[:2])
    assert decision.answer == "needs a look"
    assert "No run of the whole service was measured" in decision.reasons[0]


def test_it_is_written_whole_and_read_again(results, tmp_path):
    folder = Report.of(results).write(tmp_path / "out")
    assert {path.name for path in folder.iterdir()} >= {"report.html", "report.json", "tables"}
    again = Report.load(folder / "report.json")
    assert [result.to_dict() for result in again.results] == [
        result.to_dict() for result in Report.of(results).results
    ]


def test_a_service_stands_beside_patterns(results):
    import perflab

    cache = perflab.predictions("cache", WORKLOAD)
    report = Report.of([cache, *results[:2]])
    assert [chapter.title for chapter in report.chapters] == ["The whole service", "Caching"]
    names = [figure.name for figure in report.figures]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "change",
    [
        {"windows": {}},
        {"windows": None},
        {"metrics": "none"},
        {"survived": "perhaps"},
        {"format": 99},
        {"calm": {"ends": [1.0]}},
    ],
)
def test_a_damaged_file_is_one_clear_error(results, tmp_path, change):
    path = tmp_path / "down.json"
    path.write_text(json.dumps({**results[1].to_dict(), **change}))
    with pytest.raises(BadInputError):
        Report.of(path)
    with pytest.raises(BadInputError):
        ScenarioOutcome.load(path)


def plain(result):
    return json.loads(json.dumps(result.to_dict()))


@pytest.mark.parametrize(
    ("name", "value"),
    [("failures", None), ("requests", 1e300), ("calm_latency_seconds_p95", -1e300)],
)
def test_a_scenario_of_numbers_that_none_has_is_refused(results, name, value):
    kept = plain(results[1])
    kept["metrics"][name] = value
    with pytest.raises(BadInputError, match=name):
        ScenarioOutcome.from_dict(kept)
    del kept["metrics"][name]
    with pytest.raises(BadInputError, match=f"{name} is missing"):
        ScenarioOutcome.from_dict(kept)


@pytest.mark.parametrize(
    ("name", "value"), [("p95", 1e308), ("p95", -1), ("database", None), ("ends", 0)]
)
def test_windows_of_numbers_that_none_has_are_refused(results, name, value):
    kept = plain(results[1])
    kept["windows"][name][-1] = value
    with pytest.raises(BadInputError, match="damaged: "):
        ScenarioOutcome.from_dict(kept)


def test_a_prediction_that_lacks_what_is_drawn_is_refused(results):
    for name in ("errors", "database_per_second", "latency_seconds_p95"):
        kept = plain(results[0])
        del kept["metrics"][name]
        with pytest.raises(BadInputError, match=f"{name} is missing"):
            ServicePrediction.from_dict(kept)
    for place, name in ((0, "hit_rate"), (1, "memory_bytes"), (2, "errors"), (-1, "in_use")):
        kept = plain(results[0])
        del kept["stages"][place]["metrics"][name]
        with pytest.raises(BadInputError, match=f"{name} is missing"):
            ServicePrediction.from_dict(kept)
    with pytest.raises(BadInputError, match="no stage"):
        ServicePrediction.from_dict({**plain(results[0]), "stages": []})


def test_a_run_of_damaged_events_or_metrics_is_refused(results):
    windows = plain(results[1])["windows"]
    kept = {
        "kind": ServiceRun.kind,
        "format": 1,
        "workload": plain(results[0])["workload"],
        "settings": {},
        "scenario": "",
        "seconds": 1.0,
        "predicted": {},
        "fitted": {},
        "metrics": {"requests": 1, "errors": 0},
        "windows": windows,
        "fitted_windows": windows,
    }
    assert ServiceRun.from_dict(kept).metrics["requests"] == 1
    for event in ({}, {"seconds": ["a"], "words": "x"}, {"seconds": 1, "words": 2}):
        with pytest.raises(BadInputError, match="events"):
            ServiceRun.from_dict({**kept, "events": [event]})
    with pytest.raises(BadInputError, match="errors is missing"):
        ServiceRun.from_dict({**kept, "metrics": {"requests": 1}})


def test_a_scenario_with_moments_without_requests_is_read_again():
    quiet = Trace.from_keys(
        list(range(300)), times=[0.01 * i + (100 if i >= 150 else 0) for i in range(300)]
    )
    kept = SHOP.change({"request_rate": None}).play(quiet, "deploy")
    again = ScenarioOutcome.from_dict(plain(kept))
    assert again.verdict == kept.verdict
    assert np.isnan(again.windows["p95"]).any()
    np.testing.assert_array_equal(again.windows["p95"], kept.windows["p95"])
    assert Report.of([again]).to_markdown()
