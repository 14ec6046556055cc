from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

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
    assert {"1m", "1.2m", "30m", "1h", "12h", "1d", "30d"} <= set(texts)
    assert max(len(text) for text in texts) <= 4


def test_log_slider_whose_bound_is_zero_begins_there():
    assert SliderScale(LoadSettings.info("backend_seconds")).values[0] == 0


def test_linear_slider_covers_its_span_evenly():
    values = SliderScale(LoadSettings.info("warmup_seconds")).values
    assert values[0] == 0
    assert values[-1] == 60
    assert len(values) == 201


def test_setting_without_bounds_has_no_span():
    assert span(LoadSettings.info("backend")) is None


@given(st.integers(10, 1_000_000))
def test_nearest_position_is_within_a_step(value):
    stops = SliderScale(SIZE)
    place = stops.position(value)
    assert stops.values[max(0, place - 1)] <= value <= stops.values[min(place + 1, stops.last)]


@given(st.integers(0, 120))
def test_every_position_finds_itself(place):
    stops = SliderScale(SIZE)
    assert stops.position(stops.value(place)) == place
