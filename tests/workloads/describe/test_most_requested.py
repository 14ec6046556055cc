"""The keys with the most requests, by name."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perflab.workloads import Trace, summary
from perflab.workloads.describe import traces
from perflab.workloads.describe.traces import most_requested


def named(keys, most=20):
    return [(each["key"], each["requests"]) for each in most_requested(Trace.from_keys(keys), most)]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.integers(1, 25))
def test_they_are_those_that_counting_finds(keys, most):
    first = list(dict.fromkeys(keys))
    wanted = sorted(first, key=lambda key: (-keys.count(key), first.index(key)))[:most]
    assert named(keys, most) == [(str(key), keys.count(key)) for key in wanted]


def test_only_reads_count():
    trace = Trace.from_keys(list("aab"), operations=["delete", "get", "get"])
    assert summary(trace)["most_requested"] == [
        {"key": "a", "requests": 1},
        {"key": "b", "requests": 1},
    ]


def test_keys_never_requested_in_a_window_are_left_out():
    assert most_requested(Trace.from_keys(list("abcab")).window(3, 5)) == [
        {"key": "a", "requests": 1},
        {"key": "b", "requests": 1},
    ]


def test_large_traces_are_counted_alike(monkeypatch):
    trace = Trace("t", np.arange(500, dtype=np.int32) ** 2 % 37, 37)
    plain = most_requested(trace)
    monkeypatch.setattr(traces, "NUMBA_PAYS_FROM", 100)
    assert most_requested(trace) == plain


def test_passwords_and_tokens_are_cut_out_and_long_keys_cut():
    ((key, _),) = named(["https://user:secret@host/x?token=abc"])
    assert "secret" not in key
    assert "abc" not in key
    ((long, _),) = named(["k" * 5_000])
    assert len(long) < 300
    ((odd, _),) = named(["a\x1b]0;b"])
    assert odd.isprintable()
