"""Outgoing calls of the workers of a service to one server, as the chain's kernel follows them."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from perflab.bench.passing import requests_at
from perflab.bench.stage import Passed, Requests
from perflab.errors import BadInputError
from perflab.kernels.chain.chain import chain, failed
from perflab.kernels.chain.flights import Links
from perflab.kernels.queueing.order import order_of
from perflab.modelling.key_share import share_of_keys
from perflab.modelling.prediction import Costs
from perflab.operations import Operation
from perflab.patterns.async_io.costs import AsyncIOCosts
from perflab.patterns.async_io.model.own import by_number, service_times
from perflab.patterns.async_io.settings import AsyncIOStageSettings

CHANCES = 50_021
"""So many failures and waits are drawn: a prime, so that they do not go with other columns."""


def limit_of(settings: AsyncIOStageSettings) -> int:
    """Return how many requests of one client are in flight to one server at most."""
    return min(settings.max_concurrent, settings.max_per_host or settings.max_concurrent)


def call_links(
    settings: AsyncIOStageSettings, costs: Costs, rate: float, processes: int
) -> dict[str, float | int | None]:
    """Return what a chain is told of calls, by the fields of `Links`.

    Args:
        settings: Of the client of each worker, and of the server.
        costs: As the model of the bench takes them.
        rate: Requests per second that come to all workers' calls.
        processes: How many workers there are.

    Raises:
        BadInputError: If the costs are not those of perflab's server.
    """
    own = AsyncIOCosts.of(costs).own
    if own is None:
        text = "has no costs of perflab's own server; measure it: 'perflab calibrate async_io'"
        raise BadInputError(text, "the calibration")
    limit, mean = limit_of(settings), settings.latency_seconds
    flying = max(1, min(limit * processes, round(rate * settings.call_share * mean)))
    late = by_number(own.timer_seconds)(flying) if mean > 0 else 0.0
    return {
        "call_limit": limit,
        "call_capacity": settings.capacity,
        "call_queue": None if settings.capacity is None else settings.server_queue,
        "call_gate_seconds": by_number(own.bottleneck_seconds)(flying),
        "call_delay": own.delay_seconds + late,
        "call_timeout": settings.timeout,
        "call_error_rate": settings.error_rate,
        "call_retries": settings.retries,
        "call_backoff": settings.backoff_seconds,
    }


def pass_calls(
    requests: Requests,
    workers: npt.NDArray[np.integer],
    count: int,
    settings: AsyncIOStageSettings,
    costs: Costs,
) -> Passed:
    """Return what calls pass on of at least one request, and what each takes.

    Args:
        requests: What comes to all workers.
        workers: The worker of each.
        count: How many workers there are.
        settings: Of the client of each, and of the server.
        costs: As the model of the bench takes them.
    """
    times = requests.times
    calls = share_of_keys(requests.keys, settings.call_share)
    if requests.operations is not None:
        calls &= requests.operations == Operation.GET
    asking = np.flatnonzero(calls)
    waits, served = np.zeros(len(times)), np.ones(len(times), np.bool_)
    entries: npt.NDArray[np.integer] = np.zeros(len(times), np.int32)
    if len(asking):
        asked = times[asking]
        rate = len(asking) / max(float(times[-1] - times[0]), 1e-9)
        told = call_links(settings.change(call_share=1.0), costs, rate, count)
        found = chain(
            *(asked, np.zeros(len(asking), np.int32), 1, workers[asking], count, []),
            Links(**told),  # type: ignore[arg-type]
            single_flight="none",
            call_seconds=service_times(settings, 0),
            chances=np.random.default_rng(0).random(CHANCES),
        )
        waits[asking], served[asking] = found.ends - asked, ~failed(found.answers)
        begun = np.searchsorted(asked, times, side="right")
        entries = begun - np.searchsorted(np.sort(found.ends), times, side="right")
    ends = times + waits
    origins = np.flatnonzero(served)
    origins = origins[order_of(ends[origins])]
    passed = dataclasses.replace(requests_at(requests, origins), times=ends[origins])
    return Passed(passed, origins, waits, entries)
