"""A run of a service from its panel: a real worker process, states, and what it measured."""

from __future__ import annotations

import math
import re

import pytest

BARE = {"request_rate": 300, "cache": {"max_cache_size": 100}}


def plain(text):
    return re.sub("<[^>]*>", " ", text)


@pytest.fixture
def panel(open_panel):
    return open_panel(BARE)


def test_run_shows_each_stage_while_it_goes_and_its_numbers_at_the_end(panel, until, monkeypatch):
    seen, follow = [], panel.view.follow
    monkeypatch.setattr(panel.runner, "_shown", lambda *of: (seen.append(of[1]), follow(*of)))
    panel.actions.length.value = "4s"
    panel.actions.buttons["run"].click()
    panel.actions.buttons["run"].click()  # the second half of a double click
    assert panel.actions.run.description == "Stop"
    until(lambda: "Measured: " in panel.view.parts.alternative.text)
    assert seen[-1].requests
    assert panel.view.parts.image.layout.display is None
    until(lambda: not panel.runner.active and "difference" in panel.view.table.value)
    assert panel.actions.run.description == "Run"
    run = panel.run
    assert run.metrics["requests"] == run.predicted["requests"] > 500
    assert panel.status.problem == ""
    table = plain(panel.view.table.value)
    for word in ("Service", "Caching", "Backend", "refitted", "measured", "adds on average"):
        assert word in table
    # All that adds to the latency is somewhere.
    total = sum(
        each * count
        for each, count in zip(
            map(sum, zip(*(_known(column) for column in run.parts.values()), strict=True)),
            run.windows["requests"],
            strict=True,
        )
    )
    mean = total / sum(run.windows["requests"])
    assert mean == pytest.approx(run.metrics["latency_seconds_mean"], rel=0.02)
    entry = panel.lasting.trail.entries[-1]
    assert entry["measured"]["latency_seconds_p95"] == run.metrics["latency_seconds_p95"]


def _known(column):
    return [0.0 if math.isnan(each) else each for each in column]


def test_run_ends_early_and_keeps_what_it_measured(panel, until):
    panel.actions.length.value = "60s"
    panel.run_or_stop()
    until(lambda: panel.runner.phase == "running")
    panel.change({"cache.max_cache_size": 50})
    panel.run_or_stop()
    assert panel.actions.run.disabled
    until(lambda: not panel.runner.active)
    assert panel.run.settings["cache"]["max_cache_size"] == 100, "settings of the start"
    assert any("ended early" in remark for remark in panel.run.remarks)


def test_what_cannot_run_is_said(panel, until):
    panel.change({"workers": 40})
    panel.wait(120)
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    assert "16 workers" in panel.status.problem
    assert panel.run is None
    until(lambda: "No result" in panel.view._head.value)
    panel.actions.length.value = "soon"
    assert "must be a time" in panel.actions.error.message
    panel.actions.error.restore()
    assert panel.actions.length.value == "20s"


def test_run_stopped_at_once_leaves_no_run_that_is_starting(panel, until):
    panel.run_or_stop()
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    assert panel.status.problem == ""
    until(lambda: "No result: the run was stopped" in panel.view._head.value)


def test_reset_forgets_the_run(panel, until):
    panel.actions.length.value = "60s"
    panel.run_or_stop()
    until(lambda: panel.runner.phase == "running")
    panel.reset()
    until(lambda: not panel.runner.active)
    assert panel.run is None
    assert "No run yet" in panel.view._head.value
