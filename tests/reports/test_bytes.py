from __future__ import annotations

import numpy as np
import pytest

from perflab.reports.report import Report
from perflab.tuning.sweep import predictions
from perflab.workloads.kinds.trace import Trace

SIZES = ["20KiB", "100KiB", "200KiB"]


@pytest.fixture(scope="module")
def swept():
    keys = np.random.default_rng(2).zipf(1.3, 5_000) % 300
    trace = Trace.from_keys(keys, sizes=keys * 31 + 300)
    sweep = {"max_bytes": SIZES, "policy": ["lru", "sieve"]}
    return predictions("cache", trace, {"max_cache_size": 10_000}, sweep)


def what_if(result):
    (section,) = [
        each for each in Report.of([result]).chapters[0].sections if each.name == "what-if"
    ]
    return {block.name: block for block in section.blocks if hasattr(block, "name")}


def test_sweep_of_bytes_is_drawn_along_bytes_with_both_hit_rates(swept):
    blocks = what_if(swept)
    assert blocks["what-if-memory-bytes-max-bytes"]
    table = blocks["what-if-hit-rate-max-bytes"]
    assert [column.heading for column in table.columns] == [
        "Max bytes",
        *("LRU", "SIEVE", "byte hit rate"),
    ]
    shipped = Report.of([swept]).chapters[0].scope.ship.settings["policy"]
    of_policy = [p for p in swept.points if p["settings"]["policy"] == shipped]
    wanted = [point["metrics"]["byte_hit_rate"] for point in of_policy]
    assert [row[3].value for row in table.rows] == wanted


def test_figure_names_the_byte_hit_rate(swept):
    figures = {figure.name: figure for figure in Report.of([swept]).figures}
    figure = figures["what-if-hit-rate-max-bytes"]
    assert "byte hit rate:" in figure.alt
    assert "byte hit rate" in figure.svg


def test_the_smallest_good_number_of_bytes_is_what_it_is_about(swept):
    scope = Report.of([swept]).chapters[0].scope
    best = max(point["metrics"]["hit_rate"] for point in swept.points)
    enough = [p for p in swept.points if p["metrics"]["hit_rate"] >= best - 0.01]
    smallest = min(point["settings"]["max_bytes"] for point in enough)
    assert scope.ship.settings["max_bytes"] == smallest


def test_run_that_was_bounded_by_bytes_is_named_by_them(make_run):
    run = make_run()
    run.settings["max_bytes"] = 2**20
    (table,) = [table for table in Report.of([run]).tables if table.name == "runs"]
    assert table.columns[1].heading == "Max bytes"
    assert table.rows[0][1].text == "1 MiB"
