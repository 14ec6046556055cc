"""Budget, fleet, settings to paste, report and summary of a service's panel."""

from __future__ import annotations

import re
import threading
import tomllib

import pytest

import perflab
from perflab.panels.service.pasting import toml_of
from perflab.service import Service, ServiceLayout
from perflab.service.fleet import best_pool


def plain(text):
    return re.sub("<[^>]*>", " ", text)


@pytest.fixture
def panel(open_panel, values, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return open_panel({**values, "replicas": 2, "max_replicas": 4, "max_connections": 18})


def test_budget_is_split_and_taken_over(panel):
    panel.goals.limits.text.value = "memory_bytes<=3MiB"
    panel.actions.buttons["budget"].click()
    panel.wait(240)
    card = panel.findings.budget
    assert card.found.limits == ("memory_bytes<=3 MiB",)
    assert panel.tabs.chosen == "Budget"
    for step in card.found.next_steps:
        assert step.name in plain(card._tables.value)
    assert "by memory of all caches" in card.picture.alternative.text
    assert card.take.layout.display is None
    card.take.click()
    panel.wait(120)
    assert panel.service.shown() == card.found.settings
    assert card._outdated.layout.display == "none"
    panel.change({"workers": 3})
    assert "other settings" in card._outdated.value


def test_budget_that_cannot_be_met_is_said(panel):
    panel.goals.limits.text.value = "memory_bytes<=1"
    panel.split_budget()
    panel.wait(240)
    assert panel.findings.budget.found is None
    assert "redis_cache alone takes" in panel.status.problem
    assert not panel.actions.buttons["budget"].disabled


def test_fleet_warns_of_a_deploy_and_its_pools_are_taken_over(panel):
    panel.actions.buttons["fleet"].click()
    panel.wait(240)
    card = panel.findings.fleet
    assert card.found.warnings == panel.service.fleet(panel.workload).warnings != ()
    assert "rolling deploy" in plain(card._text.value)
    assert "<td>PgBouncer" in card._tables.value
    best = best_pool(list(card.found.rows))
    card.take.click()
    panel.wait(120)
    pool = panel.service.pool.settings
    assert pool.max_connections == best.per_process
    assert card._outdated.layout.display == "none"


def test_search_is_not_begun_twice_and_can_be_ended(panel, monkeypatch):
    begun, gate, count = threading.Event(), threading.Event(), []

    def slow(_service, _workload, _limits, _objective, progress):
        count.append(1)
        begun.set()
        assert gate.wait(60)
        progress(1, 2)
        pytest.fail("what was ended goes on")

    monkeypatch.setattr(Service, "budget", slow)
    panel.actions.buttons["budget"].click()
    assert begun.wait(60)
    assert panel.actions.buttons["budget"].disabled
    panel.split_budget()
    panel.happening.cancel.click()
    gate.set()
    panel.wait(60)
    assert count == [1]
    assert panel.findings.budget.found is None
    assert panel.status.problem == ""
    assert not panel.actions.buttons["budget"].disabled


def test_settings_to_paste_are_those_of_the_sliders(panel):
    panel.change({"redis_cache.maxmemory": "3MiB", "connection_pool.timeout": 0.123})
    panel.wait(120)
    told = tomllib.loads(toml_of(panel.service, "zipf:keys=9"))
    assert told["workload"] == "zipf:keys=9"
    assert told["service"]["redis_cache"]["maxmemory"] == "3MiB"
    assert ServiceLayout.from_mapping(told["service"]).shown() == panel.service.shown()
    panel.tabs.choose("Settings to paste")
    shown = panel.pasting.widget.value
    assert "maxmemory = &quot;3MiB&quot;" in shown
    for title in ("Service: perflab.toml", "Caching: ", "Redis cache: ", "Connection pool: "):
        assert title in shown
    stages = shown.count("class='perflab-pasted'")
    assert shown.count("class='perflab-copy'") == shown.count("<details") - stages > 3


def test_report_has_all_that_was_found(panel, tmp_path):
    panel.play("deploy")
    panel.wait(120)
    assert panel.reports.summary in panel.actions._copy.value.replace("&#x27;", "'").replace(
        "&lt;", "<"
    ).replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    panel.size_fleet()
    panel.wait(120)
    panel.actions.buttons["export"].click()
    panel.wait(120)
    (made,) = tmp_path.glob("perflab-report-service-*")
    assert panel.report.resolve() == made / "report.html"
    found = perflab.reports.Report.load(panel.report.parent / "report.json").results
    assert {each.kind for each in found} == {"service prediction", "scenario", "service fleet"}
