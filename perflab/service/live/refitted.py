"""What a chain predicts of a run: from the calibration, and from what the run itself shows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from perflab.bench.stage import Place
from perflab.kernels.chain.flights import Answer, ChainAnswers, Happening
from perflab.service.live.measured import found_idle

if TYPE_CHECKING:
    import numpy.typing as npt

    from perflab.service.incoming import Incoming
    from perflab.service.live.measured import Measured
    from perflab.service.scenarios.base import Happenings
    from perflab.service.scenarios.feedback import Chain

_SEED = 7


def through(ready: Chain, came: Incoming, events: Happenings) -> ChainAnswers:
    """Return what the chain predicts of a run, with what has happened when it did."""
    return ready.follow(came, events)


def refitted(ready: Chain, came: Incoming, measured: Measured, events: Happenings) -> ChainAnswers:
    """Return the same at the costs that the run itself shows.

    Each request takes, beside its query and what it waits for others, what one of the run's took
    that ended in the same way, drawn at random: its lookups and the delay of its thread together,
    since a machine that is busy makes all of them slow at once.
    """
    draw, count = np.random.default_rng(_SEED), len(came.requests)
    places = [stage.place for stage in ready.service.stages]
    links = ready.links._replace(**_medians(measured, places))
    linked, alike = ready.linked, _alone(measured, came.workers, ready.links.connections)
    if len(alike):
        # The chain makes them slower again where the database was.
        starts = measured.found.starts[alike]
        alone = measured.found.services[alike] / _slower(events, starts)
        queries = alone[draw.integers(0, len(alike), count)]
        linked = tuple(
            each
            if each.services is None
            else dataclasses.replace(each, services=queries, factors=None)
            for each in ready.linked
        )
    found = dataclasses.replace(ready, links=links, linked=linked).follow(came, events)
    times = came.requests.times
    ends, waits = found.ends + draw.choice(measured.late, count), found.waits.copy()
    rest = _rest(measured, places)
    calls = 0.0 if found.called is None else found.called
    lost, gone = _without(ready, events, times), _without(ready, events, measured.times)
    for answer in (Answer.LOCAL, Answer.REMOTE, Answer.DATABASE):
        for away in (False, True):
            which = np.flatnonzero((found.answers == answer) & (lost == away))
            sample = np.flatnonzero((measured.found.answers == answer) & (gone == away))
            if answer is Answer.DATABASE:
                sample = np.intersect1d(sample, alike)
            if not len(which) or not len(sample):
                continue
            drawn = draw.choice(sample, len(which))
            ends[which] = times[which] + rest[drawn] + np.broadcast_to(calls, len(times))[which]
            if answer is Answer.DATABASE:
                waits[which] += measured.found.waits[drawn]
                # Behind calls without a pool there is no query.
                ends[which] += waits[which] + np.nan_to_num(found.services[which])
    return found._replace(ends=ends, waits=waits)


def _rest(measured: Measured, places: list[Place]) -> npt.NDArray[np.float64]:
    """Return what each request took beside its calls, its wait and its query, in seconds."""
    queried = np.nan_to_num(measured.found.services)
    rest: npt.NDArray[np.float64] = measured.found.ends - measured.times
    if Place.CALL in places:
        rest = rest - np.nan_to_num(measured.own[:, places.index(Place.CALL)])
    return rest - measured.found.waits - queried


def _without(
    ready: Chain, events: Happenings, times: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return at which times the shared cache is not used, since it is away."""
    away = np.zeros(len(times), np.bool_)
    for when, kind, _ in ready.noticed(events):
        if kind is Happening.REMOTE_DOWN:
            away |= times >= when
        elif kind is Happening.REMOTE_UP:
            away &= times < when
    return away


def _slower(events: Happenings, times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how many times as long the database takes at some times."""
    found = np.ones(len(times))
    for when, kind, value in sorted(events, key=lambda each: each[0]):
        if kind is Happening.SLOWER:
            found[times >= when] = value
    return found


def _alone(
    measured: Measured, workers: npt.NDArray[np.integer], connections: int | None
) -> npt.NDArray[np.int64]:
    """Return which requests were answered by the database and found an idle connection."""
    sent = measured.found.answers == Answer.DATABASE
    if connections is not None:
        sent &= found_idle(measured, workers[measured.places], connections)
    return np.flatnonzero(sent)


def _medians(measured: Measured, places: list[Place]) -> dict[str, Any]:
    """Return the costs of links that a run shows: medians, and a write in all that it took more."""
    found: dict[str, float] = {}
    for stage, place in enumerate(places):
        took = measured.own[:, stage]
        hit = took[(measured.deepest == stage) & ~np.isnan(took)]
        passed = took[(measured.deepest > stage) & ~np.isnan(took)]
        if place is Place.PROCESS and len(hit):
            found["local_seconds"] = float(np.median(hit))
        elif place is Place.SHARED and len(hit):
            found["remote_seconds"] = float(np.median(hit))
            if len(passed):
                more = float(np.median(passed)) - found["remote_seconds"]
                found["remote_write_seconds"] = max(more, 0.0)
    return found
