"""Messages of a browser, handed on as a kernel does: only what a user could do is done."""

from __future__ import annotations

import importlib
import logging
import math
import random
from pathlib import Path

import comm
import ipywidgets as widgets
import pytest

from perflab.panels import workbench

FUZZ = Path(__file__).parents[1] / "fuzz"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def panel():
    """One panel for all: none of what is sent may harm it."""
    opened = workbench("cache", "zipf:skew=0.9,keys=300,requests=5k,seed=1")
    opened.wait(60)
    yield opened
    opened.close()


@pytest.fixture
def escaped(caplog):
    """Return what a kernel would have written into its log by the test's end: nothing."""
    caplog.set_level(logging.WARNING)
    yield caplog
    assert caplog.records == []


@pytest.fixture
def tell(escaped):
    def send(widget, data, buffers=()):
        content = {"comm_id": widget.comm.comm_id, "data": data}
        message = {"content": content, "buffers": list(buffers)}
        comm.get_comm_manager().comm_msg(None, None, message)

    return send


def update(**state):
    return {"method": "update", "state": state, "buffer_paths": []}


CLICK = {"method": "custom", "content": {"event": "click"}}


def predicts(panel, tell):
    control = panel.controls.controls["max_cache_size"]
    panel.forecast.curves.prediction = None
    now = control.slider.value
    tell(control.slider, update(value=now - 1 if now else 1))
    panel.wait(60)
    assert panel.forecast.prediction is not None


def test_labels_words_and_bounds_are_not_the_browsers_to_set(panel, tell):
    control = panel.controls.controls["max_cache_size"]
    policy = panel.controls.controls["policy"].choice
    before = (control.label.value, panel.status.widget.value, control.slider.max, policy.options)
    tell(control.label, update(value=SCRIPT))
    tell(panel.status.widget, update(value=SCRIPT, description=SCRIPT))
    tell(control.slider, update(max=10**9, description=SCRIPT))
    tell(policy, update(_options_labels=[SCRIPT], options=[SCRIPT]))
    tell(panel.actions.buttons["run"], update(description=SCRIPT, tooltip=SCRIPT))
    tell(panel.displays.table.widget, update(value=SCRIPT))
    tell(panel.widget, update(children=[], layout=None))
    tell(panel.widget.layout, update(display="none"))
    after = (control.label.value, panel.status.widget.value, control.slider.max, policy.options)
    assert after == before
    assert panel.actions.buttons["run"].description == "Run"
    assert SCRIPT not in panel.displays.table.widget.value
    assert panel.widget.children
    predicts(panel, tell)


@pytest.mark.parametrize("value", ["x", None, [], {}, math.nan, math.inf, {"a": 1}])
def test_value_of_another_kind_is_said_in_one_line(panel, tell, value):
    slider = panel.controls.controls["max_cache_size"].slider
    before = slider.value
    tell(slider, update(value=value))
    assert slider.value == before
    assert "reload the page" in panel.status.text
    predicts(panel, tell)
    assert panel.status.problem == ""


@pytest.mark.parametrize("value", [-1, 10**30, 1e308, -(10**9)])
def test_slider_stays_within_its_bounds(panel, tell, value):
    slider = panel.controls.controls["max_cache_size"].slider
    tell(slider, update(value=value))
    assert slider.min <= slider.value <= slider.max
    panel.wait(60)
    predicts(panel, tell)


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        "x",
        [],
        {},
        {"method": "update"},
        {"method": "update", "state": 7},
        {"method": 7},
        {"method": "custom"},
        {"method": "custom", "content": {"event": "click", "x": 1}},
        {"method": "no such method", "state": {}},
        {"method": "update", "state": {"value": 1}, "buffer_paths": [["value", 0, "content"]]},
    ],
)
def test_message_of_another_shape_changes_nothing(panel, tell, data):
    for widget in (panel.actions.buttons["pin"], panel.picker.upload, panel.actions.folder):
        tell(widget, data, [b"x"])
    assert not isinstance(panel.actions.folder.value, int)
    predicts(panel, tell)


def test_button_that_is_disabled_cannot_be_pressed(panel, tell):
    pressed = []
    panel.actions.buttons["pause"].on_click(pressed.append)
    tell(panel.actions.buttons["pause"], update(disabled=False))
    tell(panel.actions.buttons["pause"], CLICK)
    assert pressed == []


def test_thousand_clicks_leave_a_panel_that_answers(panel, tell):
    for number in range(1000):
        name = ("pin", "pause")[number % 2]
        tell(panel.actions.buttons[name], CLICK)
    tell(panel.actions.buttons["reset"], CLICK)
    panel.wait(60)
    predicts(panel, tell)


def test_controls_that_come_later_are_guarded_too(panel, tell):
    own = panel.picker.ours
    names = list(own._workloads)
    tell(own.name, update(index=names.index("uniform")))
    label = next(iter(own.controls.values())).label
    before = label.value
    tell(label, update(value=SCRIPT))
    assert label.value == before
    tell(panel.alerts.text, update(value="hit_rate<0.8 for 5s"))
    state = panel.alerts._states["hit_rate<0.8 for 5s"]
    tell(state, update(value=SCRIPT))
    assert SCRIPT not in state.value


def test_boxes_are_ticked_by_the_browser(panel, tell):
    panel.wait(60)
    tick = next(iter(panel.lasting.tab._rows.values())).tick
    for box in (tick, panel.picker.reading.no_header):
        tell(box, update(value=True, description=SCRIPT))
        assert box.value is True
        assert box.description != SCRIPT
        tell(box, update(value=False))


def test_enter_is_heard_and_any_other_message_of_a_field_is_not(panel, tell):
    heard = []
    panel.picker.path.on_msg(lambda _, content, __: heard.append(content))
    for content in ({"event": "other"}, {"event": "submit", "more": SCRIPT}, {"event": "submit"}):
        tell(panel.picker.path, {"method": "custom", "content": content})
    assert heard == [{"event": "submit"}]


def test_endless_text_is_not_sent_back_whole(panel, tell):
    text = SCRIPT * 100_000
    for widget in (panel.controls.controls["max_cache_size"].text, panel.alerts.text):
        tell(widget, update(value=text))
    assert len(panel.controls.controls["max_cache_size"].error.value) < 5000
    assert len(panel.alerts.error.value) < 5000
    tell(panel.picker.path, update(value=text))
    panel.wait(60)
    assert len(panel.status.widget.value) < 5000
    assert len(panel.picker.error.value) < 5000
    assert "<script>" not in panel.status.widget.value + panel.picker.error.value


@pytest.mark.parametrize(
    "name", ["../../x.csv", "..", ".", "", "a\0b.csv", "\x1b]0;x\x07.csv", "a\n.csv", "é" * 5000]
)
def test_upload_of_a_hostile_name_stays_in_its_folder(panel, tell, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent = {"name": name, "type": "text/csv", "size": 8, "last_modified": 1, "content": None}
    data = update(value=[sent])
    data["buffer_paths"] = [["value", 0, "content"]]
    tell(panel.picker.upload, data, [b"key\na\nb\na\n"])
    panel.wait(60)
    assert len(panel.workload.ids) in (3, 4)
    assert panel.workload.name.isprintable()
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.glob("x.csv")) == []


def test_browser_is_told_what_holds_after_a_refusal(panel, tell, monkeypatch):
    slider = panel.controls.controls["max_cache_size"].slider
    told = []
    monkeypatch.setattr(widgets.Widget, "send_state", lambda self, key=None: told.append(key))
    tell(slider, update(value="x"))
    assert ("value",) in told


def test_burst_of_messages_leaves_a_panel_that_predicts(panel, tell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(FUZZ))
    fuzz = importlib.import_module("panel_messages")
    tried = fuzz.Panel(panel)
    # A run or a report by each click on their buttons takes minutes here.
    monkeypatch.setattr(fuzz, "CLICKS", 0.0)
    for number in range(200):
        tried.send_next(number, random.Random(number))
    tried.check()
    tell(panel.actions.buttons["reset"], CLICK)
    panel.wait(60)
    predicts(panel, tell)
