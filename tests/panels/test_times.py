"""The charts over the workload's own time on the panel."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from perflab.patterns.cache.model import working_set_histories
from perflab.workloads.registry.traces import load_workload

UNTIMED = "zipf:skew=0.9,keys=500,requests=20k,seed=1"


def times(panel):
    return panel.displays.what_if.times


def pictures(panel):
    return [box.children[0] for box in times(panel).boxes if box.layout.display is None]


@pytest.fixture(scope="module")
def sized():
    trace = load_workload(UNTIMED)
    sizes = np.random.default_rng(1).integers(100, 10_000, trace.n_keys)
    return dataclasses.replace(trace, sizes=sizes[trace.ids])


def test_live_keys_stand_under_the_map_with_what_they_say(open_panel):
    panel = open_panel("flights")
    (drawn,) = times(panel).charts
    assert [handle.get_label() for handle in drawn.handles][-1] == "TTL none"
    assert len(drawn.handles) == 5
    assert "at most 4,043 live keys at once" in times(panel).text
    (picture,) = pictures(panel)
    assert picture.children[0].value[:4] == b"\x89PNG"


def test_workload_without_times_is_dated_by_the_rate(panel):
    before = times(panel).text
    assert len(pictures(panel)) == 1
    panel.controls.controls["ttl_seconds"].value = 1.0
    panel.wait(30)
    assert times(panel).text != before
    assert "TTL 1s" in times(panel).text


def test_workload_with_sizes_has_live_bytes_too(open_panel, sized):
    panel = open_panel(sized)
    assert [drawn.chart.metric for drawn in times(panel).charts] == ["live_keys", "live_bytes"]
    assert "live keys and" in times(panel).text
    panel.picker.pick("flights")
    panel.wait(60)
    assert [drawn.chart.metric for drawn in times(panel).charts] == ["live_keys"]


def test_moved_bound_moves_the_level_and_counts_nothing(panel, monkeypatch):
    (drawn,) = times(panel).charts
    kind = working_set_histories.WorkingSetHistories
    monkeypatch.setattr(kind, "settle", lambda *_: pytest.fail("counted again"))
    panel.controls.controls["max_cache_size"].value = 123
    panel.wait(30)
    assert drawn._text.get_text() == "max cache size 123 entries"


def test_large_workload_is_drawn_from_a_sample_first(open_panel, monkeypatch):
    monkeypatch.setattr(working_set_histories, "_LARGE", 10_000)
    monkeypatch.setattr(working_set_histories, "_WORTH_IT", 1.0)
    panel = open_panel()
    shown = []
    view = times(panel)
    real = view.show

    def show(histories, settings, words):
        shown.append([each.sampled for each in histories])
        real(histories, settings, words)

    monkeypatch.setattr(view, "show", show)
    monkeypatch.setattr(working_set_histories, "FEWEST_KEYS", 100)
    panel.picker.pick("zipf:skew=0.9,keys=2000,requests=40k,seed=2")
    panel.wait(60)
    assert max(shown[0]) < 1
    assert set(shown[-1]) == {1.0}


def test_charts_of_times_that_no_longer_make_sense_go(open_panel):
    panel = open_panel(settings={"request_rate": None})
    assert times(panel).charts == []
    assert pictures(panel) == []
    assert times(panel).words.layout.display == "none"
    panel.controls.controls["request_rate"].value = 100.0
    panel.wait(30)
    assert len(times(panel).charts) == 1


def test_report_of_a_panel_has_live_keys_as_figure_and_as_table(panel, tmp_path):
    panel.actions.folder.value = str(tmp_path / "out")
    panel.export()
    panel.wait(60)
    assert "<svg" in (tmp_path / "out" / "figures" / "over-time-live-keys.svg").read_text()
    rows = (tmp_path / "out" / "tables" / "over-time-ttl-seconds.csv").read_text().splitlines()
    assert rows[0] == "ttl_seconds,live_keys_most,live_keys_mean,hit_rate"
    assert "live keys at once" in panel.report.read_text()


def test_legend_of_charts_of_times_stands_above_their_title(open_panel):
    panel = open_panel("daily:keys=300,requests=20k,seed=1", {"ttl_seconds": "6h"})
    (canvas,) = times(panel)._canvases
    (legend,) = canvas.figure.legends
    title = canvas.figure.axes[0]._left_title
    assert len(legend.get_texts()) >= 4
    assert legend.get_window_extent().y0 >= title.get_window_extent().y1
