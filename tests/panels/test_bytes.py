"""A cache that is bounded by bytes: slider, charts, table, recommendation and report."""

from __future__ import annotations

import numpy as np
import pytest

from perflab.workloads.kinds.trace import Trace

WIDE = {"max_cache_size": 100_000}


@pytest.fixture(scope="module")
def sized():
    rng = np.random.default_rng(5)
    keys = rng.zipf(1.3, 8_000) % 400
    return Trace.from_keys(keys, sizes=keys * 37 + 400)


@pytest.fixture
def panel(open_panel, sized):
    return open_panel(sized, WIDE)


def charts(panel):
    what_if = panel.displays.what_if
    return [drawn.chart for view in (what_if.first, *what_if.others) for drawn in view.charts]


def bound(panel, text="400KiB"):
    panel.controls.controls["max_bytes"].value = text
    panel.wait(30)


def test_bytes_have_a_slider_and_a_row_where_requests_have_sizes_only(open_panel, panel):
    assert panel.controls.controls["max_bytes"].widget.layout.display is None
    assert "byte hit rate" in panel.displays.table.widget.value
    plain = open_panel()
    assert plain.controls.controls["max_bytes"].widget.layout.display == "none"
    assert "byte hit rate" not in plain.displays.table.widget.value


def test_charts_go_along_bytes_while_bytes_bound(panel):
    assert {chart.along for chart in charts(panel)} == {"max_cache_size"}
    bound(panel)
    assert {chart.along for chart in charts(panel)} == {"max_bytes"}
    first = panel.displays.what_if.first.charts[0]
    assert first.axes.get_title(loc="left") == "Hit rates by bytes"
    assert first.along_label == "max bytes"
    bound(panel, "none")
    assert {chart.along for chart in charts(panel)} == {"max_cache_size"}
    assert first.along_label == "max cache size (entries)"


def test_byte_hit_rate_is_a_dashed_line_beside_the_policies(panel, sized):
    bound(panel)
    first = panel.displays.what_if.first
    lines = first.charts[0]._lines
    assert set(lines) == {"lru", "sieve", "s3fifo", "wtinylfu", "byte_hit_rate"}
    assert lines["byte_hit_rate"].get_linestyle() == "--"
    assert "byte hit rate" in first._legend
    capacities, rates = lines["byte_hit_rate"].get_data()
    assert capacities[-1] == panel.bench.axis("max_bytes", sized)[-1]
    assert list(rates) == sorted(rates)
    here = panel.forecast.prediction.metrics
    assert np.interp(400 * 1024, capacities, rates) == pytest.approx(
        here["byte_hit_rate"], abs=0.02
    )
    assert here["byte_hit_rate"] != pytest.approx(here["hit_rate"], abs=0.01)


def test_recommended_are_bytes_where_bytes_bound(panel, tmp_path):
    bound(panel, "100KiB")
    panel.recommend()
    panel.wait(60)
    found = panel.recommendation
    assert found.reason.startswith("max_bytes ")
    assert found.settings["max_cache_size"] == WIDE["max_cache_size"]
    panel.report_actions.card.buttons[0].click()
    panel.wait(30)
    assert panel.controls.values["max_bytes"] == found.settings["max_bytes"] != 100 * 1024
    panel.actions.folder.value = str(tmp_path / "out")
    panel.export()
    panel.wait(60)
    assert "<svg" in (tmp_path / "out" / "figures" / "what-if-hit-rate-max-bytes.svg").read_text()
    rows = (tmp_path / "out" / "tables" / "what-if-hit-rate-max-bytes.csv").read_text()
    assert rows.splitlines()[0] == "max_bytes,lru,fifo,sieve,clock,lfu,s3fifo,byte_hit_rate"


def test_entries_are_tuned_where_bytes_have_no_effect(open_panel):
    panel = open_panel(settings={"max_bytes": "1MiB"})
    assert {chart.along for chart in charts(panel)} == {"max_cache_size"}
    panel.recommend()
    panel.wait(60)
    assert "max_cache_size " in panel.recommendation.reason.partition(" is the smallest")[0]
    panel.report_actions.card.buttons[0].click()
    assert (
        panel.controls.values["max_cache_size"] == panel.recommendation.settings["max_cache_size"]
    )


def test_map_goes_along_bytes_too_where_there_are_times(open_panel, sized, tmp_path):
    timed = Trace.from_keys(sized.ids, np.arange(len(sized)) * 1.0, sizes=sized.sizes)
    panel = open_panel(timed, WIDE)
    (shown,) = panel.displays.what_if.maps.maps
    assert shown.heat_map.against == "max_cache_size"
    bound(panel)
    (shown,) = panel.displays.what_if.maps.maps
    assert (shown.heat_map.along, shown.heat_map.against) == ("ttl_seconds", "max_bytes")
    assert panel.displays.what_if.maps.widget.layout.display is None
    panel.actions.folder.value = str(tmp_path / "out")
    panel.export()
    panel.wait(60)
    made = {path.stem for path in (tmp_path / "out" / "figures").iterdir()}
    assert "map-hit-rate-ttl-seconds-max-bytes" in made
    bound(panel, "none")
    assert panel.displays.what_if.maps.maps[0].heat_map.against == "max_cache_size"
