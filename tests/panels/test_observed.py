"""A load test on the panel: its points stand beside the curves while they are comparable."""

from pathlib import Path

import pytest

from perflab.panels import workbench

LOCUST = Path(__file__).parents[1] / "patterns" / "async_io" / "locust_stats_history.csv"


@pytest.fixture
def panel():
    made = workbench("async_io", "poisson:rate=100,requests=2k,seed=1", {"measured": str(LOCUST)})
    made.wait(60)
    yield made
    made.close()


def named(panel):
    charts = panel.displays.what_if.first.charts
    return [{str(handle.get_label()) for handle in chart.handles} for chart in charts]


def test_points_come_with_the_results_and_go_where_nothing_is_comparable(panel):
    assert all("Locust: locust_stats_history.csv" in names for names in named(panel))
    picture = panel.displays.what_if.first.image.value
    for key, value in (("load_model", "open"), ("load_model", "closed"), ("measured", None)):
        panel.controls.controls[key].value = value
        panel.wait(120)
        shown = any("Locust" in name for names in named(panel) for name in names)
        assert shown == (value == "closed")
    assert panel.displays.what_if.first.image.value != picture
