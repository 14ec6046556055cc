from __future__ import annotations

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.instrumentation.catalog import metric
from perflab.lab.bands import IN_RUN, MODEL, POINTS, Bands
from perflab.lab.calibration import Calibration

MIB = 2**20


def calibration(**about):
    return Calibration("cache", "sleep", {}, about.pop("source", "measured"), **about)


@pytest.mark.parametrize(
    ("about", "share"),
    [
        ({"source": "shipped"}, None),
        ({}, 0.25),
        ({"spread": 0.02}, 0.10),
        ({"spread": 0.25}, 0.31),
        ({"spread": 3.0}, 0.40),
        ({"spread": 0.05, "load_average": 1.6}, 0.40),
        ({"spread": 0.05, "load_average": 0.4}, 0.10),
    ],
)
def test_band_is_as_wide_as_the_rounds_lie_apart(about, share):
    found = calibration(**about)
    assert found.band == (None if share is None else pytest.approx(share))
    assert Bands.of(found) == Bands.of(found.to_dict()) == Bands(found.band)


def test_costs_that_were_never_measured_have_no_band_and_are_never_off():
    predicted, measured = {"latency_seconds_mean": 1e-3}, {"latency_seconds_mean": 1.0}
    info = metric("latency_seconds_mean")
    for unknown in (Bands(None), Bands.of({}), Bands.of(calibration(source="shipped"))):
        assert unknown.half_width(info, predicted) is None
        assert unknown.text(info, predicted) == ""
        assert not unknown.is_off(info, predicted, measured)


def test_what_no_time_is_part_of_has_a_band_all_the_same():
    rate, memory = metric("hit_rate"), metric("memory_bytes")
    assert Bands(None).is_off(rate, {"hit_rate": 0.5}, {"hit_rate": 0.53})
    assert not Bands(None).is_off(rate, {"hit_rate": 0.5}, {"hit_rate": 0.51})
    for real, off in ((100.9 * MIB, False), (116 * MIB, True)):
        assert Bands(0.1).is_off(memory, {"memory_bytes": 100 * MIB}, {"memory_bytes": real}) == off
    small = {"memory_bytes": 1.5 * MIB}
    assert not Bands(0.1).is_off(memory, small, {"memory_bytes": 0.6 * MIB})


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_wait_is_less_certain_the_fuller_the_pool_and_at_most_by_all_of_it(share):
    name = "wait_seconds_mean"
    halves = [
        Bands(share).half_width(metric(name), {name: 0.5, "utilisation": used})
        for used in (0.0, 0.5, 0.8, 0.9, 1.0)
    ]
    assert halves == sorted(halves)
    assert halves[0] == pytest.approx(0.5 * share)
    assert halves[-1] <= 0.5
    # What the model itself may be off by does not grow.
    assert MODEL.half_width(metric(name), {name: 0.5, "utilisation": 0.9}) == pytest.approx(0.05)


def test_tails_are_less_certain_than_the_mean_but_never_beyond_two_fifths():
    predicted = {"latency_seconds_mean": 1.0, "latency_seconds_p99": 1.0}
    mean, tail = (metric(name) for name in predicted)
    assert Bands(0.2).half_width(mean, predicted) == pytest.approx(0.2)
    assert Bands(0.2).half_width(tail, predicted) == pytest.approx(0.3)
    assert Bands(0.4).half_width(tail, predicted) == pytest.approx(0.4)
    assert Bands(0.2).text(tail, predicted) == "± 30 %"


def test_digits_follow_the_band():
    predicted = {"latency_seconds_mean": 1.2345e-3, "hit_rate": 0.5432}
    mean, rate = (metric(name) for name in predicted)
    assert Bands(0.2).shown(mean, predicted) == "1.2 ms"
    assert Bands(None).shown(mean, predicted) == "1.23 ms"
    assert Bands(0.2).shown(rate, predicted) == "54.3 %"


def test_time_that_hardly_adds_to_the_latency_is_not_off():
    predicted = {"latency_seconds_mean": 1e-3, "latency_seconds_p50": 1e-6}
    measured = {"latency_seconds_mean": 1e-3, "latency_seconds_p50": 3e-6}
    assert not Bands(0.1).is_off(metric("latency_seconds_p50"), predicted, measured)


@pytest.mark.parametrize(
    ("share", "p50", "text"),
    [
        (0.4, 2e-6, "± 40 µs"),
        (0.15, 3e-6, "± 40 µs"),
        (0.4, 1.5e-3, "± 40 %"),
    ],
)
def test_band_shown_is_the_one_beyond_which_a_time_is_off(share, p50, text):
    predicted = {"latency_seconds_mean": 2e-3, "latency_seconds_p50": p50}
    info = metric("latency_seconds_p50")
    bands = Bands(share)
    assert bands.text(info, predicted) == text
    half = bands.half_width(info, predicted)
    assert half == pytest.approx(max(4e-5, share * p50))
    for real, off in ((p50 + 0.99 * half, False), (p50 + 1.01 * half, True)):
        measured = {"latency_seconds_mean": 2e-3, "latency_seconds_p50": real}
        assert bands.is_off(info, predicted, measured) == off


def test_counts_of_chance_are_off_in_one_of_twenty_at_most():
    random = np.random.default_rng(11)
    info = metric("expirations")
    for mean in (9, 60, 2000):
        counts = random.poisson(mean, 4_000)
        off = [MODEL.is_off(info, {info.name: mean}, {info.name: int(each)}) for each in counts]
        assert sum(off) <= 0.05 * len(off)
    assert MODEL.is_off(info, {info.name: 2000}, {info.name: 2300})
    assert MODEL.is_off(metric("errors"), {"errors": 0}, {"errors": 1})


def test_range_of_five_rounds_holds_the_next_one_in_nineteen_of_twenty():
    draws = np.random.default_rng(7).normal(1.0, 0.07, (20_000, 6))
    rounds, following = draws[:, :5], draws[:, 5]
    means = rounds.mean(axis=1)
    bands = [
        calibration(spread=float(np.ptp(each) / mean)).band
        for each, mean in zip(rounds, means, strict=True)
    ]
    held = np.abs(following - means) <= np.array(bands) * means
    assert 0.94 < held.mean() < 0.97
    assert max(bands) <= 0.4


def test_waits_of_a_short_run_may_differ_by_chance_and_those_of_a_long_one_hardly():
    predicted = {"wait_seconds_mean": 0.9, "latency_seconds_mean": 0.92, "utilisation": 0.8}
    wait, latency = metric("wait_seconds_mean"), metric("latency_seconds_mean")
    measured = {"wait_seconds_mean": 0.4, "latency_seconds_mean": 0.42}
    short, long = predicted | {"requests": 1_400.0}, predicted | {"requests": 1e7}
    assert not IN_RUN.is_off(wait, short, measured)
    assert not IN_RUN.is_off(latency, short, measured)
    assert MODEL.is_off(wait, short, measured)
    few = {"wait_seconds_mean": 0.3, "latency_seconds_mean": 0.32}
    assert IN_RUN.is_off(wait, long, few)
    assert IN_RUN.is_off(latency, long, few)


def test_chance_in_a_queue_is_no_excuse_where_none_waits_or_nothing_is_a_queue():
    service, latency = metric("service_seconds_mean"), metric("latency_seconds_mean")
    idle = {"wait_seconds_mean": 1e-6, "latency_seconds_mean": 0.01, "utilisation": 0.1}
    idle |= {"requests": 500.0, "service_seconds_mean": 0.01}
    off = {"latency_seconds_mean": 0.012, "service_seconds_mean": 0.012}
    assert IN_RUN.is_off(latency, idle, off)
    assert IN_RUN.is_off(service, idle, off)
    assert IN_RUN.half_width(latency, {"latency_seconds_mean": 1.0}) == pytest.approx(0.1)


def test_stalls_are_as_uncertain_as_the_throughput_that_they_leave():
    load_bench("prefetching")
    stalls, rate = metric("stall_fraction"), metric("throughput_per_second")
    for bands in (Bands(0.2), MODEL, IN_RUN):
        for stalled in (0.0, 0.06, 0.5, 0.99):
            predicted = {stalls.name: stalled, rate.name: 1000.0 * (1 - stalled)}
            for off in (0.5, 0.99, -0.99):
                then = {rate.name: predicted[rate.name] * (1 + off * bands.share)}
                then[stalls.name] = 1 - then[rate.name] / 1000.0
                assert not bands.is_off(rate, predicted, then)
                assert not bands.is_off(stalls, predicted, then)
    assert MODEL.is_off(stalls, {stalls.name: 0.06}, {stalls.name: 0.2})


def test_time_of_which_a_run_has_one_is_a_draw():
    load_bench("prefetching")
    first = metric("first_item_seconds")
    for bands in (Bands(0.2), MODEL, IN_RUN):
        assert not bands.is_off(first, {first.name: 1e-3}, {first.name: 1.9e-3})
        assert bands.is_off(first, {first.name: 1e-3}, {first.name: 2.1e-3})
    assert Bands(0.2).text(first, {first.name: 1e-3}) == "± 100 %"


def test_level_that_comes_and_goes_in_lots_is_not_off_by_one_of_them_or_by_chance():
    level, size = metric("buffer_items"), metric("buffer_bytes")
    few = {"buffer_items": 800.0, "buffer_bytes": 300e3, "batches": 100.0, "requests": 10_000.0}
    assert not MODEL.is_off(level, few, {"buffer_items": 940.0})
    assert not MODEL.is_off(size, few, {"buffer_items": 940.0, "buffer_bytes": 352e3})
    many = few | {"batches": 20_000.0, "requests": 2e6}
    assert not MODEL.is_off(level, many, {"buffer_items": 895.0})
    assert MODEL.is_off(level, many, {"buffer_items": 940.0})
    assert MODEL.is_off(size, many, {"buffer_items": 940.0, "buffer_bytes": 352e3})
    empty = many | {"buffer_items": 0.0, "buffer_bytes": 0.0}
    for items, off in ((0.6, False), (99.0, False), (250.0, True)):
        measured = {"buffer_items": items, "buffer_bytes": 400.0 * items}
        assert MODEL.is_off(level, empty, measured) == off
        assert MODEL.is_off(size, empty, measured) == off
    assert MODEL.is_off(size, many, {"buffer_items": 800.0, "buffer_bytes": 600e3})


@pytest.mark.parametrize(
    ("bands", "half"),
    [
        (Bands(0.10), 0.04),
        (Bands(0.40), 0.16),
        (Bands(None), 0.16),
        (IN_RUN, 0.04),
        (MODEL, 0.02),
    ],
    ids=["quiet", "busy", "shipped", "in the run", "own times"],
)
def test_a_hit_rate_is_less_sure_where_threads_wait_for_loads(bands, half):
    shared = {"hit_rate": 0.5, "requests": 1000.0, "misses": 500.0, "loads": 100.0}
    assert bands.half_width(metric("hit_rate"), shared) == pytest.approx(half)
    for alone in ({"loads": 500.0}, {"loads": 700.0}):
        assert bands.half_width(metric("hit_rate"), {**shared, **alone}) == POINTS
    del shared["loads"]
    assert bands.half_width(metric("hit_rate"), shared) == POINTS
