"""`PoolShadow`: what becomes of a run's requests through all changes of the pool's settings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.connection_pool.model.history import Turn, queue_through
from perflab.patterns.connection_pool.model.metrics import queue_metrics
from perflab.patterns.connection_pool.model.queue import Asked, checked_out, checkouts_of
from perflab.patterns.connection_pool.model.services import (
    DrawnTimes,
    PoolCosts,
    PoolServices,
    RunTimes,
    asked_rate,
)
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.passes import pass_seconds

Floats = npt.NDArray[np.float64]


_AHEAD, _MORE = 2, 1_000
"""So many times the requests that are gone, and so many more, can have come."""


class _Change(NamedTuple):
    """After how many requests that were gone other settings held."""

    request: int
    settings: ConnectionPoolSettings
    load: LoadSettings


class PoolShadow:
    """One queue through a run's own history: those who wait at a change wait on.

    Nothing is simulated before `metrics` is asked for. Where the costs carry the run's own times
    (``arrival_seconds``, ``service_seconds``), these are taken, and the rest is drawn.

    Args:
        arrivals: What the run plays; it begins again at its end.
        settings: The pool's at the start.
        load: The load's at the start.
    """

    def __init__(
        self, arrivals: Arrivals, settings: ConnectionPoolSettings, load: LoadSettings
    ) -> None:
        self._arrivals = arrivals
        self._changes = [_Change(0, settings, load)]
        self._done = 0

    def advance(self, count: int) -> None:
        """Let the next requests come."""
        self._done += count

    def change(self, settings: ConnectionPoolSettings, load: LoadSettings) -> None:
        """Change settings before the next request, as the run did."""
        changed = _Change(self._done, settings, load)
        if self._changes[-1].request == self._done:
            self._changes[-1] = changed
        else:
            self._changes.append(changed)

    def metrics(self, costs: Costs) -> Metrics:
        """Return the metrics of all that were not gone at the last change, and are now.

        Args:
            costs: What a query, a connect and a handover take.
        """
        last = self._changes[-1]
        if self._done <= last.request:
            return {}
        known = PoolCosts.of(costs)
        count = self._done if len(self._changes) == 1 else _AHEAD * self._done + _MORE
        times = self._times(count)
        drawn: dict[tuple[int, int], Floats] = {}
        services = PoolServices(known, DrawnTimes())
        turns = [self._turn(change, services, known.run, count, drawn) for change in self._changes]
        part = slice(last.request, self._done)
        if known.run is None or not len(known.run.arrivals):
            queue = queue_through(times, turns, known)
            return queue_metrics(last.settings, known, times, queue, part)
        own, late = known.run.arrivals[:count], known.run.late
        times[len(own) :] = np.maximum(times[len(own) :], own[-1])
        times[: len(own)] = own
        if late is not None:
            late = np.concatenate([late[:count], np.zeros(count - len(own))])
        asked = Asked.of(times, late)
        turns = [turn.in_order(asked.order) for turn in turns]

        def play(held: Floats) -> kernels.Queue:
            return queue_through(asked.times, [turn.held(held) for turn in turns], known)

        checkouts = checkouts_of(known, count)
        queue = asked.as_due(checked_out(play, checkouts[asked.order]))
        return queue_metrics(last.settings, known, times, queue, part, late, checkouts)

    def _times(self, count: int) -> Floats:
        """Return when each request comes, in seconds from the first.

        At another rate those come that were not gone at the change, though some came before it.
        """
        base, indices = self._arrivals.times, np.arange(count)
        dated = base[indices % len(base)] + (indices // len(base)) * pass_seconds(base)
        times = np.empty(count)
        ends = [change.request for change in self._changes[1:]] + [count]
        moment = 0.0
        for change, end in zip(self._changes, ends, strict=True):
            first, speed = (
                change.request,
                asked_rate(self._arrivals, change.load) / self._arrivals.rate,
            )
            times[first:end] = moment + (dated[first:end] - dated[first]) / speed
            if end < count:
                moment += float(dated[end] - dated[first]) / speed
        return times

    def _turn(
        self,
        change: _Change,
        services: PoolServices,
        run: RunTimes | None,
        count: int,
        drawn: dict[tuple[int, int], Floats],
    ) -> Turn:
        settings, rate = change.settings, asked_rate(self._arrivals, change.load)
        shape = services.shape(settings.max_connections, rate)
        key = (shape, change.load.seed)
        if key not in drawn:
            drawn[key] = services.draw_anew(shape, count, change.load.seed)
        lengths = drawn[key]
        factors = services.seconds(settings.max_connections, rate)
        if run is not None:
            own = run.services[:count]
            served = ~np.isnan(own)
            if served.any():
                # Measured ones have found what connections were in use, and are taken as they are.
                lengths = lengths * float(own[served].mean() / lengths.mean())
                lengths[: len(own)][served] = own[served]
                return Turn(change.request, settings, lengths, None)
        return Turn(change.request, settings, lengths, factors)
