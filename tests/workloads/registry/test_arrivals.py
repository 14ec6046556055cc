from __future__ import annotations

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import ARRIVALS, Arrivals, Trace, load_arrivals
from perflab.workloads.registry.kinds import describe


@pytest.mark.parametrize("name", sorted(ARRIVALS))
def test_every_name_loads_by_its_example_and_its_source_makes_it_again(name):
    info = ARRIVALS[name]
    arrivals = load_arrivals(info.example.replace("requests=100k", "requests=2k"))
    assert len(arrivals) == 2000
    assert load_arrivals(arrivals.source).fingerprint == arrivals.fingerprint
    assert info.summary
    assert list(info.parameters)[-2:] == ["requests", "seed"]
    assert all(parameter.meaning for parameter in info.parameters.values())


def test_poisson_gaps_are_exponential():
    gaps = np.diff(load_arrivals("poisson:rate=200,requests=100k,seed=1").times)
    assert gaps.mean() == pytest.approx(1 / 200, rel=0.02)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.02)
    assert load_arrivals("poisson:seed=2").fingerprint != load_arrivals("poisson").fingerprint


def test_bursts_have_the_rate_of_both_states_and_show_in_the_dispersion():
    bursty = "bursty:rate=100,busy_rate=600,quiet_seconds=2,busy_seconds=0.5,requests=400k,seed=1"
    arrivals = load_arrivals(bursty)
    assert arrivals.rate == pytest.approx((100 * 2 + 600 * 0.5) / 2.5, rel=0.1)
    assert describe(arrivals)["index_of_dispersion"] > 10


def test_a_busy_time_that_is_as_quiet_is_poisson():
    arrivals = load_arrivals("bursty:rate=100,busy_rate=100,requests=100k")
    assert describe(arrivals)["index_of_dispersion"] == pytest.approx(1, abs=0.15)


def test_arrivals_and_timed_traces_are_arrivals():
    arrivals = load_arrivals("steady:requests=5")
    assert load_arrivals(arrivals) is arrivals
    trace = Trace.from_keys([1, 2], times=[3, 4], name="mine")
    assert load_arrivals(trace).times.tolist() == [3, 4]
    flights = load_arrivals("flights")
    assert isinstance(flights, Arrivals)
    assert flights.source == "flights"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("poison:rate=1", "did you mean 'poisson'"),
        ("poisson:rat=1", "did you mean 'rate'"),
        ("poisson:rate=0", "out of bounds"),
        ("bursty:busy_rate", "has no value"),
        ("zipf:requests=10", "has no times"),
        ("missing.csv", "No such file"),
        ("", "neither a workload nor a file"),
    ],
)
def test_a_wrong_name_is_refused_with_what_to_do(spec, words):
    with pytest.raises(BadInputError) as caught:
        load_arrivals(spec)
    assert words in str(caught.value)


def test_a_format_with_a_name_is_refused():
    with pytest.raises(BadInputError, match="for files only"):
        load_arrivals("poisson", format="durations")
    with pytest.raises(BadInputError, match="did you mean 'postgres'"):
        load_arrivals("some.log", format="postgre")
