from __future__ import annotations

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.outcome import histories_around
from perflab.reports.report import Report
from perflab.workloads.kinds.trace import Trace

BENCH = load_bench("cache")


@pytest.fixture(scope="module")
def histories():
    keys = np.random.default_rng(1).zipf(1.4, 20_000) % 700
    trace = Trace.from_keys(keys, np.arange(20_000) * 30.0, sizes=keys + 100)
    settings, load = BENCH.read({"ttl_seconds": "2h"})
    return histories_around(BENCH, trace, settings, load)


def what_if(report):
    (section,) = [section for section in report.chapters[0].sections if section.name == "what-if"]
    return section.blocks


def named(blocks, name):
    return next(block for block in blocks if getattr(block, "name", "") == name)


def test_run_shows_live_keys_and_bytes_around_its_ttl(make_run, histories):
    run = make_run(histories=histories)
    run.settings["ttl_seconds"] = 7200.0
    blocks = what_if(Report.of([run]))
    figure = named(blocks, "over-time-live-keys")
    assert figure.wide
    assert "TTL 2 h: at most" in figure.alt
    assert "max cache size" in figure.svg
    assert named(blocks, "over-time-live-bytes").alt.startswith("Live bytes by TTL")
    table = named(blocks, "over-time-ttl-seconds")
    assert [row[0].tone for row in table.rows].count("changed") == 1
    assert [column.key for column in table.columns] == [
        "ttl_seconds",
        *("live_keys_most", "live_keys_mean", "live_bytes_most", "live_bytes_mean"),
        "hit_rate",
    ]
    most = [row[1].value for row in table.rows]
    assert most == sorted(most)
    said = [block.text for block in blocks if type(block).__name__ == "Text"]
    assert any("live keys and" in text and "at once" in text for text in said)


def test_lines_around_what_to_ship_are_preferred_to_later_ones(make_run, histories):
    fitting, other = make_run(histories=histories), make_run(histories=histories[:1])
    for run in (fitting, other):
        run.settings["ttl_seconds"] = 7200.0
    table = named(what_if(Report.of([fitting, other])), "over-time-ttl-seconds")
    assert len(table.rows) == len(histories)


def test_results_without_histories_have_no_such_figure(make_run, make_predictions):
    blocks = what_if(Report.of([make_run(), make_predictions()]))
    assert not [block for block in blocks if "over-time" in getattr(block, "name", "")]


def test_report_read_again_has_the_same_table(make_predictions, histories, tmp_path):
    first = Report.of([make_predictions(histories=histories)])
    again = Report.load(first.write(tmp_path / "report.json"))
    tables = [named(what_if(report), "over-time-ttl-seconds") for report in (first, again)]
    assert tables[0].to_dict() == tables[1].to_dict()


def test_damaged_histories_are_refused_by_their_place(make_predictions, histories):
    broken = {**histories[0], "seconds": "long"}
    with pytest.raises(BadInputError, match=r"histories\.0\.seconds"):
        Report.of([make_predictions(histories=(broken,))])
