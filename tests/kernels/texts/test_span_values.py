from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels.texts.span_values import moments_at, numbers_at, texts_at
from perflab.workloads.importers.moments import parse_moment

FLAGS = np.zeros(1, np.bool_)


def spans(texts):
    """Return texts as bytes between others, and where each begins and ends."""
    parts = [text.encode() for text in texts]
    ends = np.cumsum([len(part) + 1 for part in parts]).astype(np.int32)
    starts = ends - [len(part) for part in parts]
    return np.frombuffer(b"|" + b"|".join(parts) + b"|", np.uint8), starts, ends


@given(st.decimals(-(10**20), 10**20, places=7) | st.integers(-(10**19), 10**19))
def test_plain_numbers_are_what_python_reads(number):
    (found,) = numbers_at(*spans([f"{number:f}" if not isinstance(number, int) else str(number)]))
    assert math.isnan(found) or found == float(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("-7", -7), ("007", 7), ("1.5", 1.5), ("999999999999999999", 1e18), ("0.1", 0.1)],
)
def test_a_short_number_is_read(text, number):
    assert numbers_at(*spans([text])).tolist() == [number]


@pytest.mark.parametrize(
    "text", ["", "-", "1.", ".5", "1.2.3", "1e3", " 1", "1_0", "nan", "9" * 19]
)
def test_other_texts_are_no_plain_number(text):
    assert np.isnan(numbers_at(*spans([text])))


@pytest.mark.parametrize(
    "text",
    [
        *("2024-06-10T06:13:20Z", "2024-06-10 06:13:20.5+02:00", "2024-06-10T06:13:20,123456789Z"),
        *("10/Oct/2000:13:55:36 -0700", "29/feb/2024:23:59:60 +0000", "0001-01-01T00:00:00"),
        *("2024-06-10T06:13:20.1234567891-0130", "1969-12-31T23:59:59.25Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_moment_is_the_same_to_the_last_bit(text):
    assert moments_at(*spans(["x", text])).tolist()[1] == parse_moment(text)


@given(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(("", "Z", "+02:00", "-2359", " +0100", ".", ",5Z", "+24:00", "+02:60", "z")),
)
def test_a_moment_is_python_s_or_left_to_it(text, zone):
    (found,) = moments_at(*spans([text + zone]))
    assert math.isnan(found) or found == parse_moment(text + zone)


@pytest.mark.parametrize(
    "text", ["", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-06-10T24:00:00Z", "x" * 19]
)
def test_what_is_no_moment_is_nan(text):
    assert np.isnan(moments_at(*spans([text])))


@given(st.text(st.characters(exclude_categories=("Cs",))), st.booleans())
def test_escapes_become_what_they_stand_for(text, plain):
    written = json.dumps(text, ensure_ascii=not plain)[1:-1].replace("/", "\\/")
    texts, offsets = texts_at(*spans([written]), ~FLAGS, FLAGS)
    assert (texts.tobytes().decode(), offsets.tolist()) == (text, [0, len(text.encode())])


@pytest.mark.parametrize("text", ["a", "a\n", "a\r\n\r\n", "\n", ""])
def test_a_line_ends_with_one_line_feed(text):
    texts, _ = texts_at(*spans([text]), FLAGS, ~FLAGS)
    assert texts.tobytes().decode() == text.rstrip("\r\n") + "\n"
