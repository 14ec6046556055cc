"""A panel's pictures while a page shows the layer over them, by the messages that it sends."""

from __future__ import annotations

import io
import json
import types

import comm
import numpy as np
import pytest
from PIL import Image

from perflab.panels import workbench
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.pointer import PointerLayer
from perflab.workloads import Trace

SMALL = "zipf:skew=0.9,keys=500,requests=20k,seed=1"


@pytest.fixture(scope="module")
def opened():
    made = workbench("cache", SMALL, {"max_cache_size": 100})
    made.wait(240)
    yield made
    made.close()


@pytest.fixture
def panel(opened):
    """The panel as it was opened, in a page that does not show the layer."""
    for view in (opened.displays.what_if.first, opened.displays.live):
        view._canvas.layer.set_trait("ready", False)
        view._canvas.layer.set_trait("hovered", False)
        for name, empty in (("picture", {}), ("spots", []), ("present", {}), ("refused", 0)):
            view._canvas.layer.set_trait(name, empty)
    opened.reset()
    opened.wait(240)
    opened.displays.what_if.first.redraw()
    return opened


def canvas(panel):
    return panel.displays.what_if.first._canvas


def tell(widget, **state):
    data = {"method": "update", "state": state, "buffer_paths": []}
    content = {"comm_id": widget.comm.comm_id, "data": data}
    comm.get_comm_manager().comm_msg(None, None, {"content": content, "buffers": []})


def begin(panel):
    """Have a page say that it shows the layer of the first row, and return that."""
    layer = canvas(panel).layer
    tell(layer, ready=True)
    return layer


def inked(panel, spot, plot):
    """Say whether the picture has ink where the ring of the present settings would be drawn."""
    image = Image.open(io.BytesIO(canvas(panel).image.value)).convert("L")
    scale = image.width / canvas(panel).layer.picture["width"]
    box, x, y = plot["box"], plot["x"], plot["y"]
    share = np.log(spot["x"] / x["low"]) / np.log(x["high"] / x["low"])
    across = (box["left"] + share * box["width"]) * scale
    up = (spot["y"] - y["low"]) / (y["high"] - y["low"])
    down = (box["top"] + (1 - up) * box["height"]) * scale
    ring = plot["looks"]["now"]["size"] / 2 * scale
    pixels = np.asarray(image)
    around = [
        pixels[round(down + ring * np.sin(angle)), round(across + ring * np.cos(angle))]
        for angle in np.linspace(0, 2 * np.pi, 60)
    ]
    return float(np.mean(np.array(around) < 90)) > 0.8


def test_without_a_page_that_shows_it_the_picture_has_its_dots(panel):
    layer = canvas(panel).layer
    assert not layer.ready
    assert layer.picture == {}
    before = canvas(panel).image.value
    begin(panel)
    assert canvas(panel).image.value != before
    layer.ready = False
    panel.displays.what_if.first.redraw()
    assert canvas(panel).image.value == before


def test_what_the_layer_draws_is_left_out_of_the_picture(panel):
    layer = canvas(panel).layer
    shown = canvas(panel).image.value
    begin(panel)
    bare = canvas(panel).image.value
    plot, (spot,) = layer.picture["plots"][0], layer.spots[0]
    assert not inked(panel, spot, plot)
    canvas(panel).image.value = shown
    assert inked(panel, spot, plot)
    canvas(panel).image.value = bare


def test_a_page_gets_numbers_and_what_can_be_moved(panel):
    layer = begin(panel)
    json.dumps([layer.picture, layer.spots, layer.present, layer.handles], allow_nan=False)
    assert len(layer.picture["plots"]) == len(layer.spots) == 3
    assert layer.present == {
        "max_cache_size": {"value": 100, "text": "100"},
        "policy": {"value": "lru", "text": "LRU"},
    }
    assert [*layer.handles] == ["max_cache_size", "policy"]
    assert layer.idle == []


def test_a_move_along_a_curve_sends_numbers_and_no_picture(panel):
    layer = begin(panel)
    for turn, size in enumerate((50, 100)):  # from here on both points of the curves are known
        tell(layer, wanted={"turn": turn, "values": {"max_cache_size": size}})
        panel.wait(240)
    before = canvas(panel).image.value
    pictures = []
    layer.observe(pictures.append, "picture")
    canvas(panel).image.observe(pictures.append, "value")
    tell(layer, wanted={"turn": 3, "values": {"max_cache_size": 50}})
    panel.wait(240)
    assert panel.controls.values["max_cache_size"] == 50
    assert panel.controls.controls["max_cache_size"].text.value == "50"
    assert layer.present["max_cache_size"]["value"] == 50
    assert [spots[0]["x"] for spots in layer.spots] == [50] * 3
    assert pictures == []
    assert canvas(panel).image.value == before


def test_another_policy_sends_a_new_picture_and_its_numbers(panel):
    layer = begin(panel)
    before = canvas(panel).image.value
    panel.controls.controls["policy"].value = "fifo"
    panel.wait(240)
    assert canvas(panel).image.value != before
    present = [curve["key"] for curve in layer.picture["plots"][0]["curves"] if curve["present"]]
    assert present == ["fifo"]


def test_a_dot_that_moved_stands_where_a_new_picture_has_it(panel):
    layer = begin(panel)
    tell(layer, wanted={"turn": 1, "values": {"max_cache_size": 50}})
    panel.wait(240)
    spots = layer.spots
    panel.displays.what_if.first.redraw()
    assert layer.spots == spots


def test_a_reset_goes_back_to_the_start(panel):
    layer = begin(panel)
    tell(layer, wanted={"turn": 1, "values": {"max_cache_size": 50}})
    tell(layer, wanted={"turn": 2, "reset": ["max_cache_size"]})
    panel.wait(240)
    assert panel.controls.values["max_cache_size"] == 100
    assert layer.present["max_cache_size"]["value"] == 100


def test_a_refused_move_is_told_to_the_page_and_said(panel):
    layer = begin(panel)
    tell(layer, wanted={"turn": 7, "values": {"max_cache_size": -1}})
    assert layer.refused == 7
    assert "max_cache_size" in panel.status.text or "max cache size" in panel.status.text
    assert panel.controls.values["max_cache_size"] == 100


@pytest.mark.parametrize(
    "wanted",
    [{}, {"turn": "x", "values": {"a": 1}}, {"values": 3}, {"turn": 1, "values": {"a": {}}}, [], 7],
)
def test_hostile_messages_change_nothing(panel, wanted, caplog):
    layer = begin(panel)
    values = panel.controls.values
    tell(layer, wanted=wanted)
    assert panel.controls.values == values
    assert caplog.records == []


def test_a_page_changes_nothing_else_of_the_layer(panel):
    layer = begin(panel)
    known = {name: getattr(layer, name) for name in ("picture", "spots", "handles", "_esm", "_css")}
    tell(layer, picture={}, spots=[], handles={}, _esm="alert(1)", _css="*{}", refused=3)
    assert {name: getattr(layer, name) for name in known} == known
    assert layer.refused == 0


def test_maps_are_moved_by_two_settings_and_keep_their_cells():
    keys = [str(n % 40) for n in range(2000)]
    opened = workbench("cache", Trace.from_keys(keys, times=[float(n) for n in range(2000)]))
    try:
        opened.wait(240)
        (canvas,) = opened.displays.what_if.maps._canvases
        layer = canvas.layer
        tell(layer, ready=True)
        (plot,) = layer.picture["plots"]
        assert {plot["x"]["key"], plot["y"]["key"]} == {*layer.handles} == {*layer.present}
        pictures = []
        canvas.image.observe(pictures.append, "value")
        tell(layer, wanted={"turn": 1, "values": {"max_cache_size": 20, "ttl_seconds": 60}})
        opened.wait(240)
        assert opened.controls.values["max_cache_size"] == 20
        assert opened.controls.values["ttl_seconds"] == 60
        assert {key: each["value"] for key, each in layer.present.items()} == {
            "max_cache_size": 20,
            "ttl_seconds": 60,
        }
        assert pictures == []
    finally:
        opened.close()


def test_a_live_picture_sends_its_numbers_only_while_it_is_pointed_at(panel):
    live = panel.displays.live
    layer = live._canvas.layer
    rows = [{"seconds": n / 10, "hit_rate": 0.5} for n in range(20)]
    tell(layer, ready=True)
    live.show(rows)
    assert layer.picture == {}
    tell(layer, hovered=True)
    assert len(layer.picture["plots"][0]["curves"][0]["x"]) == 20


def test_a_kept_picture_has_what_the_layer_shows(panel):
    view = panel.displays.what_if.first
    bare = view.image.value
    assert view.picture == bare
    begin(panel)
    assert view.image.value != bare
    assert view.picture == bare


def test_strips_wait_together_where_much_was_sent(panel, monkeypatch):
    shown = []
    displays = panel.displays
    for view in (displays.live, *displays.live_others):
        monkeypatch.setattr(view, "show", lambda *_, view=view: shown.append(view))
    run = types.SimpleNamespace(rows=(), changes=(), history="")
    spent = ByteBudget()
    spent.spend(10_000_000)
    monkeypatch.setattr(displays, "_budget", spent)
    displays._ticks = 0
    displays.follow(run, panel.controls.read()[0], None, None, ())
    assert shown == []
    monkeypatch.setattr(displays, "_budget", ByteBudget())
    displays._ticks = 0
    displays.follow(run, panel.controls.read()[0], None, None, ())
    assert len(shown) == 1 + len(displays.live_others)


def test_a_closed_panel_takes_its_layers_along():
    closed = workbench("cache", SMALL)
    closed.wait(240)
    layer = begin(closed)
    closed.close()
    assert layer.comm is None
    assert isinstance(layer, PointerLayer)


def test_a_click_on_a_line_chooses_what_it_stands_for(panel):
    layer = begin(panel)
    tell(layer, wanted={"turn": 1, "values": {"max_cache_size": 50, "policy": "sieve"}})
    panel.wait(240)
    assert panel.controls.values["policy"] == "sieve"
    assert panel.controls.values["max_cache_size"] == 50
    curves = layer.picture["plots"][0]["curves"]
    assert [curve["key"] for curve in curves if curve["present"]] == ["sieve"]
    assert layer.present["policy"] == {"value": "sieve", "text": "SIEVE"}
