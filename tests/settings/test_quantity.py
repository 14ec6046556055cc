from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.settings import format_quantity, is_none_word, parse_quantity

UNITS = ("", "entries", "requests/s", "bytes", "seconds")


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("10k", "entries", 10_000),
        ("1M", "", 1_000_000),
        ("1.5m", "entries", 1_500_000),
        ("2G", "", 2e9),
        ("2b", "", 2e9),
        ("512MiB", "bytes", 512 * 2**20),
        ("512mb", "bytes", 512e6),
        ("64 KiB", "bytes", 65_536),
        ("7B", "bytes", 7),
        ("1TiB", "bytes", 2**40),
        ("2PiB", "bytes", 2**51),
        ("2p", "bytes", 2e15),
        ("30m", "seconds", 1800),
        ("250ms", "seconds", 0.25),
        ("40µs", "seconds", 40e-6),
        ("40us", "seconds", 40e-6),
        ("1.5h", "seconds", 5400),
        ("2d", "seconds", 172_800),
        ("1w", "seconds", 604_800),
        ("90", "seconds", 90),
        (".5", "seconds", 0.5),
        ("1e3", "", 1000),
        ("1_000", "", 1000),
        ("336,776", "", 336_776),
        ("  12 ", "", 12),
        ("-3", "", -3),
        (7, "seconds", 7),
        (0.5, "bytes", 0.5),
    ],
)
def test_text_is_read_as_people_write_it(text, unit, number):
    assert parse_quantity(text, unit) == pytest.approx(number)


def test_m_is_a_million_of_entries_and_a_minute_of_seconds():
    assert parse_quantity("1m", "entries") == 1e6
    assert parse_quantity("1m", "seconds") == 60
    assert parse_quantity("1m", "bytes") == 1e6


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("many", "", "'many' is not a quantity; write it like 10k"),
        ("", "entries", "'' is not a quantity of entries; write it like 10k"),
        ("5 parsecs", "seconds", "'5 parsecs' is not a quantity of seconds; write it like 30m"),
        ("5h", "bytes", "'5h' is not a quantity of bytes; write it like 512MiB"),
        ("5KiB", "seconds", "'5KiB' is not a quantity of seconds"),
        ("1.2.3", "", "'1.2.3' is not a quantity"),
        ("--5", "", "'--5' is not a quantity"),
        ("1e999", "", "'1e999' is not a quantity"),
        ("inf", "", "'inf' is not a quantity"),
        ("nan", "seconds", "'nan' is not a quantity"),
        ("10k\nx", "", "is not a quantity"),
    ],
)
def test_other_text_is_refused_with_an_example(text, unit, message):
    with pytest.raises(BadInputError) as caught:
        parse_quantity(text, unit)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["none", "None", " OFF ", "null", "unlimited", "no"])
def test_none_words(word):
    assert is_none_word(word)


@pytest.mark.parametrize("value", ["", "0", "nope", None, 0, False])
def test_other_values_are_no_none_words(value):
    assert not is_none_word(value)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "seconds", "none"),
        (math.inf, "bytes", "none"),
        (0, "seconds", "0s"),
        (0, "bytes", "0"),
        (1000, "entries", "1k"),
        (999, "entries", "999"),
        (1_234_567, "entries", "1.235M"),
        (10**14, "entries", "100T"),
        (536_870_912, "bytes", "512MiB"),
        (3 * 2**40, "bytes", "3TiB"),
        (2**50, "bytes", "1PiB"),
        (1800, "seconds", "30m"),
        (0.25, "seconds", "250ms"),
        (3e-9, "seconds", "3ns"),
        (86_400, "seconds", "1d"),
        (-1500, "", "-1.5k"),
    ],
)
def test_number_is_written_short(value, unit, text):
    assert format_quantity(value, unit) == text


@given(
    value=st.floats(min_value=1e-9, max_value=1e15) | st.integers(min_value=0, max_value=2**50),
    unit=st.sampled_from(UNITS),
)
def test_what_is_written_is_read_back_within_a_thousandth(value, unit):
    assert parse_quantity(format_quantity(value, unit), unit) == pytest.approx(value, rel=1e-3)


@given(value=st.floats(min_value=1e-9, max_value=1e15), unit=st.sampled_from(UNITS))
def test_writing_again_what_was_read_back_changes_nothing(value, unit):
    text = format_quantity(value, unit)
    assert format_quantity(parse_quantity(text, unit), unit) == text


@given(text=st.text(max_size=12), unit=st.sampled_from(UNITS))
def test_any_text_is_a_finite_number_or_one_clear_line(text, unit):
    number, message = 0.0, "is not a quantity"
    try:
        number = parse_quantity(text, unit)
    except BadInputError as error:
        message = str(error)
    assert math.isfinite(number)
    assert "is not a quantity" in message
    assert "\n" not in message
