"""A chain of caches, pool and database against one in plain Python, request for request."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels.chain.chain import chain
from perflab.kernels.chain.flights import Answer, Happening, Links
from tests.helpers.plain_chain import Chain, Request

N_KEYS, N_PROCESSES = 6, 3
# Sums of such numbers are exact, so that moments that should be the same are.
MOMENTS = st.integers(0, 400).map(lambda number: number / 64)
SECONDS = st.integers(0, 64).map(lambda number: number / 64)
SOME_SECONDS = st.integers(1, 64).map(lambda number: number / 64)
COUNTS = st.none() | st.integers(1, 3)
ENTRIES = st.none() | st.integers(0, 4)
LIFETIMES = st.just(math.inf) | SOME_SECONDS

rows = st.tuples(
    MOMENTS,
    st.integers(0, N_KEYS - 1),
    st.integers(0, N_PROCESSES - 1),
    SECONDS,
    st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
    st.none() | SOME_SECONDS,
)
OF_CACHES_AND_POOL = {
    "local_entries": ENTRIES,
    "local_ttl": LIFETIMES,
    "local_seconds": SECONDS,
    "remote_entries": ENTRIES,
    "remote_ttl": LIFETIMES,
    "remote_seconds": SECONDS,
    "remote_write_seconds": SECONDS,
    "remote_down_seconds": SECONDS,
    "connections": COUNTS,
    "timeout": LIFETIMES,
    "max_waiting": st.none() | st.integers(0, 2),
    "shared": COUNTS,
    "backoff": SECONDS,
}
settings = st.builds(
    Links,
    **OF_CACHES_AND_POOL,
    retries=st.integers(0, 2),
    **{
        name: st.just(usual)
        for name, usual in Links._field_defaults.items()
        if name.startswith(("call_", "front_"))
    },
)
happenings = st.lists(
    st.tuples(MOMENTS, st.sampled_from([Happening.REMOTE_DOWN, Happening.REMOTE_UP]), st.just(0))
    | st.tuples(MOMENTS, st.just(Happening.RESTART), st.integers(0, N_PROCESSES - 1))
    | st.tuples(MOMENTS, st.just(Happening.SLOWER), st.sampled_from([0.5, 1.0, 4.0])),
    max_size=5,
)


def columns(rows):
    """Return the columns of rows in order of time, as arrays."""
    ordered = sorted(rows, key=lambda row: row[0])
    times, keys, processes, services, codes, ttls = zip(*ordered, strict=True)
    lifetimes = [math.nan if ttl is None else ttl for ttl in ttls]
    return (
        *(np.array(times), np.array(keys, np.int32), np.array(processes, np.int32)),
        *(np.array(services), np.array(codes, np.uint8), np.array(lifetimes)),
    )


def requests_of(rows):
    """Return the requests of rows in order of time, as the plain chain has them."""
    ordered = zip(*(column.tolist() for column in columns(rows)), strict=True)
    return [
        Request(place, *row[:5], None if math.isnan(row[5]) else row[5])
        for place, row in enumerate(ordered)
    ]


@given(
    st.lists(rows, min_size=1, max_size=60),
    settings,
    st.sampled_from(["none", "process", "service"]),
    st.lists(st.sampled_from([1.0, 1.5, 2.0]), max_size=4),
    happenings,
)
def test_every_request_fares_as_in_plain_python(rows, links, single_flight, factors, happens):
    times, keys, processes, services, codes, ttls = columns(rows)
    found = chain(
        *(times, keys, N_KEYS, processes, N_PROCESSES, services, links),
        single_flight=single_flight,
        operations=codes,
        ttls=ttls,
        factors=factors,
        happenings=happens,
    )
    requests = requests_of(rows)
    Chain(requests, N_PROCESSES, links, single_flight, factors, happens).run()
    assert found.answers.tolist() == [request.answer for request in requests]
    assert found.ends.tolist() == [request.end for request in requests]
    assert found.tries.tolist() == [request.tries for request in requests]
    assert found.waits.tolist() == [request.wait for request in requests]
    for column, name in ((found.starts, "start"), (found.services, "lasted")):
        np.testing.assert_array_equal(column, [getattr(request, name) for request in requests])


def storm(links, **more):
    """Return what becomes of 500 requests a second for one key each tenth of a second."""
    times = np.arange(0, 10, 0.002)
    keys = (np.arange(len(times)) % 50).astype(np.int32)
    here = (np.arange(len(times)) % 4).astype(np.int32)
    return times, chain(times, keys, 50, here, 4, np.full(len(times), 0.05), links, **more)


def test_more_events_than_there_was_room_for():
    n = 20_000
    found = chain(np.zeros(n), np.arange(n), n, np.zeros(n, int), 1, np.ones(n), Links())
    assert (found.ends == 1.0).all()
    assert (found.answers == Answer.DATABASE).all()


def test_a_lost_cache_sends_its_load_to_the_database_until_it_is_full_again():
    links = Links(remote_entries=50, remote_seconds=0.001)
    down = [(4.0, Happening.REMOTE_DOWN, 0), (5.0, Happening.REMOTE_UP, 0)]
    times, found = storm(links, happenings=down)
    asked = found.answers == Answer.DATABASE
    assert not asked[(times > 1) & (times < 3.99)].any()
    assert asked[(times > 4.01) & (times < 4.99)].mean() == pytest.approx(0.8, abs=0.2)
    assert not asked[times > 6].any()


def test_who_joins_shares_what_becomes_of_a_load():
    found = chain(
        *([0.0, 0.0, 0.1, 0.2], [0, 1, 1, 1], 2, [0, 0, 0, 0], 1, [1.0, 1.0, 1.0, 1.0]),
        Links(connections=1, timeout=0.5),
    )
    assert found.answers.tolist() == [Answer.DATABASE, *[Answer.TIMED_OUT] * 3]
    assert found.ends.tolist() == [1.0, 0.5, 0.5, 0.5]
    assert found.tries.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"times": [1.0, 0.0]}, "go backwards"),
        ({"times": [0.0, math.nan]}, "not finite"),
        ({"keys": [0, 2]}, "not below 2"),
        ({"processes": [0, 1]}, "not below 1"),
        ({"services": [1.0]}, "1 values for 2 requests"),
        ({"services": [1.0, -1.0]}, "below 0"),
        ({"links": Links(connections=0)}, "at least 1"),
        ({"links": Links(shared=0)}, "at least 1"),
        ({"links": Links(local_seconds=-1.0)}, "below 0"),
        ({"links": Links(retries=-1)}, "below 0"),
        ({"single_flight": "all"}, "none, process, service"),
        ({"operations": [9, 0]}, "operation"),
        ({"happenings": [(0.0, Happening.RESTART, 1)]}, "unknown process 1"),
        ({"happenings": [(0.0, Happening.SLOWER, 0)]}, "above 0"),
    ],
)
def test_what_cannot_be_is_refused(change, words):
    given_ = {
        "times": [0.0, 1.0],
        "keys": [0, 1],
        "n_keys": 2,
        "processes": [0, 0],
        "n_processes": 1,
        "services": [1.0, 1.0],
        "links": Links(),
    }
    with pytest.raises(ValueError, match=words):
        chain(**{**given_, **change})
