from __future__ import annotations

import re
import threading

import ipywidgets as widgets
import pytest

from perflab.errors import BadInputError
from perflab.panels.service import findings as module
from perflab.panels.service.happening import fitting
from perflab.service.scenarios import SCENARIOS, read_scenario


def parts(widget):
    """Yield a widget and all that stands in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


def seen(drawing):
    return drawing.image.layout.display != "none"


def pressed(panel, name):
    panel.happening.buttons[name].click()
    panel.wait(120)


def test_panel_says_what_predict_says(panel):
    found = panel.service.predict(panel.answers.workload)
    assert panel.prediction.metrics == found.metrics
    assert panel.status.text == "what-if exact"
    assert seen(panel.chain)
    assert seen(panel.shares)
    assert not seen(panel.scenario.line)
    assert "598/s come" in panel.words


def test_slider_moves_pictures_and_numbers(panel):
    picture, table = panel.chain.image.value, panel.numbers.value
    panel.sliders.controls["cache.max_cache_size"].value = "200"
    panel.wait(120)
    assert panel.prediction.settings["cache"]["max_cache_size"] == 200
    assert panel.prediction.metrics == panel.service.predict(panel.answers.workload).metrics
    assert panel.chain.image.value != picture
    assert panel.numbers.value != table


def test_processes_and_rate_move_too(panel):
    panel.change({"workers": 3, "replicas": 2, "request_rate": "1k"})
    panel.wait(120)
    assert "× 6 workers" in panel.chain.alternative.text
    assert panel.prediction.metrics == panel.service.predict(panel.answers.workload).metrics


def test_only_the_newest_of_many_moves_is_shown(panel, monkeypatch):
    predict, asked = panel.answers.predict, []
    gate = threading.Event()

    def slow(service):
        asked.append(service)
        assert gate.wait(60)
        return predict(service)

    monkeypatch.setattr(panel.answers, "predict", slow)
    for size in range(60, 90):
        panel.sliders.controls["cache.max_cache_size"].value = size
    gate.set()
    panel.wait(120)
    assert len(asked) <= 3
    assert panel.prediction.settings["cache"]["max_cache_size"] == 89


def test_wrong_value_is_said_at_its_field_and_nothing_moves(panel):
    control, before = panel.sliders.controls["connection_pool.max_connections"], panel.service
    control.value = "0"
    assert control.message == "0 is out of bounds; allowed: 1 to 10k"
    assert panel.service is before


def test_scenario_button_shows_a_time_line_and_its_verdict(panel):
    pressed(panel, "redis-down")
    assert panel.outcome.scenario.startswith("redis-down:")
    assert panel.outcome.verdict in re.sub("<[^>]*>", "", panel.scenario.verdict.value).replace(
        "&#x27;", "'"
    )
    assert panel.scenario.line.alternative.text.endswith(panel.outcome.verdict)
    assert seen(panel.scenario.line)
    assert panel.happening.cancel.disabled


def test_scenario_is_played_again_after_a_change(panel):
    pressed(panel, "slow-database")
    first = panel.outcome
    panel.change({"connection_pool.max_connections": 4})
    panel.wait(120)
    assert panel.outcome is not first
    assert panel.outcome.settings["connection_pool"]["max_connections"] == 4
    assert panel.outcome.scenario == first.scenario


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_leaves_time_to_recover(panel, name):
    spec = fitting(SCENARIOS[name], 10.0, 48)
    ends = read_scenario(spec)
    came = panel.answers._of(panel.service)[0].came
    assert ends.ends(came) < 0.7 * came.seconds


def test_double_press_plays_once(panel, monkeypatch):
    played = []
    monkeypatch.setattr(panel.happening, "_play", played.append)
    panel.happening.buttons["redis-down"].click()
    panel.happening.buttons["redis-down"].click()
    assert len(played) == 1


def test_wrong_scenario_is_said_at_the_field_and_restored(panel):
    pressed(panel, "redis-down")
    right = panel.happening.field.value
    panel.happening.field.value = "redis-dwn"
    assert "did you mean 'redis-down'" in panel.happening.error.message
    panel.happening.error.restore()
    assert panel.happening.field.value == right
    panel.happening.field.value = "redis-down:at=1h"
    panel.wait(120)
    assert "the workload ends after" in panel.status.problem
    assert panel.happening.buttons["redis-down"].disabled is False


def test_empty_field_ends_what_is_played(panel):
    pressed(panel, "deploy")
    panel.happening.field.value = " "
    panel.wait(120)
    assert panel.happening.error.message == ""
    assert panel.outcome is None
    assert not seen(panel.scenario.line)
    panel.change({"workers": 3})
    panel.wait(120)
    assert panel.outcome is None, "it is not played again"


def test_named_scenario_can_be_typed_and_is_kept_as_what_it_stands_for(open_panel, values):
    named = {"lunch": "traffic:at=4s,seconds=1s,times=2"}
    panel = open_panel({**values, "scenarios": named})
    spec = read_scenario(named["lunch"]).spec
    panel.happening.field.value = "lunch"
    panel.wait(120)
    assert (
        panel.outcome.scenario == panel.happening.spec == panel.lasting.session().scenario == spec
    )
    panel.happening.field.value = "lunch + deploy:at=1s,gap=1s"
    panel.wait(120)
    assert panel.outcome.title == "More traffic; A deploy restarts the workers"
    panel.change({"workers": 3})
    panel.wait(120)
    assert panel.outcome.settings["workers"] == 3
    panel.happening.field.value = "lunsh"
    assert "did you mean 'lunch'" in panel.happening.error.message
    panel.happening.field.value = "lunch:times=3"
    assert "has its values in the file" in panel.happening.error.message


def test_time_line_of_other_settings_goes_where_nothing_is_predicted(panel):
    pressed(panel, "deploy")
    panel.change({"request_rate": None})
    panel.wait(120)
    assert "set request_rate" in panel.status.problem
    assert panel.outcome is None
    assert not seen(panel.scenario.line)


def test_cancel_drops_what_is_played(panel, monkeypatch):
    play, gate, begun = panel.answers.play, threading.Event(), threading.Event()

    def slow(service, scenario):
        begun.set()
        assert gate.wait(60)
        return play(service, scenario)

    monkeypatch.setattr(panel.answers, "play", slow)
    panel.happening.buttons["redis-down"].click()
    assert begun.wait(60)
    assert not panel.happening.cancel.disabled
    panel.happening.cancel.click()
    assert panel.status.text == "what-if exact"
    gate.set()
    panel.wait(120)
    assert panel.outcome is None
    assert not seen(panel.scenario.line)


def test_what_survives_can_be_applied_and_then_survives(open_panel, values):
    few = {**values, "connection_pool": {"max_connections": 1, "timeout": "20ms"}}
    panel = open_panel(few)
    panel.happening.field.value = "traffic:seconds=3s,times=4"
    panel.happening.survive.click()
    panel.wait(240)
    assert panel.survival.scenario == read_scenario("traffic:seconds=3s,times=4").spec
    assert panel.survival.advice in re.sub(
        "<[^>]*>", "", panel.findings.survival.widget.children[0].value
    )
    best = panel.survival.best
    if best is not None:
        panel.findings.survival.take.click()
        panel.wait(120)
        assert panel.outcome.survived
        assert panel.survival is None, "what was found is of the service as it was"


def test_search_ends_when_it_is_cancelled(panel, monkeypatch):
    begun = threading.Event()

    def endless(_service, _workload, _scenario, on_try):
        while True:
            begun.set()
            on_try("cache.max_cache_size", "100 entries")

    monkeypatch.setattr(module, "survive", endless)
    panel.happening.survive.click()
    assert begun.wait(60)
    panel.happening.cancel.click()
    panel.tasks.wait(60)
    assert not panel.tasks.busy("survive")
    assert panel.survival is None
    assert panel.status.problem == ""


def test_workload_without_times_and_rate_is_said_and_mended_by_the_slider(open_panel, values):
    panel = open_panel({**values, "request_rate": None})
    assert "set request_rate" in panel.status.problem
    assert panel.happening.buttons["deploy"].disabled
    panel.sliders.controls["request_rate"].value = "500"
    panel.wait(120)
    assert panel.status.text == "what-if exact"
    assert not panel.happening.buttons["deploy"].disabled


def test_too_many_connections_are_a_warning(panel):
    panel.change({"max_connections": 3})
    panel.wait(120)
    assert "the database allows 3" in panel.warnings.value
    panel.change({"pgbouncer_connections": 3})
    panel.wait(120)
    assert panel.warnings.value == ""


def test_service_of_one_cache_has_no_database_and_no_redis_to_kill(open_panel):
    panel = open_panel({"request_rate": 500, "cache": {"max_cache_size": 50}})
    assert "redis-down" not in panel.happening.buttons
    assert "max_connections" not in panel.sliders.controls
    assert "Backend" in panel.chain.alternative.text
    pressed(panel, "key-version")
    assert panel.outcome.verdict in panel.scenario.line.alternative.text


def test_reset_brings_every_slider_back(panel):
    start = panel.service
    panel.change({"workers": 5, "cache.max_cache_size": 7})
    panel.sliders.reset()
    panel.wait(120)
    assert panel.service == start


def test_each_field_button_and_row_has_help(panel):
    pressed(panel, "deploy")
    inputs = (widgets.Text, widgets.IntSlider, widgets.Button, widgets.ToggleButton)
    fields = [each for each in parts(panel.widget) if isinstance(each, inputs)]
    named = [each for each in fields if "perflab-unseen" not in each._dom_classes]
    assert len(named) > 20
    assert [each for each in named if not each.tooltip] == []
    rows = re.findall("<th scope='row'[^>]*>[^<]*", panel.numbers.value)
    assert [row for row in rows if " title='" not in row] == []


def test_settings_of_the_call_go_over_the_service(open_panel):
    panel = open_panel(settings={"workers": 3, "cache.max_cache_size": "1k"})
    assert panel.service.settings.workers == 3
    assert panel.service.stage("cache").settings.max_cache_size == 1000
    with pytest.raises(BadInputError, match="no stage"):
        open_panel(settings={"cash.max_cache_size": 1})


def test_another_workload_is_picked(panel, tmp_path):
    pressed(panel, "deploy")
    file = tmp_path / "requests.csv"
    file.write_text("time,key\n" + "".join(f"{n * 0.01},k{n % 7}\n" for n in range(2000)))
    panel.picker.path.value = str(file)
    panel.wait(120)
    assert panel.head.workload.value.count("2,000 requests") == 1
    assert panel.prediction.workload["source"] == str(file)
    assert panel.outcome.workload["source"] == str(file), "the scenario is played again"
    before = panel.prediction
    panel.picker.path.value = str(tmp_path / "missing.csv")
    panel.wait(120)
    assert "missing.csv" in panel.picker.field_error.message
    assert panel.prediction is before


def test_no_workload_to_begin_with_opens_the_picker(open_panel, tmp_path):
    panel = open_panel(workload=str(tmp_path / "missing.csv"))
    assert panel.picker.widget.layout.display is None
    assert panel.prediction is None
    panel.happening.survive.click()
    panel.play("deploy")
    panel.wait(120)
    assert panel.outcome is None
    panel.picker.pick("zipf:skew=0.9,keys=2k,requests=6k,seed=1")
    panel.wait(120)
    assert panel.status.text == "what-if exact"


def test_line_of_other_settings_goes_when_its_replay_fails(panel):
    pressed(panel, "deploy")
    panel.happening.field.value = "deploy:at=6s,gap=1s"
    panel.wait(120)
    assert panel.outcome.begins == 6
    panel.change({"request_rate": 3000})
    panel.wait(120)
    assert "the workload ends after" in panel.status.problem
    assert panel.outcome is None
    assert not seen(panel.scenario.line)
    assert panel.scenario.verdict.layout.display == "none"


def test_html_in_what_is_typed_is_shown_as_text(panel):
    panel.happening.field.value = "<img src=x onerror=alert(1)>"
    panel.wait(120)
    assert "<img" not in panel.happening.error.line.value
    assert "<img" not in panel.status.widget.value
