"""Panels of services with outgoing calls, or with a client in front."""

from __future__ import annotations

import tomllib

import pytest

import perflab
from perflab.panels.service.pasting import toml_of

CALL = {"latency_seconds": 0.01, "call_share": 0.5}
FRONT = {"role": "front", "timeout": 0.5, "retries": 1, "max_concurrent": 50}


def with_client(values, settings):
    first = {key: value for key, value in values.items() if not isinstance(value, dict)}
    stages = {key: value for key, value in values.items() if isinstance(value, dict)}
    if settings is FRONT:
        return {**first, "async_io": FRONT, **stages}
    pool = stages.pop("connection_pool")
    return {**first, **stages, "async_io": CALL, "connection_pool": pool}


@pytest.mark.parametrize("settings", [CALL, FRONT])
def test_panel_shows_saves_and_reports_it(open_panel, values, settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = open_panel(with_client(values, settings))
    assert panel.status.problem == ""
    words = panel.chain.alternative.text
    assert "Async I/O" in words
    assert ("before all workers" in words) is (settings is FRONT)
    assert ("calls " in words) is (settings is CALL)
    assert ("slow-call" in panel.happening.buttons) is (settings is CALL)
    panel.sliders.controls["async_io.max_concurrent"].value = "10"
    panel.wait(120)
    panel.happening.field.value = "deploy:gap=1s"
    panel.wait(120)
    panel.export()
    panel.wait(120)
    assert panel.status.problem == ""
    assert "Async I/O" in panel.report.read_text()
    path = panel.save(tmp_path / "session.json")
    again = perflab.workbench(session=path)
    again.wait(120)
    assert again.service == panel.service
    assert again.status.problem == ""
    assert [entry["settings"] for entry in again.lasting.trail.entries] == [
        entry["settings"] for entry in panel.lasting.trail.entries
    ]
    again.close()


def test_calls_alone_have_no_budget_to_split_and_no_database_to_slow_down(open_panel):
    panel = open_panel({"request_rate": 100, "async_io": CALL}, "poisson:rate=100,requests=1k")
    assert panel.status.problem == ""
    assert panel.actions.buttons["budget"].disabled
    assert panel.actions.buttons["fleet"].disabled
    assert "slow-database" not in panel.happening.buttons
    panel.happening.buttons["slow-call"].click()
    panel.wait(120)
    assert "gets up to 0/s" not in panel.outcome.verdict


def test_file_to_paste_keeps_named_scenarios(values):
    named = {"lunch": "traffic:at=4s,seconds=1s,times=2"}
    service = perflab.Service.from_mapping({**values, "scenarios": named})
    table = tomllib.loads(toml_of(service, None))["service"]
    assert table["scenarios"] == named
    assert perflab.Service.from_mapping(table) == service
