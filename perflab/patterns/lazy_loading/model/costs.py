"""`LazyCosts`: what hits, loads and rows cost, from loads that were measured at some sizes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Self

import numpy as np

from perflab.modelling.latency import OutcomeCost
from perflab.modelling.prediction import Costs
from perflab.patterns.lazy_loading.model.own_asks import OwnAsks
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings


@dataclasses.dataclass(frozen=True)
class LoadCost:
    """What a load of so many rows takes.

    Attributes:
        rows: How many.
        time: In seconds.
        bytes: What is read of the store.
    """

    rows: float
    time: OutcomeCost
    bytes: float


Loads = tuple[LoadCost, ...]
"""Loads that were measured, by rising numbers of rows."""


def loads_of(costs: Mapping[str, Costs]) -> Loads:
    """Read the loads that a calibration holds, by the number of rows as a text."""
    found = (LoadCost(float(n), OutcomeCost.of(one), one["bytes"]) for n, one in costs.items())
    return tuple(sorted(found, key=lambda load: load.rows))


def load_cost(loads: Loads, rows: float) -> LoadCost:
    """Return what a load of any number of rows takes.

    Between two measured sizes each value is on the straight line between theirs: a fixed cost and
    one a row. Beyond the smallest and the largest the next line goes on, but never below half of
    the smallest and never falling.
    """
    if len(loads) == 1:
        return dataclasses.replace(loads[0], rows=rows)
    places = np.array([load.rows for load in loads])
    values = np.array([[load.time.mean, load.bytes, *load.time.quantiles] for load in loads])
    right = int(np.clip(np.searchsorted(places, rows), 1, len(places) - 1))
    left = right - 1
    slope = (values[right] - values[left]) / (places[right] - places[left])
    if rows < places[0] or rows > places[-1]:
        slope = np.maximum(slope, 0.0)
    base = right if rows > places[-1] else left
    found = np.maximum(values[base] + slope * (rows - places[base]), values[0] / 2)
    mean, size, *quantiles = found.tolist()
    return LoadCost(rows, OutcomeCost(mean, tuple(quantiles)), size)


@dataclasses.dataclass(frozen=True)
class LazyCosts:
    """What the model must be told.

    Attributes:
        hit: A row of a chunk that is in memory.
        loads: Loads at some numbers of rows, one at the least.
        row_bytes: What a row in memory adds to the process.
        sized_row_bytes: What a row counts for against ``max_bytes``.
        stored_row_bytes: What a row takes in the store.
        base_bytes: What the loader takes without rows.
        contention: How far a load in the background holds others up: 0 where they overlap, 1
            where they take turns.
        overhead_seconds: What lies between two requests of a client.
        threads: Among how many threads that ask hits and loads were measured.
        wake: From the end of a load to when who waited for it goes on.
        asks: When the requests of the run itself asked, where it has recorded that.
    """

    hit: OutcomeCost
    loads: Loads
    row_bytes: float
    sized_row_bytes: float
    stored_row_bytes: float
    base_bytes: float
    contention: float = 0.0
    overhead_seconds: float = 0.0
    threads: int = 1
    wake: OutcomeCost | None = None
    asks: OwnAsks | None = None

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what a calibration, or a run, holds."""
        return cls(
            OutcomeCost.of(costs["hit"]),
            loads_of(costs["load"]),
            costs["row_bytes"],
            costs["sized_row_bytes"],
            costs["stored_row_bytes"],
            costs["base_bytes"],
            costs.get("contention", 0.0),
            costs.get("overhead_seconds", 0.0),
            int(costs.get("threads", 1)),
            OutcomeCost.of(costs["wake"]) if costs.get("wake") else None,
            OwnAsks.of(costs),
        )

    def chunks_held(self, settings: LazyLoadingSettings) -> int:
        """Return how many chunks fit under both bounds; 0 where one is above that of the bytes."""
        if settings.max_bytes is None:
            return settings.max_chunks
        chunk_bytes = settings.chunk_size * self.sized_row_bytes
        return int(min(settings.max_chunks, settings.max_bytes // max(chunk_bytes, 1)))
