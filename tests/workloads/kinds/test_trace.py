from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.workloads import Trace
from perflab.workloads.registry.kinds import describe

KEYS = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.lists(st.text(max_size=5).filter(lambda t: t.isprintable()), min_size=1),
)


@given(KEYS)
def test_ids_number_keys_by_first_appearance_and_lead_back_to_them(keys):
    trace = Trace.from_keys(keys)
    known = list(dict.fromkeys(keys))
    assert trace.ids.tolist() == [known.index(key) for key in keys]
    assert [trace.key_of(key_id) for key_id in range(trace.n_keys)] == known
    assert trace.n_keys == len(known)


@given(KEYS, st.data())
def test_fingerprint_depends_on_the_requests_and_not_on_the_names_of_keys(keys, data):
    trace = Trace.from_keys(keys)
    renamed = Trace.from_keys([f"renamed {key!r}" for key in keys], name="other")
    assert trace.fingerprint == renamed.fingerprint
    times = np.arange(len(keys), dtype=float)
    timed = Trace.from_keys(keys, times=times)
    assert timed.fingerprint != trace.fingerprint
    at = data.draw(st.integers(0, len(keys) - 1))
    times[at:] += 0.5
    assert Trace.from_keys(keys, times=times).fingerprint != timed.fingerprint
    assert Trace.from_keys(keys, ttls=times).fingerprint != timed.fingerprint


def test_fingerprint_is_the_same_on_every_machine_and_in_every_version():
    trace = Trace.from_keys(["a", "b", "a"], times=[0, 1.5, 2], sizes=[1, 2, 3], ttls=[1, None, 2])
    assert trace.fingerprint == "80dfdea78d274976"
    assert Trace.from_keys(["a", "b", "a"]).fingerprint == "b812fbd06e44be0e"


@pytest.mark.parametrize(
    "keys",
    [
        np.array(["a", "b", "a"]),
        np.array(["a", "b", "a"], dtype=object),
        pd.Series(["a", "b", "a"]),
        pd.Series(["a", "b", "a"], dtype="category"),
        pd.Categorical(["a", "b", "a"], categories=["z", "b", "a"]),
        pa.array(["a", "b", "a"]),
        pa.chunked_array([["a", "b"], ["a"]]),
        pa.array([b"a", b"b", b"a"]),
        pa.array(["z", "a", "b", "a"]).dictionary_encode()[1:],
        (letter for letter in "aba"),
    ],
)
def test_texts_are_taken_from_any_array_or_list(keys):
    trace = Trace.from_keys(keys)
    assert trace.ids.tolist() == [0, 1, 0]
    assert [trace.key_of(0), trace.key_of(1)] == ["a", "b"]


@pytest.mark.parametrize("dtype", ["int8", "uint16", ">i4", "int64", "uint64"])
def test_whole_numbers_are_taken_in_any_width_and_byte_order(dtype):
    trace = Trace.from_keys(np.array([7, 3, 7], dtype=dtype))
    assert trace.ids.tolist() == [0, 1, 0]
    assert trace.keys.tolist() == [7, 3]


def test_many_whole_numbers_get_the_same_ids_from_the_compiled_table(monkeypatch):
    keys = np.random.default_rng(0).integers(-1000, 1000, 5000)
    by_arrow = Trace.from_keys(keys)
    monkeypatch.setattr("perflab.workloads.kinds.encoding.NUMBA_PAYS_FROM", 1)
    by_numba = Trace.from_keys(keys)
    assert by_numba.fingerprint == by_arrow.fingerprint
    assert by_numba.keys.tolist() == by_arrow.keys.tolist()


def test_texts_that_come_in_many_blocks_are_numbered_as_one(monkeypatch):
    monkeypatch.setattr("perflab.workloads.kinds.encoding.BLOCK_ROWS", 3)
    letters = list("abcabdaefgbbazc")
    chunks = pa.chunked_array([letters[i : i + 2] for i in range(0, len(letters), 2)])
    trace = Trace.from_keys(chunks)
    assert trace.fingerprint == Trace.from_keys(np.array([ord(c) for c in letters])).fingerprint
    assert "".join(trace.keys.to_pylist()) == "abcdefgz"


@pytest.mark.parametrize(
    "times",
    [
        pd.Series(pd.to_datetime(["1970-01-01 00:00:01.0", "1970-01-01 00:00:02.5"])),
        pd.Series(pd.to_datetime(["1970-01-01 00:00:01.0", "1970-01-01 00:00:02.5"], utc=True)),
        [dt.datetime(1970, 1, 1, 0, 0, 1), dt.datetime(1970, 1, 1, 0, 0, 2, 500_000)],  # noqa: DTZ001
        np.array(["1970-01-01T00:00:01", "1970-01-01T00:00:02.5"], "datetime64[ms]"),
        [1, 2.5],
    ],
)
def test_times_are_taken_as_seconds_or_dates(times):
    assert Trace.from_keys(["a", "b"], times=times).times.tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    ("columns", "place", "words"),
    [
        ({"times": [0, 2, 1]}, "times[2]", "sort the rows by time"),
        ({"times": [0, float("nan"), 1]}, "times[1]", "not a number of seconds"),
        ({"times": [0, 1, float("inf")]}, "times[2]", "not a number of seconds"),
        ({"times": [-1, 0, 1]}, "times[0]", "negative"),
        ({"times": [0, "x", 1]}, "times[1]", "'x' is not a number"),
        ({"times": [0, None, 1]}, "times[1]", "None is neither"),
        ({"times": [0, 1]}, "times", "2 values, but there are 3 requests"),
        ({"sizes": [1, -5, 1]}, "sizes[1]", "the size -5 is negative"),
        ({"sizes": [1, 1, float("nan")]}, "sizes[2]", "not a whole number of bytes"),
        ({"sizes": [1.5, 1, 1]}, "sizes[0]", "not a whole number of bytes"),
        ({"sizes": [1, 2, 3, 4]}, "sizes", "4 values, but there are 3 requests"),
        ({"ttls": [1, 1, -0.5]}, "ttls[2]", "negative"),
        ({"ttls": [1, float("inf"), 1]}, "ttls[1]", "leave it out for none"),
    ],
)
def test_a_wrong_value_is_refused_with_its_row(columns, place, words):
    with pytest.raises(BadInputError) as caught:
        Trace.from_keys(["a", "b", "c"], **columns)
    assert caught.value.place == place
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("keys", "place", "words"),
    [
        ([], "keys", "at least one"),
        ("abc", "keys", "one text"),
        (["a", None], "keys[1]", "missing"),
        ([1, "a"], "keys[1]", "all whole numbers or all texts"),
        ([1, 2**63], "keys[1]", "all whole numbers or all texts"),
        (np.array([2**63], dtype="uint64"), "keys", "above 2^63 - 1"),
        ([1.5, 2.5], "keys", "whole numbers or texts, not double"),
        ([True, False], "keys", "whole numbers or texts, not bool"),
        ([b"\xff"], "keys", "not texts"),
    ],
)
def test_keys_that_cannot_be_are_refused_with_their_row(keys, place, words):
    with pytest.raises(BadInputError) as caught:
        Trace.from_keys(keys)
    assert caught.value.place == place
    assert words in caught.value.message


def test_an_id_out_of_range_is_refused_before_a_kernel_meets_it():
    with pytest.raises(BadInputError, match=r"ids\[1\]: 2 is not between 0 and 1"):
        Trace("t", np.array([0, 2]), 2)
    with pytest.raises(BadInputError, match=r"keys: has 1 keys"):
        Trace("t", np.array([0, 1]), 2, keys=np.array([5]))


def test_one_request_is_a_trace():
    trace = Trace.from_keys(["only"], times=[5], sizes=[0], ttls=[0])
    assert len(trace) == 1
    assert describe(trace)["distinct_keys"] == 1


def test_arrays_of_a_trace_cannot_be_written():
    trace = Trace.from_keys([1, 2], times=np.array([1.0, 2.0]))
    for array in (trace.ids, trace.times):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


def test_a_window_keeps_the_meaning_of_ids():
    trace = Trace.from_keys(list("abcab"), times=range(5), sizes=range(5), ttls=range(5))
    window = trace.window(2, 4)
    assert window.ids.tolist() == [2, 0]
    assert window.n_keys == 3
    assert window.key_of(2) == "c"
    assert (window.times.tolist(), window.sizes.tolist()) == ([2, 3], [2, 3])
    assert window.name == "trace[2:4]"
    assert np.shares_memory(window.ids, trace.ids)
    assert trace.prefix(2).ids.tolist() == [0, 1]
    assert trace.prefix(99) is trace


def test_an_empty_window_is_refused():
    with pytest.raises(BadInputError, match="no request between 5 and 5; there are 5"):
        Trace.from_keys(list("abcab")).window(5, 9)


def test_a_window_made_compact_equals_a_trace_of_its_keys():
    window = Trace.from_keys(list("abcab")).window(2, 5).compact()
    assert window.fingerprint == Trace.from_keys(list("cab")).fingerprint
    assert [window.key_of(i) for i in range(window.n_keys)] == ["c", "a", "b"]


def test_a_trace_without_times_has_those_of_the_rate():
    trace = Trace.from_keys(list("aba"))
    assert trace.times_at_rate(2.0).tolist() == [0.0, 0.5, 1.0]
    assert trace.times_at_rate(None) is None
    timed = Trace.from_keys(list("ab"), times=[3, 4])
    assert timed.times_at_rate(100.0) is timed.times
