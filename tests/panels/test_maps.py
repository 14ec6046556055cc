from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from perflab.bench.registry import _found, load_bench
from perflab.instrumentation.catalog import metric
from perflab.modelling.prediction import Prediction
from perflab.panels import workbench

UNTIMED = "zipf:skew=0.9,keys=500,requests=20k,seed=1"
DAILY = "daily:keys=300,requests=20k,seed=1"
TOY = """
import dataclasses

from perflab.bench import HeatMap
from perflab.patterns.cache.bench import CacheBench


class MapBench(CacheBench):
    identity = dataclasses.replace(CacheBench.identity, pattern="mapped", title="Mapped")
    display = dataclasses.replace(
        CacheBench.display,
        heat_maps=(
            HeatMap("Hit rate", "hit_rate", "policy", "max_cache_size"),
            HeatMap("Memory", "memory_bytes", "policy", "max_cache_size"),
        ),
    )
"""


@pytest.fixture
def mapped(tmp_path, monkeypatch):
    """Install a bench with two maps over a word and a number, as another package would."""
    (tmp_path / "map_bench.py").write_text(TOY)
    info = tmp_path / "map_bench-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: map-bench\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[perflab.benches]\nmapped = map_bench:MapBench\n")
    monkeypatch.syspath_prepend(tmp_path)
    _found.cache_clear()
    load_bench.cache_clear()
    panel = workbench("mapped", UNTIMED)
    panel.wait(240)
    yield panel
    panel.close()
    _found.cache_clear()
    load_bench.cache_clear()


def shown(panel):
    return panel.displays.what_if.maps


def picture(panel):
    return shown(panel).widget.children[0].children[0].children[0].value


def test_workload_without_times_has_no_map_of_lifetimes(panel):
    assert shown(panel).widget.layout.display == "none"
    assert shown(panel).maps == []


def test_map_comes_with_a_workload_that_has_times_and_goes_with_it(panel):
    panel.picker.pick("flights")
    panel.wait(240)
    assert shown(panel).widget.layout.display is None
    assert picture(panel)[:4] == b"\x89PNG"
    panel.picker.pick(UNTIMED)
    panel.wait(240)
    assert shown(panel).widget.layout.display == "none"
    assert shown(panel).widget.children == ()


def test_all_cells_are_known_in_the_end_and_exact(open_panel):
    panel = open_panel("flights")
    (grid,) = panel.forecast.grids
    settings, load = panel.controls.read()
    assert not grid.surface(settings, load).inexact
    assert np.isfinite(shown(panel)._values[0]).all()
    assert "what-if exact" in panel.status.text


def test_move_on_the_maps_own_axes_moves_the_mark_and_no_cell(open_panel):
    panel = open_panel("flights")
    before, values = picture(panel), shown(panel)._values[0].copy()
    panel.controls.controls["ttl_seconds"].value = 86_400.0
    panel.wait(240)
    assert picture(panel) != before
    assert (shown(panel)._values[0] == values).all()


def test_move_of_another_setting_fills_the_map_anew(open_panel):
    panel = open_panel("flights")
    values = shown(panel)._values[0].copy()
    panel.controls.controls["policy"].value = "fifo"
    panel.wait(240)
    now = shown(panel)._values[0]
    assert np.isfinite(now).all()
    assert (now != values).any()


def test_present_value_stands_beside_its_mark(open_panel):
    panel = open_panel("flights")
    (drawn,) = shown(panel).maps
    said = metric("hit_rate").format(panel.forecast.prediction.metrics["hit_rate"])
    assert drawn._text.get_text() == said


def test_baseline_and_recommendation_are_marked_on_the_map(open_panel):
    panel = open_panel("flights")
    panel.pin()
    panel.recommend()
    panel.wait(240)
    names = [handle.get_label() for handle in shown(panel).maps[0].handles]
    assert names == ["present settings", "baseline", "recommended"]
    panel.reset()
    panel.wait(240)
    assert [h.get_label() for h in shown(panel).maps[0].handles] == ["present settings"]


def test_two_maps_over_the_same_settings_share_their_cells(mapped):
    assert len(shown(mapped).maps) == 2
    assert len(mapped.forecast.grids) == 1
    hits, memory = shown(mapped)._values
    assert hits.shape == memory.shape
    assert np.isfinite(hits).all()
    assert shown(mapped).maps[0].axes.get_xticklabels()[0].get_text() == "LRU"


def test_newer_move_ends_the_map_that_is_computed(mapped, monkeypatch):
    model = mapped.forecast.model
    asked = []
    real = model.predict

    def slow(settings, load, requests=None):
        asked.append(settings.ttl_seconds)
        return real(settings, load, requests)

    monkeypatch.setattr(model, "predict", slow)
    monkeypatch.setattr(model, "ready", lambda *_: False)
    control = mapped.controls.controls["ttl_seconds"]
    for ttl in (10.0, 20.0, 30.0, 40.0):
        control.value = ttl
    mapped.wait(240)
    assert asked.count(40.0) > asked.count(10.0)
    assert np.isfinite(shown(mapped)._values[0][:, 0]).all()


def test_model_that_previews_fills_the_map_before_anything_exact(open_panel, monkeypatch):
    panel = open_panel("flights")
    model = panel.forecast.model
    kind = type(model)
    order = []
    real = kind.predict

    def preview(self, settings, load):
        order.append("preview")
        return Prediction({"hit_rate": 0.5}, sampled=0.1, error=0.1)

    def predict(self, settings, load, requests=None):
        order.append("exact")
        return real(self, settings, load, requests)

    monkeypatch.setattr(kind, "preview", preview, raising=False)
    monkeypatch.setattr(kind, "predict", predict)
    panel.controls.controls["policy"].value = "sieve"
    panel.wait(240)
    cells = shown(panel)._values[0].size
    last = len(order) - order[::-1].index("preview")
    assert order.count("preview") > cells / 2
    assert order[last:].count("exact") > cells / 2
    assert not panel.forecast.grids[0].surface(*panel.controls.read()).sampled


def test_report_of_a_panel_has_the_map_as_figure_and_as_table(open_panel, tmp_path):
    panel = open_panel("flights")
    panel.actions.folder.value = str(tmp_path / "out")
    panel.export()
    panel.wait(240)
    name = "map-hit-rate-ttl-seconds-max-cache-size"
    assert "<svg" in (tmp_path / "out" / "figures" / f"{name}.svg").read_text()
    rows = (tmp_path / "out" / "tables" / f"{name}.csv").read_text().splitlines()
    assert rows[0].startswith("max_cache_size,ttl_seconds=")
    assert rows[0].endswith("ttl_seconds=none")
    assert "Hit rate by TTL and size: hit rate. highest" in panel.report.read_text()
    written = json.loads((tmp_path / "out" / "report.json").read_text())
    assert written["settings"]["max_cache_size"] == 1000


def test_prices_change_the_cost_and_no_run(open_panel, until):
    panel = open_panel()
    before = panel.forecast.prediction.metrics["cost_per_day"]
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and len(panel.runner.live.rows) > 2)
    panel.controls.controls["price_per_gib_hour"].value = 0.5
    until(lambda: panel.forecast.prediction.metrics["cost_per_day"] > before)
    assert panel.runner.live.changes == []
    panel.run_or_stop()
    until(lambda: not panel.runner.active)


def test_daily_workload_has_a_map_too(open_panel):
    panel = open_panel(DAILY)
    assert len(shown(panel).maps) == 1
    assert panel.status.problem == ""


def test_another_width_or_theme_keeps_the_pictures_and_draws_them_for_it(open_panel):
    panel = open_panel("flights")
    box, layers = shown(panel).widget.children[0], [c.layer for c in shown(panel)._canvases]
    panel.displays.tabs.choose("Maps")
    panel.measure.field.value = "830 1 light"
    panel.wait(60)
    light = picture(panel)
    panel.measure.field.value = "1405 1 dark"
    panel.wait(60)
    sizes = [Image.open(io.BytesIO(each)).size[0] for each in (light, picture(panel))]
    assert sizes[1] != sizes[0]
    assert shown(panel).widget.children[0] is box
    assert [c.layer for c in shown(panel)._canvases] == layers
    panel.measure.field.value = "830 1 light"
    panel.wait(60)
    assert picture(panel) == light
