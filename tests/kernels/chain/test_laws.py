"""Laws that hold for any chain, whatever its settings and whatever happens to it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from perflab.kernels.chain.chain import chain, failed
from perflab.kernels.chain.flights import Answer, ChainAnswers, Happening, Links
from perflab.kernels.chain.window_counts import window_counts
from perflab.operations import Operation


def some_chain(seed):
    """Return the arguments of a chain drawn at random."""
    draw = np.random.default_rng(seed)
    count, keys, processes = (
        int(draw.integers(low, high)) for low, high in ((1, 300), (1, 30), (1, 5))
    )
    times = np.cumsum(draw.exponential(0.01, count)) if seed % 5 else np.full(count, 3.0)

    def pick(values):
        return values[int(draw.integers(len(values)))]

    links = Links(
        local_entries=pick([None, 0, 1, 5]),
        local_ttl=pick([math.inf, 0.1]),
        local_seconds=1e-6,
        remote_entries=pick([None, 0, 3, 10]),
        remote_ttl=pick([math.inf, 0.2]),
        remote_seconds=1e-4,
        remote_write_seconds=1e-4,
        remote_down_seconds=1e-3,
        connections=pick([None, 1, 2]),
        timeout=pick([math.inf, 0.01, 0.0]),
        max_waiting=pick([None, 0, 2]),
        shared=pick([None, 1, 3]),
        retries=pick([0, 1, 2]),
        backoff=pick([0.0, 0.01]),
    )
    return {
        "times": times,
        "keys": draw.integers(0, keys, count),
        "n_keys": keys,
        "processes": draw.integers(0, processes, count),
        "n_processes": processes,
        "services": draw.exponential(0.02, count),
        "links": links,
        "single_flight": pick(["none", "process", "service"]),
        "operations": draw.choice([0] * 4 + list(Operation), count),
        "factors": pick([(), (1.0, 1.2, 1.5)]),
        "happenings": [
            (float(draw.uniform(0, 3)), kind, float(draw.integers(processes)))
            for kind in (Happening.REMOTE_DOWN, Happening.REMOTE_UP, Happening.RESTART)
        ],
    }


@pytest.mark.parametrize("seed", range(60))
def test_a_chain_keeps_its_limits_and_loses_no_request(seed):
    told = some_chain(seed)
    found = chain(**told)
    links, asked = told["links"], np.flatnonzero(~np.isnan(found.starts))
    assert np.isfinite(found.ends).all()
    assert (found.ends >= told["times"]).all()
    assert (found.tries <= links.retries + 1).all()
    assert np.array_equal(found.answers == Answer.DATABASE, ~np.isnan(found.starts))
    assert not failed(found.answers[asked]).any()
    steps = [(found.starts[i], 1, told["processes"][i]) for i in asked]
    steps += [(found.starts[i] + found.services[i], -1, told["processes"][i]) for i in asked]
    used = np.zeros(told["n_processes"])
    for _, change, process in sorted(steps, key=lambda step: step[:2]):
        used[process] += change
        assert links.connections is None or used[process] <= links.connections
        assert links.shared is None or used.sum() <= links.shared


@pytest.mark.parametrize("seed", range(60))
def test_no_two_loads_of_a_key_overlap_where_flights_are_joined(seed):
    told = some_chain(seed)
    found = chain(**told | {"single_flight": "service"})
    reads = (told["operations"] == Operation.GET) & ~np.isnan(found.starts)
    for key in set(told["keys"][reads].tolist()):
        of_key = np.flatnonzero(reads & (told["keys"] == key))
        spans = sorted((found.starts[i], found.starts[i] + found.services[i]) for i in of_key)
        assert all(later >= end for (_, end), (later, _) in itertools.pairwise(spans))


@pytest.mark.parametrize("seed", range(20))
def test_what_has_no_effect_changes_nothing(seed):
    told = some_chain(seed)
    more = [*told["happenings"], (1.0, Happening.SLOWER, 1.0)]
    for column, same in zip(chain(**told), chain(**told | {"happenings": more}), strict=True):
        np.testing.assert_array_equal(column, same)


def test_windows_count_what_lies_in_them():
    draw = np.random.default_rng(2)
    times = np.sort(draw.integers(0, 40, 300) / 4)
    ends, starts = times + draw.integers(0, 30, 300) / 4, times + draw.integers(0, 9, 300) / 4
    starts[draw.random(300) < 0.5] = np.nan
    answers = draw.integers(0, 7, 300).astype(np.uint8)
    found = ChainAnswers(ends, answers, *[starts] * 3, answers)
    edges = np.arange(0.5, 10)
    counts = window_counts(times, found, edges)
    place = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, 8)
    assert counts.requests.tolist() == np.bincount(place, minlength=9).tolist()
    hits, lost = answers <= Answer.REMOTE, failed(answers)
    assert counts.hits.tolist() == np.bincount(place, hits, minlength=9).tolist()
    assert counts.failures.tolist() == np.bincount(place, lost, minlength=9).tolist()
    begun = np.histogram(starts[~np.isnan(starts)], edges)[0]
    assert counts.begun.tolist() == begun.tolist()
    assert counts.ended.tolist() == [int((ends <= edge).sum()) for edge in edges[1:]]
    with pytest.raises(ValueError, match="do not rise"):
        window_counts(times, found, edges[::-1])
