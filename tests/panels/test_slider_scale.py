from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench import bench_names, load_bench
from perflab.panels.slider_scale import SliderScale, span
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

SIZE = CacheSettings.info("max_cache_size")
TTL = CacheSettings.info("ttl_seconds")


def test_log_slider_steps_through_round_whole_numbers():
    values = SliderScale(SIZE).values
    assert {10, 100, 1000, 1_000_000} <= set(values)
    assert all(isinstance(value, int) for value in values)
    ratios = [high / low for low, high in itertools.pairwise(values)]
    assert max(ratios) < 1.2


def test_position_past_the_last_one_is_off():
    stops = SliderScale(TTL)
    assert stops.value(stops.last) is None
    assert stops.position(None) == stops.last
    assert stops.value(stops.last - 1) == 30 * 86400


def test_setting_that_is_never_off_has_no_position_for_it():
    stops = SliderScale(SIZE)
    assert stops.value(stops.last) == 1_000_000


def test_value_beyond_the_span_stands_at_the_slider_end():
    stops = SliderScale(SIZE)
    assert stops.position(50_000_000) == stops.last
    assert stops.position(1) == 0


def test_time_is_rounded_in_the_unit_it_is_written_in():
    texts = [TTL.format(value) for value in SliderScale(TTL).values]
    assert {"1m", "1.5m", "30m", "1h", "12h", "1d", "30d"} <= set(texts)
    assert max(len(text) for text in texts) <= 5


def test_sizes_are_stepped_through_in_quarters_of_powers_of_two():
    info = CacheSettings.info("max_bytes")
    stops = SliderScale(info)
    place = stops.position(8 * 2**20)
    around = [info.format(stops.value(at)) for at in range(place - 2, place + 5)]
    assert around == ["6MiB", "7MiB", "8MiB", "10MiB", "12MiB", "14MiB", "16MiB"]
    assert max(len(info.format(value)) for value in stops.values) <= 8


def test_log_slider_whose_bound_is_zero_begins_there():
    assert SliderScale(LoadSettings.info("backend_seconds")).values[0] == 0


def test_linear_slider_covers_its_span_evenly():
    values = SliderScale(LoadSettings.info("warmup_seconds")).values
    assert values[0] == 0
    assert values[-1] == 60
    assert {high - low for low, high in itertools.pairwise(values)} == {0.5}


def sliders():
    """Return every number of every bench that has a slider, workload parameters included."""
    found = {}
    for name in bench_names():
        bench = load_bench(name)
        infos = [*bench.identity.settings_class.infos().values(), *LoadSettings.infos().values()]
        for kind in bench.workload_kind.named.values():
            infos += kind.parameters.values()
        found |= {f"{name} {i.key}": i for i in infos if i.kind in (int, float) and span(i)}
    return found


SLIDERS = sliders()
CLOCK = (1e-9, 1e-6, 1e-3, 1, 60, 3600, 86400)


def is_round(value, info):
    """Say whether a value has two digits, or is a quarter, in some unit that it is counted in."""
    if value == 0:
        return True
    if info.unit == "bytes":
        return any((value / 2**power * 4) % 1 == 0 and value / 2**power < 8 for power in range(61))
    units = CLOCK if info.unit == "seconds" else [10.0**power for power in range(-12, 13)]
    count = value / max(unit for unit in units if unit <= value * 1.0001)
    quarter = info.unit == "seconds" and value > 60 and (count * 4) % 1 == 0
    return quarter or float(f"{count:.2g}") == pytest.approx(count)


@pytest.mark.parametrize("name", SLIDERS)
def test_every_step_of_every_slider_is_round(name):
    info = SLIDERS[name]
    values = SliderScale(info).values
    low, high = span(info)
    inner = [value for value in values if low < value < high]
    if info.scale == "linear":
        steps = {float(f"{b - a:.9g}") for a, b in itertools.pairwise(inner)}
        assert len(steps) <= 1
        assert all(f"{step:.0e}"[0] in "125" for step in steps)
        inner = list(steps)
    assert [value for value in inner if not is_round(value, info)] == []


@pytest.mark.parametrize("name", SLIDERS)
def test_every_slider_has_steps_enough_and_reaches_both_ends(name):
    info = SLIDERS[name]
    values = SliderScale(info).values
    low, high = span(info)
    assert values[0] in (0, low)
    assert values[-1] == high
    assert values == sorted(set(values))
    if info.scale == "log":
        from_ten = [value for value in values if value >= max(10, low) or info.kind is float]
        ratios = [b / a for a, b in itertools.pairwise(filter(None, from_ten))]
        assert max(ratios, default=1) < 1.26


def test_test_of_roundness_knows_what_is_not_round():
    size, ttl = CacheSettings.info("max_bytes"), TTL
    assert not is_round(8 * 2**20 + 100_000, size)
    assert not is_round(8.3 * 2**20, size)
    assert not is_round(61.7, ttl)
    assert not is_round(1234, SIZE)


def test_setting_without_bounds_has_no_span():
    assert span(LoadSettings.info("backend")) is None


@given(st.integers(10, 1_000_000))
def test_nearest_position_is_within_a_step(value):
    stops = SliderScale(SIZE)
    place = stops.position(value)
    assert stops.values[max(0, place - 1)] <= value <= stops.values[min(place + 1, stops.last)]


@given(st.integers(0, SliderScale(SIZE).last))
def test_every_position_finds_itself(place):
    stops = SliderScale(SIZE)
    assert stops.position(stops.value(place)) == place
