from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from perflab.bench import load_bench
from perflab.instrumentation.catalog import metric
from perflab.lab.bands import Bands
from perflab.lab.calibration import Calibration
from perflab.lab.run import Run
from perflab.panels.displays import Displays
from perflab.panels.table import NumbersTable, difference


def cells(table, row):
    rows = re.findall(r"<tr>(<th scope=.row.*?)</tr>", table.widget.value)
    return [re.sub("<.*?>", "", cell) for cell in re.split("</t[hd]><td>", rows[row])]


def test_numbers_stand_with_their_units_in_their_columns():
    table = NumbersTable(["hit_rate", "memory_bytes"])
    table.show(
        what_if={"hit_rate": 0.5},
        predicted={"hit_rate": 0.6},
        measured={"hit_rate": 0.61},
        refitted={"hit_rate": 0.62},
        whole_run={"hit_rate": 0.4},
        baseline={"hit_rate": 0.3, "memory_bytes": 2**20},
    )
    assert cells(table, 0) == [
        *(
            "hit rate",
            "50 %",
            "60 %",
            "62 %",
            "61 %",
            "+1.0 points",
            "40 %",
            "30 %",
        )
    ]
    assert cells(table, 1)[-1] == "1 MiB"


def test_what_is_not_known_is_a_dash():
    table = NumbersTable(["hit_rate"])
    table.show(what_if={"hit_rate": float("nan")})
    assert cells(table, 0)[1:] == ["&ndash;"] * 6


@pytest.mark.parametrize(
    ("name", "predicted", "measured", "text", "off"),
    [
        ("hit_rate", 0.5, 0.51, "+1.0 points", False),
        ("hit_rate", 0.5, 0.4, "−10.0 points", True),
        ("memory_bytes", 1e8, 1.05e8, "+5 %", False),
        ("memory_bytes", 1e8, 2e8, "+100 %", True),
        ("latency_seconds_p99", 1e-3, 2e-3, "+100 %", True),
        ("evictions", 0.0, 0.0, "0 %", False),
        ("evictions", 0.0, 7.0, "+7", True),
    ],
)
def test_model_that_is_off_is_said_to_be(name, predicted, measured, text, off):
    shown = difference(metric(name), {name: predicted}, {name: measured})
    assert f">{text}<" in shown
    assert ("'off'" in shown) == off


def test_times_have_the_band_of_their_calibration():
    table = NumbersTable(["latency_seconds_mean"])
    for share, css in ((0.3, "on"), (0.1, "off"), (None, "unsure")):
        predicted, measured = ({"latency_seconds_mean": value} for value in (1e-3, 1.2e-3))
        table.show(predicted=predicted, measured=measured, bands=Bands(share))
        assert f"<span class='{css}'" in table.widget.value
        assert (f"± {round(100 * (share or 0))} %" in table.widget.value) == (share is not None)


def test_same_numbers_are_not_sent_again():
    table = NumbersTable(["hit_rate"])
    table.show(what_if={"hit_rate": 0.5})
    sent = []
    table.widget.observe(sent.append, "value")
    table.show(what_if={"hit_rate": 0.5})
    assert sent == []


def test_table_that_is_too_wide_scrolls_by_itself():
    assert NumbersTable(["hit_rate"]).widget.value.startswith("<div class='perflab-scroll'>")


def test_a_run_of_long_ago_is_shown_with_the_bands_of_its_day(monkeypatch):
    made = datetime.now(UTC) - timedelta(days=400)
    costs = Calibration("cache", "sqlite", {}, "measured", made.isoformat(), spread=0.02)
    day = {"date": (made + timedelta(hours=1)).isoformat()}
    run = Run("cache", {}, {}, {}, [], calibration=costs.to_dict(), environment=day)
    displays, passed = Displays(load_bench("cache")), []
    for table in (displays.headline, displays.table):
        monkeypatch.setattr(table, "show", lambda **shown: passed.append(shown["bands"]))
    displays.fill(None, None, run)
    assert passed == [Bands.of_run(run)] * 2
    assert passed[0] != Bands.of(costs)
