from __future__ import annotations

import threading

import ipywidgets as widgets
import pytest

from perflab.panels.controls import ChoiceControl, NumberControl, control, written
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings


def make(cls, key, value=None):
    seen = []

    def check(given):
        return getattr(cls.read({key: given}), key)

    start = cls.model_fields[key].default if value is None else value
    return control(cls.info(key), start, check, lambda *change: seen.append(change)), seen


@pytest.fixture
def size():
    return make(CacheSettings, "max_cache_size", 1000)


def test_slider_move_reaches_text_and_listener_once(size):
    made, seen = size
    made.slider.value = made.stops.position(10_000)
    assert made.value == 10_000
    assert made.text.value == "10k"
    assert seen == [("max_cache_size", 10_000)]


def test_text_moves_the_slider_without_changing_its_own_value(size):
    made, seen = size
    made.text.value = "12345"
    assert made.value == 12_345
    assert made.slider.value == made.stops.position(12_345)
    assert seen == [("max_cache_size", 12_345)]


def test_quantity_is_read_as_people_write_it(size):
    made, _ = size
    made.text.value = "250k"
    assert made.value == 250_000


def test_refused_text_stays_with_its_reason_and_the_old_value_in_force(size):
    made, seen = size
    made.text.value = "lots"
    assert made.value == 1000
    assert made.text.value == "lots"
    assert "'lots' is not a quantity" in made.message
    assert made.error.layout.display is None
    assert seen == []


def test_value_out_of_bounds_names_the_bounds(size):
    made, seen = size
    made.text.value = "0"
    assert "allowed: 1 to 1G" in made.message
    assert seen == []


def test_error_goes_away_with_the_next_good_value(size):
    made, _ = size
    made.text.value = "lots"
    made.slider.value = made.stops.position(2000)
    assert made.message == ""
    assert made.error.layout.display == "none"
    assert made.text.value == "2k"


def test_error_text_is_not_read_as_html(size):
    made, _ = size
    made.text.value = "<b>1</b>"
    assert "<b>" not in made.error.value
    assert "<b>" in made.message


def test_value_beyond_the_slider_is_kept_exactly(size):
    made, seen = size
    made.text.value = "5M"
    assert made.value == 5_000_000
    assert made.slider.value == made.stops.last
    assert seen == [("max_cache_size", 5_000_000)]


def test_last_position_of_an_optional_setting_is_off():
    made, seen = make(CacheSettings, "ttl_seconds", 1800)
    made.slider.value = made.stops.last
    assert made.value is None
    assert made.text.value == "none"
    made.text.value = "30m"
    assert seen == [("ttl_seconds", None), ("ttl_seconds", 1800)]


def test_value_shown_from_elsewhere_tells_nobody(size):
    made, seen = size
    made.show(50_000)
    assert made.text.value == "50k"
    assert made.slider.value == made.stops.position(50_000)
    assert seen == []


def test_tooltip_has_meaning_and_bounds(size):
    made, _ = size
    info = CacheSettings.info("max_cache_size")
    assert info.meaning in made.slider.tooltip
    assert info.bounds in made.slider.tooltip
    assert info.meaning in made.label.value


def test_few_words_are_buttons_and_a_choice_is_told():
    made, seen = make(CacheSettings, "policy")
    assert isinstance(made, ChoiceControl)
    assert isinstance(made.choice, widgets.ToggleButtons)
    made.choice.value = "sieve"
    assert seen == [("policy", "sieve")]


def test_optional_switch_has_on_off_and_none():
    made, seen = make(LoadSettings, "loop")
    made.choice.value = True
    made.choice.value = None
    assert seen == [("loop", True), ("loop", None)]


def test_setting_that_is_a_free_word_is_a_text_field():
    made, seen = make(LoadSettings, "backend")
    assert isinstance(made, NumberControl)
    assert made.stops is None
    made.text.value = "redis"
    assert "unknown backend 'redis'" in made.message
    made.text.value = "delay"
    assert seen == [("backend", "delay")]


def test_two_threads_moving_one_control_end_in_step(size):
    made, _ = size

    def move(values):
        for value in values:
            made.value = value

    threads = [
        threading.Thread(target=move, args=(range(start, 4000, 7),)) for start in (100, 103, 105)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made.text.value == written(made.info, made.value)
    assert made.slider.value == made.stops.position(made.value)


@pytest.mark.parametrize(
    ("value", "text"), [(1000, "1k"), (1024, "1024"), (12_345, "12345"), (99_999, "99999")]
)
def test_number_whose_short_text_is_another_number_is_written_in_full(value, text):
    assert written(CacheSettings.info("max_cache_size"), value) == text
