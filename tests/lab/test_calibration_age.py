import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab import measuring
from perflab.lab.bands import Bands
from perflab.lab.calibration import NARROWEST, WIDEST, Calibration, age_in_words
from perflab.lab.run import Run
from perflab.patterns.async_io.calibration import own_calibration


def ago(**length):
    return (datetime.now(UTC) - timedelta(**length)).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("length", "said"),
    [
        ({"seconds": 5}, "just now"),
        ({"minutes": 1, "seconds": 9}, "1 minute ago"),
        ({"hours": 7}, "7 hours ago"),
        ({"days": 40, "hours": 3}, "40 days ago"),
        ({"days": -2}, ""),
        ("", ""),
        ("yesterday", ""),
        ("2026-01-01T00:00:00", ""),
    ],
)
def test_the_age_of_a_calibration_is_told_in_words(length, said):
    date = length if isinstance(length, str) else ago(**length)
    assert age_in_words(date) == said
    described = Calibration("cache", "sqlite", {}, "measured", date).describe()
    assert said in described
    assert "busy" not in described


@pytest.mark.parametrize(("load", "busy"), [(None, False), (0.3, False), (1.6, True), (12.0, True)])
def test_a_machine_that_was_busy_is_told(load, busy):
    found = Calibration("cache", "sqlite", {}, "measured", ago(hours=2), load_average=load)
    assert ("the machine was busy" in found.describe()) == busy


@pytest.mark.parametrize(
    ("load", "spread", "said"),
    [
        (0.4, 0.08, "; load average 0.4 per core, rounds differ by 8 %, times predicted to ± 10 %"),
        (2.5, 0.3, "rounds differ by 30 %, times predicted to ± 40 %; the machine was busy then"),
        (0.2, 0.7, "rounds differ by 70 %, times predicted to ± 40 %; the rounds differ too much"),
        (None, 0.002, "; rounds differ by 1 %"),
        (0.0, None, "; load average 0 per core"),
    ],
    ids=["quiet", "busy", "apart", "load-unknown", "spread-unknown"],
)
def test_load_and_spread_of_the_rounds_are_told(load, spread, said):
    found = Calibration(
        "cache", "sqlite", {}, "measured", ago(hours=2), load_average=load, spread=spread
    )
    assert said in found.describe()
    assert ("measure again" in found.describe()) == ((load or 0) > 1.5 or (spread or 0) > 0.5)


@pytest.mark.parametrize(
    ("length", "spread", "band"),
    [
        ({"minutes": 5}, 0.02, NARROWEST),
        ({"days": 6}, 0.02, NARROWEST),
        ({"days": 8}, 0.02, 0.25),
        ({"days": 8}, 0.3, 0.372),
        ({"days": 400}, 0.02, WIDEST),
        ({"days": -400}, 0.02, NARROWEST),
    ],
)
def test_a_band_is_wider_the_older_the_costs_are(length, spread, band):
    found = Calibration("cache", "sqlite", {}, "measured", ago(**length), spread=spread)
    assert found.band == pytest.approx(band)
    assert ("may be another one by now: measure again" in found.describe()) == (
        length.get("days", 0) > 7
    )
    shipped = dataclasses.replace(found, source="shipped")
    assert shipped.band is None


def test_a_result_of_years_ago_says_what_it_said_then():
    made = datetime.now(UTC) - timedelta(days=800)
    kept = Calibration("cache", "sqlite", {}, "measured", made.isoformat(), spread=0.02)
    after = {days: (made + timedelta(days=days)).isoformat() for days in (1, 30)}
    for days, band in ((1, NARROWEST), (30, 0.25)):
        run = Run(
            *("cache", {}, {}, {}, []),
            calibration=kept.to_dict(),
            environment={"date": after[days]},
        )
        assert Bands.of_run(run) == Bands(band)
    assert Bands.of(kept) == Bands(WIDEST)


@pytest.mark.parametrize(
    ("days", "load", "values", "measured"),
    [
        (1, 0.1, {}, False),
        (8, 0.1, {}, True),
        (8, None, {}, True),
        # Nothing better comes of a machine that is busy now.
        (8, 3.0, {}, False),
        (8, 0.1, {"redis_host": "10.0.0.1"}, False),
    ],
)
def test_old_costs_are_measured_again_before_a_run(monkeypatch, days, load, values, measured):
    bench = load_bench("redis_cache")
    monkeypatch.setattr(measuring, "machine_load", lambda: load)
    known = Calibration("redis_cache", "", {}, "measured", ago(days=days), spread=0.02)
    assert measuring._outlived(bench, bench.read(values)[0], known) is measured


def test_a_round_that_finished_nothing_is_one_clear_error():
    with pytest.raises(BadInputError, match="the machine was too busy"):
        own_calibration([({"latency_seconds": 0.0, "max_concurrent": 1}, {})])
