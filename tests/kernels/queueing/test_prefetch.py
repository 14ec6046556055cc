"""The queue of prefetched batches against closed forms, a plain simulation, and the pattern."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import prefetch
from perflab.patterns.prefetching._core import PrefetchCore
from perflab.patterns.prefetching.settings import PrefetchingSettings

MILLISECONDS = st.integers(0, 50)


@pytest.mark.parametrize(("fetch", "consume"), [(3.0, 1.0), (1.0, 3.0), (2.0, 2.0)])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_constant_times_have_a_known_rate(fetch, consume, workers):
    n = 10_000
    run = prefetch([10] * n, [fetch] * n, [consume] * n, workers, 10 * workers * 2)
    slower = max(fetch / workers, consume)
    assert run.ended[-1] / n == pytest.approx(slower, rel=1e-3)
    assert run.stalls.sum() / run.ended[-1] == pytest.approx(1 - consume / slower, abs=1e-3)
    assert run.taken[0] == fetch
    assert run.busy_seconds == fetch * n


def test_room_for_one_batch_still_overlaps_the_fetch_with_the_work_on_the_one_before():
    run = prefetch([1] * 4, [2.0] * 4, [3.0] * 4, 8, 1)
    assert run.taken.tolist() == [2.0, 5.0, 8.0, 11.0]
    assert run.fetched.tolist() == [2.0, 4.0, 7.0, 10.0]


def test_factors_waits_and_handovers_are_added():
    run = prefetch([1, 1], [1.0, 1.0], [1.0, 1.0], 2, 9, [1.0, 1.0, 3.0], 0.5, 0.25)
    assert run.fetched.tolist() == [1.5, 3.5]
    assert run.taken.tolist() == [1.75, 3.75]
    assert run.stalls.tolist() == [1.75, 1.0]


def test_items_that_are_due_later_are_not_waited_for():
    run = prefetch([2] * 3, [0.1] * 3, [0.2] * 3, 1, 100, item_seconds=1.0)
    assert run.taken.tolist() == [0.1, 2.0, 4.0]
    assert run.ended.tolist() == pytest.approx([1.1, 3.1, 5.1])
    assert run.stalls.tolist() == [0.1, 0.0, 0.0]


def pattern(fetches, consumes, sizes, settings):
    """Run the real core in virtual time and return when each batch was there, taken and done."""
    core = PrefetchCore(settings.change(process_count=int(sum(sizes))))
    fetched, taken, ended = [], [], []
    flying, idle = [], settings.workers
    now, busy_until, waits = 0.0, 0.0, True
    while len(ended) < len(sizes):
        while idle and (claim := core.claim()) is not None:
            idle -= 1
            attempt = core.begin(claim)
            heapq.heappush(flying, (now + fetches[claim.number], claim.number, claim, attempt))
        moments = [flying[0][0]] if flying else []
        moments += [] if waits else [busy_until]
        now = min(moments)
        while flying and flying[0][0] == now:
            _, number, claim, attempt = heapq.heappop(flying)
            core.done(claim, attempt, [number] * (claim.stop - claim.start), 0)
            fetched.append((number, now))
            idle += 1
        if not waits and busy_until == now:
            waits = True
            ended.append(now)
        if waits and len(taken) < len(sizes):
            batch = core.take()
            if batch is not None:
                waits = False
                taken.append(now)
                busy_until = now + consumes[batch[0]]
    return [moment for _, moment in sorted(fetched)], taken, ended


@given(st.data())
def test_it_is_the_pattern_itself_in_virtual_time(data):
    settings = PrefetchingSettings(
        buffer_size=data.draw(st.integers(1, 30)),
        batch_size=data.draw(st.integers(1, 10)),
        workers=data.draw(st.integers(1, 5)),
    )
    batch = min(settings.batch_size, settings.buffer_size)
    n = data.draw(st.integers(1, 25))
    sizes = [batch] * (n - 1) + [data.draw(st.integers(1, batch))]
    fetches = data.draw(st.lists(MILLISECONDS.map(float), min_size=n, max_size=n))
    consumes = data.draw(st.lists(st.integers(1, 50).map(float), min_size=n, max_size=n))
    run = prefetch(sizes, fetches, consumes, settings.workers, settings.buffer_size)
    fetched, taken, ended = pattern(fetches, consumes, sizes, settings)
    assert run.fetched.tolist() == fetched
    assert run.taken.tolist() == taken
    assert run.ended.tolist() == ended


@given(
    st.lists(st.tuples(MILLISECONDS, MILLISECONDS), min_size=1, max_size=40),
    st.integers(1, 4),
    st.integers(1, 50),
)
def test_more_room_never_delays_and_stalls_and_work_fill_the_time(times, workers, room):
    fetches, consumes = (np.array(each, float) for each in zip(*times, strict=True))
    sizes = [5] * len(times)
    run = prefetch(sizes, fetches, consumes, workers, room)
    assert run.stalls.sum() + consumes.sum() == pytest.approx(run.ended[-1])
    assert (prefetch(sizes, fetches, consumes, workers, room + 5).ended <= run.ended + 1e-9).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1], [1.0, 2.0], [1.0], 1, 1), "1 sizes, 2 fetches, 1 consumes"),
        (([1], [1.0], [1.0], 0, 1), "at least 1 worker"),
        (([1], [1.0], [1.0], 2, 1, [1.0]), "1 factors for 0 to 2 workers"),
    ],
)
def test_wrong_inputs_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        prefetch(*arguments)
