from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from perflab.workloads import Trace, Uniform, Zipf, kind_of, remarks, summary
from perflab.workloads.registry.kinds import describe


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
    assert describe(trace) == said


def test_summary_leaves_open_what_the_trace_does_not_tell():
    said = summary(Trace.from_keys(list("abcab")))
    unknown = (
        *("duration_seconds", "requests_per_second", "total_bytes", "distinct_bytes", "skew"),
        *("reuse_interval_seconds_p50", "interarrival_seconds_p99"),
        "requests_per_second_over_time",
    )
    assert [said[key] for key in unknown] == [None] * 8


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
        (Trace.from_keys([1, 2, 1]), "only 3 requests"),
        (Trace.from_keys(np.arange(20_000)), "no key comes twice"),
        (Trace.from_keys(np.zeros(20_000, int)), "one key"),
        (
            Trace.from_keys(np.r_[np.arange(20_000), np.arange(500)]),
            "97.5 % of the keys come once: the hit rate cannot exceed 2.44 %",
        ),
        (Trace.from_keys([1, 2], times=[5, 5]), "same time"),
        (
            Trace.from_keys(range(20), times=[*range(10), *range(990, 1000)]),
            "one gap covers 98.2 % of the trace",
        ),
        (
            dataclasses.replace(Trace.from_keys([1, 2]), sample_rate=0.01),
            "in all about 200 requests",
        ),
    ],
)
def test_what_would_mislead_is_said(trace, words):
    assert any(words in remark for remark in remarks(trace))


def test_nothing_is_said_of_a_sound_trace():
    assert remarks(Zipf(keys=1_000, requests=20_000).make()) == []


def test_the_line_of_facts_says_how_often_keys_come():
    trace = Trace.from_keys([1, 1, 2, 3], times=[0, 1, 2, 3_600])
    assert kind_of(trace).facts(trace) == [
        "4 requests",
        "3 distinct keys",
        "66.7 % of them asked once",
        "with times over 1 h",
    ]
    zipf = Zipf(skew=0.9, keys=1_000, requests=20_000).make()
    assert kind_of(zipf).facts(zipf)[-2:] == ["skew 0.891", "without times"]
    part = dataclasses.replace(zipf, sample_rate=0.01, check=False)
    assert kind_of(part).facts(part)[-3:-1] == [
        "a sample of 1 % of the keys",
        "in all about 2,000,000 requests for 99,400 keys",
    ]


def test_the_summary_of_a_part_has_what_is_recorded_and_what_that_is_in_all():
    trace = Trace.from_keys([1, 1, 2], times=[0, 1, 2], sizes=[5, 5, 7])
    whole, part = (summary(dataclasses.replace(trace, sample_rate=rate)) for rate in (1, 0.01))
    names = ("requests", "distinct_keys", "requests_per_second", "distinct_bytes")
    assert [part[name] for name in names] == [3, 2, 1.5, 12]
    assert [part[f"estimated_{name}"] for name in names] == [300, 200, 150, 1_200]
    assert [whole[f"estimated_{name}"] for name in names] == [None] * 4


def test_a_summary_is_computed_once_and_handed_out_as_a_copy():
    trace = Zipf(keys=1_000, requests=20_000).make()
    first = describe(trace)
    first["requests"] = 0
    assert describe(trace)["requests"] == 20_000
