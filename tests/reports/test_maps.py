from __future__ import annotations

import dataclasses
import re

import pytest

from perflab.errors import BadInputError
from perflab.reports.report import Report
from perflab.tuning.sweep import predictions

NAME = "map-hit-rate-ttl-seconds-max-cache-size"
SWEEP = {"ttl_seconds": ["1h", "1d", "30d", "none"], "max_cache_size": [100, 500, 1000, 4000]}


@pytest.fixture(scope="module")
def swept():
    return predictions("cache", "flights", sweep=SWEEP)


def of(report, kind):
    return next((block for block in getattr(report, kind) if block.name == NAME), None)


def test_sweep_over_two_settings_is_drawn_as_a_map(swept):
    figure = of(Report.of(swept), "figures")
    assert figure.title == "Hit rate by TTL and size"
    assert "none" in figure.svg
    assert "highest" in figure.alt
    assert "now:" in figure.alt


def test_table_of_the_map_holds_every_point_of_the_sweep(swept):
    table = of(Report.of(swept), "tables")
    assert [column.key for column in table.columns] == [
        "max_cache_size",
        "ttl_seconds=1h",
        "ttl_seconds=1d",
        "ttl_seconds=30d",
        "ttl_seconds=none",
    ]
    for row in table.rows:
        for cell, ttl in zip(row[1:], (3600.0, 86_400.0, 2_592_000.0, None), strict=True):
            (point,) = (
                p
                for p in swept.points
                if p["settings"]["max_cache_size"] == row[0].value
                and p["settings"]["ttl_seconds"] == ttl
            )
            assert cell.value == point["metrics"]["hit_rate"]


@pytest.mark.parametrize(
    "sweep", [{"max_cache_size": [100, 500, 1000]}, {"ttl_seconds": ["1h", "1d", "none"]}]
)
def test_sweep_over_one_setting_is_no_map(sweep):
    assert of(Report.of(predictions("cache", "flights", sweep=sweep)), "figures") is None


def test_every_reference_of_a_drawing_leads_somewhere_in_it(swept):
    svg = of(Report.of(swept), "figures").svg
    ids = set(re.findall(r'id="([^"]+)"', svg))
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids
    assert set(re.findall(r'href="#([^"]+)"', svg)) <= ids
    assert "url(#" in svg


def test_report_says_how_the_shipped_policy_compares_and_which_is_best_where():
    found = predictions(
        "cache",
        "flights",
        sweep={"policy": ["lru", "fifo", "sieve", "opt"], "max_cache_size": [50, 300, 1000, 4000]},
    )
    page = Report.of(found).to_markdown()
    assert "At the settings to ship:" in page
    assert "points against OPT" in page
    curves = next(f for f in Report.of(found).figures if f.name == "what-if-hit-rate")
    assert "best: SIEVE from 50 entries to" in curves.alt


def test_parts_of_a_cost_are_lines_with_names():
    found = predictions("cache", "flights", sweep={"max_cache_size": [100, 1000, 4000]})
    report = Report.of(found)
    cost = next(figure for figure in report.figures if figure.name == "what-if-cost-per-day")
    assert "_child" not in cost.svg
    table = next(table for table in report.tables if table.name == "what-if-cost-per-day")
    headings = [column.heading for column in table.columns]
    assert headings[1:] == ["cost per day", "cost of memory", "cost of calls"]
    for row in table.rows:
        total, memory, calls = (cell.value for cell in row[1:])
        assert total == pytest.approx(memory + calls)


def with_settings(swept, **settings):
    first, *others = swept.points
    damaged = {**first, "settings": {**first["settings"], **settings}}
    return dataclasses.replace(swept, points=(damaged, *others))


@pytest.mark.parametrize("value", ["", "x", "9" * 40, -1, True, "lru"])
@pytest.mark.parametrize("key", ["ttl_seconds", "max_cache_size"])
def test_a_point_with_a_setting_that_cannot_be_is_refused(swept, key, value):
    with pytest.raises(BadInputError, match=key):
        Report.of(with_settings(swept, **{key: value})).to_markdown()


@pytest.mark.parametrize("key", ["ttl_seconds", "max_cache_size", "policy"])
def test_a_point_without_a_setting_is_left_out(swept, key):
    first, *others = swept.points
    less = {name: value for name, value in first["settings"].items() if name != key}
    one = dataclasses.replace(swept, points=({**first, "settings": less}, *others))
    assert of(Report.of(one), "tables") is not None
