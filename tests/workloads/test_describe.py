from __future__ import annotations

import numpy as np
import pytest

from perflab.workloads import Trace, Uniform, Zipf, remarks, summary


def test_summary_counts_requests_keys_time_and_bytes():
    trace = Trace.from_keys(
        list("abcab"), times=[10, 11, 12, 13, 20], sizes=[5, 1, 2, 7, 1], name="letters"
    )
    said = summary(trace)
    assert said["requests"] == 5
    assert said["distinct_keys"] == 3
    assert said["one_hit_wonders"] == 1
    assert said["duration_seconds"] == 10
    assert said["requests_per_second"] == 0.5
    assert said["total_bytes"] == 16
    assert said["distinct_bytes"] == 7 + 1 + 2
    assert (said["has_times"], said["has_sizes"], said["has_ttls"]) == (True, True, False)
    assert trace.summary() == said


def test_summary_leaves_open_what_the_trace_does_not_tell():
    said = summary(Trace.from_keys(list("abcab")))
    unknown = ("duration_seconds", "requests_per_second", "total_bytes", "distinct_bytes", "skew")
    assert [said[key] for key in unknown] == [None] * 5


def test_summary_of_a_window_counts_the_keys_asked_for_in_it():
    assert summary(Trace.from_keys(list("abcab")).window(3, 5))["distinct_keys"] == 2


@pytest.mark.parametrize("skew", [0.6, 0.9, 1.2])
def test_skew_is_found_again(skew):
    trace = Zipf(skew=skew, keys=20_000, requests=400_000).make()
    assert summary(trace)["skew"] == pytest.approx(skew, abs=0.05)


def test_uniform_requests_have_hardly_any_skew():
    assert summary(Uniform(keys=1_000, requests=200_000).make())["skew"] < 0.08


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        (Trace.from_keys([1, 2, 1]), "3 requests are few"),
        (Trace.from_keys(np.arange(20_000)), "no key comes twice"),
        (Trace.from_keys(np.zeros(20_000, int)), "one key"),
        (
            Trace.from_keys(np.r_[np.arange(20_000), np.arange(500)]),
            "98% of the keys come once: the hit rate cannot exceed 2.4%",
        ),
        (Trace.from_keys([1, 2], times=[5, 5]), "same time"),
    ],
)
def test_what_would_mislead_is_said(trace, words):
    assert any(words in remark for remark in remarks(trace))


def test_nothing_is_said_of_a_sound_trace():
    assert remarks(Zipf(keys=1_000, requests=20_000).make()) == []
