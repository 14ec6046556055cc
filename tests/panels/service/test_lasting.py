"""A service's session reopened is as it was, and what was tried comes back."""

from __future__ import annotations

import json

import pytest

import perflab
from perflab.errors import BadInputError
from perflab.files import bears_mark
from perflab.lab.result import Result
from perflab.panels.service.session import SavedService
from perflab.service.scenarios.survive import Survival, Way


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("perflab.panels.history.tried.REST_SECONDS", 0.0)
    return tmp_path


@pytest.fixture
def worked(folder, open_panel):
    panel = open_panel()
    panel.change({"cache.max_cache_size": 80})
    panel.wait(120)
    panel.change({"cache.max_cache_size": 120, "workers": 3})
    panel.wait(120)
    panel.play("redis-down:seconds=1s")
    panel.goals.limits.text.value = "memory_bytes<=8MiB"
    panel.goals.choose("min:latency_seconds_p99")
    panel.size_fleet()
    panel.wait(240)
    return panel


def reopened(path):
    panel = perflab.workbench(session=path)
    panel.wait(240)
    return panel


def test_undo_and_redo_set_the_sliders(worked):
    tab = worked.lasting.tab
    tab.undo.click()
    worked.wait(120)
    assert worked.service.stage("cache").settings.max_cache_size == 80
    assert worked.sliders.controls["workers"].value == 2
    tab.redo.click()
    worked.wait(120)
    assert worked.service.settings.workers == 3
    assert tab.redo.disabled
    assert len(worked.lasting.trail.entries) == 3
    tab.show_comparison()
    assert "Caching: max cache size" in tab._side.value
    assert tab.write().name == "perflab-tried-service.csv"


def test_saved_session_opens_as_it_was(worked, folder):
    path = worked.save(folder / "work.json")
    again = reopened(path)
    try:
        assert again.service == worked.service
        assert again.prediction.metrics == worked.prediction.metrics
        assert again.outcome.metrics == worked.outcome.metrics
        assert again.happening.field.value == worked.happening.field.value
        assert again.findings.fleet.found == worked.findings.fleet.found
        assert again.goals.objective == "min:latency_seconds_p99"
        assert again.lasting.trail.entries == worked.lasting.trail.entries
        assert "Reopened the session of" in again.lasting.line.widget.children[0].value
        again.lasting.line.afresh.click()
        again.wait(120)
        assert again.goals.limits.limits == ()
        assert again.outcome is None
    finally:
        again.close()


def test_scenarios_that_a_file_names_are_known_again(folder, open_panel, values):
    named = {"bad day": "redis-down:seconds=1s+traffic:times=2"}
    panel = open_panel({**values, "scenarios": named})
    panel.play("bad day")
    panel.wait(240)
    again = reopened(panel.save(folder / "work.json"))
    try:
        assert again.service.scenarios == named
        assert again.outcome.metrics == panel.outcome.metrics
        again.happening.field.value = "bad day"
        again.wait(240)
        assert not again.happening.error.message
    finally:
        again.close()


def test_workload_that_has_changed_keeps_settings_and_drops_numbers(worked, folder):
    values = worked.lasting.session().to_dict()
    values["workload"]["fingerprint"] = "other"
    (folder / "old.json").write_text(json.dumps(values))
    again = reopened(folder / "old.json")
    try:
        assert again.service == worked.service
        assert again.findings.fleet.found is None
        assert "its numbers were left out" in again.lasting.line.widget.children[0].value
    finally:
        again.close()


def test_session_is_kept_by_itself_and_only_the_same_cell_reopens_it(folder, open_panel):
    first = open_panel()
    first.lasting.begin()
    first.lasting.keeper.wait(60)
    path = folder / "perflab-session-service.json"
    assert not path.exists(), "a look leaves no file"
    first.change({"workers": 4})
    first.wait(120)
    first.lasting.keeper.wait(60)
    assert SavedService.read(path).settings["workers"] == 4
    first.close()
    before = path.read_bytes()
    same, other = open_panel(), open_panel(settings={"workers": 1})
    other.lasting.begin()
    other.change({"workers": 2})
    other.change({"workers": 1})
    other.wait(120)
    other.lasting.keeper.wait(60)
    assert path.read_bytes() == before, "another cell has a file of its own"
    same.lasting.begin()
    same.wait(120)
    assert same.service.settings.workers == 4
    assert other.service.settings.workers == 1


def test_workload_that_was_picked_comes_back_with_its_numbers(folder, open_panel):
    (folder / "picked.txt").write_text("a\nb\nc\n" * 300)
    first = open_panel()
    first.lasting.begin()
    first.picker.path.value = "picked.txt"
    first.wait(120)
    first.change({"workers": 4})
    first.wait(120)
    first.lasting.keeper.wait(60)
    kept = first.lasting.session()
    first.close()
    again = open_panel()
    again.lasting.begin()
    again.wait(120)
    assert again.workload.source == "picked.txt"
    assert again.lasting.session().tried == kept.tried
    assert "left out" not in again.lasting.line.widget.children[0].value


def test_workload_that_was_only_picked_is_kept(folder, open_panel):
    (folder / "picked.txt").write_text("a\nb\nc\n" * 300)
    panel = open_panel()
    panel.lasting.begin()
    panel.lasting.changed()
    panel.lasting.keeper.wait(60)
    assert [each.name for each in folder.iterdir()] == ["picked.txt"], "a look leaves no file"
    panel.picker.path.value = "picked.txt"
    panel.wait(120)
    panel.lasting.keeper.wait(60)
    kept = SavedService.read(folder / "perflab-session-service.json")
    assert kept.workload["source"] == "picked.txt"


def test_named_session_is_shown_whatever_was_kept(folder, open_panel):
    first = open_panel()
    first.lasting.begin()
    first.change({"workers": 3})
    first.wait(120)
    first.save(folder / "work.json")
    first.change({"workers": 4})
    first.wait(120)
    first.lasting.keeper.wait(60)
    first.close()
    again = reopened(folder / "work.json")
    try:
        again.lasting.begin()
        again.wait(120)
        assert again.service.settings.workers == 3
    finally:
        again.close()
    kept = SavedService.read(folder / "perflab-session-service.json")
    assert kept.settings["workers"] == 4


def kinds(of):
    for each in of.__subclasses__():
        yield from [each.kind] * ("kind" in vars(each))
        yield from kinds(each)


def test_each_kind_of_result_is_known_as_perflabs_own(tmp_path):
    path = tmp_path / "result.json"
    found = {*kinds(Result)}
    assert {"service run", "scenario", "survival", "session", "run"} <= found
    for kind in found:
        path.write_text(json.dumps({"kind": kind, "format": 1, "x": 0}))
        assert bears_mark(path), f"a {kind} would be taken for somebody else's"


ODD = {
    "settings": {"workers": 0},
    "tried": [{"settings": {"nope": 1}, "predicted": {}, "refitted": {}, "measured": {}}],
    "scenario": "redis-dwn",
    "fleet": {"kind": "service fleet", "format": 1},
    "run": {"kind": "service run", "format": 1, "metrics": 3},
    "workload": {"name": 3},
}


@pytest.mark.parametrize("field", ODD)
def test_damaged_session_is_one_clear_error(worked, folder, field):
    values = {**worked.lasting.session().to_dict(), field: ODD[field]}
    (folder / "odd.json").write_text(json.dumps(values))
    with pytest.raises(BadInputError, match=r"odd\.json") as error:
        perflab.workbench(session=folder / "odd.json")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ({"key": "cache.nothere"}, "not a size that this service has"),
        ({"key": "nothere.max_cache_size"}, "not a size that this service has"),
        ({"key": "cache.policy"}, "not a size that this service has"),
        ({"times": 1e308}, "too large"),
        ({"times": -2.0}, "out of bounds"),
    ],
)
def test_damaged_way_to_survive_is_refused_before_anything_opens(worked, folder, way, said):
    session = worked.lasting.session()
    known = {"key": "cache.max_cache_size", "before": "120", "after": "240", "times": 2.0}
    told = {**known, "title": "", "most": "", "verdict": "", **way}
    found = Survival(worked.outcome.scenario, worked.outcome, (Way(**told),), "")
    values = {**session.to_dict(), "survival": found.to_dict()}
    (folder / "odd.json").write_text(json.dumps(values))
    with pytest.raises(BadInputError, match=said):
        perflab.workbench(session=folder / "odd.json")


def test_session_of_a_pattern_is_not_of_a_service(folder):
    (folder / "cache.json").write_text('{"kind": "session", "format": 1, "pattern": "cache"}')
    service = perflab.Service.from_mapping({"cache": {}})
    with pytest.raises(BadInputError, match="is not a service session"):
        perflab.workbench(service, session=folder / "cache.json")
