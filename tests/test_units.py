from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.units import (
    ago,
    amount,
    band,
    changed_by,
    counted,
    difference,
    exact,
    format_quantity,
    grouped,
    in_words,
    is_none_word,
    named,
    on_axis,
    parse_quantity,
    plural,
    rounded,
    singular,
    times,
    typed,
)

UNITS = ("", "entries", "requests/s", "bytes", "seconds")
SIZES = st.floats(1e-9, 1e14)
MARKS = "<>± "


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
        ("1,234,567.5", "", 1_234_567.5),
        ("2 000", "entries", 2000),
        ("2\u202f000\u00a0000 B", "bytes", 2_000_000),
        ("10GB", "bytes", 10e9),
        ("5\u00a0GiB", "bytes", 5 * 2**30),
        ("10_000_000", "", 10_000_000),
        ("1 hour", "seconds", 3600),
        ("1.5 Hours", "seconds", 5400),
        ("30 seconds", "seconds", 30),
        ("2 min", "seconds", 120),
        ("1 minute", "seconds", 60),
        ("3 days", "seconds", 259_200),
        ("2 weeks", "seconds", 1_209_600),
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
        ("1,5", "", "'1,5' is not a quantity"),
        ("1,2345", "", "'1,2345' is not a quantity"),
        ("2 0", "", "'2 0' is not a quantity"),
        ("20 00", "", "'20 00' is not a quantity"),
        ("1__0", "", "'1__0' is not a quantity"),
        ("1_", "", "'1_' is not a quantity"),
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


def read(text, unit):
    """Return the number that a text in words is, its marks of being below or above left out."""
    two = re.fullmatch(r"(.+ (?:d|h|min)) (\S+ \S+)", text)
    parts = [text] if two is None else two.groups()
    return sum(parse_quantity(each.strip(MARKS).removesuffix("/s"), unit) for each in parts)


def read_change(text):
    """Return the change in per cent that a difference says."""
    if text.endswith("×"):
        return (parse_quantity(text[:-1].removeprefix("over ").replace("10^", "1e")) - 1) * 100
    return parse_quantity(text.strip(MARKS).removesuffix(" %"))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0012, "seconds", "1.2 ms"),
        (0.0024921, "seconds", "2.49 ms"),
        (0, "seconds", "0 ns"),
        (3e-13, "seconds", "< 1 ns"),
        (60, "seconds", "1 min"),
        (200, "seconds", "3 min 20 s"),
        (3_599.9, "seconds", "1 h"),
        (-5_400, "seconds", "−1 h 30 min"),
        (90_000, "seconds", "1 d 1 h"),
        (31_536_000, "seconds", "365 d"),
        (-0.5, "seconds", "−500 ms"),
        (12.9e6, "bytes", "12.3 MiB"),
        (1010 * 1024, "bytes", "0.986 MiB"),
        (0.02, "bytes", "< 1 B"),
        (0, "ratio", "0 %"),
        (1, "ratio", "100 %"),
        (0.394, "ratio", "39.4 %"),
        (0.9998, "ratio", "> 99.9 %"),
        (1e-9, "ratio", "< 0.01 %"),
        (12_345, "1/s", "12.3k/s"),
        (3.2e12, "1/s", "3.2T/s"),
        (1.5 * 2**20, "bytes/s", "1.5 MiB/s"),
        (5_000, "items/s", "5k items/s"),
        (-3, "entries", "−3"),
        (336_776, "requests", "336,776"),
        (12_345.6, "entries", "12,346"),
        (0.0483, "requests", "0.0483"),
        (0.00005, "currency", "0.00005"),
        (1e30, "", "over 10^18"),
        (-1e30, "", "−over 10^18"),
        (math.inf, "seconds", "∞"),
        (math.nan, "ratio", "n/a"),
        (None, "bytes", "n/a"),
    ],
)
def test_a_value_in_words(value, unit, text):
    assert in_words(value, unit) == text


@pytest.mark.parametrize(
    ("before", "after", "unit", "text"),
    [
        (0.50, 0.56, "ratio", "+6.0 points"),
        (0.50, 0.4975, "ratio", "−0.25 points"),
        (0.50, 0.50001, "ratio", "0 points"),
        (100, 19, "seconds", "−81 %"),
        (1e-3, 1.1234e-3, "seconds", "+12.3 %"),
        (1e-3, 1.0000001e-3, "seconds", "0 %"),
        (1e-3, 0.9999999e-3, "seconds", "0 %"),
        (1, 12.04, "seconds", "12×"),
        (1e-3, 0.28958, "seconds", "290×"),
        (1e-6, 12.0, "seconds", "12,000,000×"),
        (1, 1e-5, "seconds", "< −99.9 %"),
        (1, 0, "seconds", "−100 %"),
        (0, 3, "requests", "+3"),
        (0, 0.1, "seconds", "+100 ms"),
        (0, 0, "requests", "0 %"),
        (math.nan, 1, "ratio", "n/a"),
        (1, math.nan, "seconds", "n/a"),
    ],
)
def test_a_difference_in_words(before, after, unit, text):
    assert difference(before, after, unit) == text


@pytest.mark.parametrize(
    ("before", "after", "unit", "text"),
    [
        (1, 0.027, "seconds", "by 97.3 %"),
        (1, 1e-5, "seconds", "by 99.9 %"),
        (0.5, 0.44, "ratio", "by 6.0 points"),
        (1, 12, "seconds", "to 12×"),
    ],
)
def test_a_change_after_a_verb_has_no_sign(before, after, unit, text):
    assert changed_by(before, after, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2**29, "bytes", "512 MiB"),
        (1_234_567, "bytes", "1,234,567 bytes"),
        (1800, "seconds", "30 min"),
        (1.23456, "seconds", "1.23456 s"),
        (1, "entries", "1 entry"),
        (12_345, "entries", "12,345 entries"),
        (0.05, "ratio", "5 %"),
        (math.inf, "entries", "∞"),
    ],
)
def test_what_somebody_chose_has_all_its_digits(value, unit, text):
    assert exact(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "tick", "phrase"),
    [
        (10_000, "entries", "10k", "10k entries"),
        (1, "entries", "1", "1 entry"),
        (4 * 2**20, "bytes", "4 MiB", "4 MiB"),
        (0.25, "ratio", "25 %", "25 %"),
        (2.5e-5, "", "0.000025", "0.000025"),
        (250e-6, "seconds", "250 µs", "250 µs"),
    ],
)
def test_a_round_value_is_short_on_an_axis(value, unit, tick, phrase):
    assert on_axis(value, unit) == tick
    assert amount(value, unit) == phrase


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("duration_seconds", 7200, "2 h"),
        ("wait_seconds_p95", 0.0024921, "2.49 ms"),
        ("total_bytes", 2**20, "1 MiB"),
        ("next_row_share", 0.39, "39 %"),
        ("requests_per_second", 12_345.6, "12,346"),
        ("service_seconds_mean", 0.02, "20 ms"),
        ("distinct_keys", 12_345, "12,345"),
        ("skew", 0.9012, "0.901"),
    ],
)
def test_a_key_names_the_unit_of_its_value(key, value, text):
    assert named(key, value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "just now"), (59, "just now"), (60, "1 minute ago"), (200_000, "2 days ago")],
)
def test_an_age_in_words(seconds, text):
    assert ago(seconds) == text


@given(SIZES, st.sampled_from(["seconds", "bytes"]))
@example(97_690.0, "seconds")
@example(88_199.0, "seconds")
def test_a_measured_value_reads_back_within_three_digits(value, unit):
    text = in_words(value, unit)
    # Of a clock's two units the smaller one is whole.
    last = text.rpartition(" ")[2] if unit == "seconds" and " " in text else ""
    half = {"d": 1800.0, "h": 1800.0 if " d " in text else 30.0, "min": 30.0}.get(last, 0.5)
    off = half if last in ("d", "h", "min", "s") and value >= 59 else 0.0
    assert text.startswith("<") or read(text, unit) == pytest.approx(value, rel=5.01e-3, abs=off)


@given(SIZES)
def test_a_rate_reads_back_within_three_digits(value):
    assert read(in_words(value, "1/s"), "") == pytest.approx(value, rel=5.01e-3, abs=1e-6)


@given(st.floats(0, 1))
@example(0.10546875)
def test_a_share_reads_back_and_is_never_all_or_nothing_by_rounding(share):
    text = in_words(share, "ratio")
    assert read(text, "ratio") == pytest.approx(share, rel=5.01e-3, abs=1.01e-4)
    assert (text == "0 %") <= (share < 1e-12)
    assert (text == "100 %") <= (share > 1 - 1e-11)


@given(st.integers(-(10**17), 10**17))
def test_a_whole_count_has_all_its_digits(count):
    assert int(in_words(count, "requests").replace(",", "").replace("−", "-")) == count


@given(SIZES, st.sampled_from([*UNITS, "ratio", "1/s", "currency"]))
def test_a_sign_is_kept(value, unit):
    mirrored = str.maketrans("<>", "><")
    assert in_words(-value, unit).replace("−", "") == in_words(value, unit).translate(
        mirrored if in_words(value, unit)[0] in "<>" else {}
    )


@given(SIZES, SIZES, st.sampled_from(["seconds", "bytes", "ratio", "", "1/s", "currency"]))
def test_what_is_larger_never_reads_as_smaller(one, other, unit):
    low, high = sorted((one, other))
    below, above = (read(in_words(value, unit), unit) for value in (low, high))
    assert below <= above * (1 + 1e-12)


@given(st.floats(), st.sampled_from([*UNITS, "ratio", "1/s", "bytes/s", "currency"]))
def test_no_number_is_a_power_or_a_negative_zero(value, unit):
    texts = [in_words(value, unit), band(value, unit), exact(value, unit), rounded(value)]
    texts += [grouped(value), times(value), format_quantity(value, unit), on_axis(value, unit)]
    for text in texts:
        assert not re.search(r"\de[+-]?\d", text)
        assert not re.fullmatch(r"[<>± ]*[-−]0(\.0*)?\D*", text)


@example(0.0, 1e-16, "requests/s")
@given(st.floats(), st.floats(), st.sampled_from([*UNITS, "ratio", "1/s"]))
def test_a_difference_of_anything_has_a_sign_or_is_none(before, after, unit):
    text = difference(before, after, unit)
    assert not re.search(r"\de[+-]?\d", text)
    if text.startswith("0") or text == "n/a" or text.endswith("×"):
        return
    assert ("−" in text) == (after < before)
    assert ("+" in text) == (after > before)
    assert re.search(r"[1-9∞]", text)


@given(SIZES, SIZES, SIZES)
def test_a_difference_never_falls_as_the_measured_value_rises(before, one, other):
    low, high = sorted((one, other))
    below, above = (read_change(difference(before, value)) for value in (low, high))
    assert below <= above + abs(above) * 1e-12


@given(st.floats(0, 1), st.floats(0, 1))
def test_points_say_the_difference_and_its_sign(before, after):
    number = parse_quantity(difference(before, after, "ratio").split()[0])
    assert number == pytest.approx((after - before) * 100, abs=0.0501)


@given(SIZES, SIZES)
@example(28959426716472.0, 58927092496046.0)
def test_per_cent_say_the_difference(before, after):
    text = difference(before, after)
    said = read_change(text)
    assert text.startswith("over") or said == pytest.approx(
        (after / before - 1) * 100, rel=5.01e-3, abs=0.101
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1259, "items", "1259"),
        (1500, "items", "1.5k"),
        (10_000, "entries", "10k"),
        (21_941, "", "21941"),
        (2_016_000, "", "2.016M"),
        (2048, "bytes", "2KiB"),
        (90, "seconds", "1.5m"),
    ],
)
def test_a_count_is_typed_in_the_shortest_way(value, unit, text):
    assert typed(value, unit) == text
    if unit != "seconds":
        assert typed(value, unit, parted=True).replace(",", "") == text


@given(SIZES, st.sampled_from(["seconds", "bytes", "entries", "ratio"]))
def test_what_is_typed_reads_back_to_every_digit(value, unit):
    assert parse_quantity(typed(value, unit), unit) == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (0, "key", "0 keys"),
        (1.0, "batch", "1 batch"),
        (12_000, "batch", "12,000 batches"),
        (1, "distinct key", "1 distinct key"),
        (0.048, "request", "0.048 requests"),
        (1, "process", "1 process"),
        (3, "process", "3 processes"),
    ],
)
def test_one_is_counted_as_one(count, noun, text):
    assert counted(count, noun) == text


@pytest.mark.parametrize(
    "noun",
    [
        "entry",
        "key",
        "row",
        "chunk",
        "batch",
        "fetch",
        "item",
        "request",
        "thread",
        "failure",
        "time",
    ],
)
def test_every_unit_has_its_one(noun):
    assert singular(plural(noun)) == noun


@pytest.mark.parametrize("unit", ["requests/s", "seconds", "bytes/s"])
def test_a_unit_that_is_no_count_stays(unit):
    assert singular(unit) == unit
