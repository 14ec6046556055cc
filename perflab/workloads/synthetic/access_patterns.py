"""The ways in which rows of a store are requested: in order, in steps, at random, in blocks."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.settings import setting
from perflab.units import counted, grouped
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.synthetic.base import MAX_REQUESTS, Recipe

MAX_ROWS = 2_000_000_000
Numbers = npt.NDArray[np.int64]


def rows_setting(default: int, meaning: str) -> Any:
    """Declare a number of rows."""
    return setting(
        default, meaning, unit="rows", low=1, high=MAX_ROWS, span=(1, 1_000_000), scale="log"
    )


class AccessPattern(Recipe):
    """Accesses made by a rule, over as many rows as a store has."""

    rows: int | None = setting(
        None,
        "Number of rows to read, from the first on; none = all of the store's.",
        unit="rows",
        low=1,
        high=MAX_ROWS,
        span=(1_000, 100_000_000),
        scale="log",
    )
    requests: int | None = setting(  # type: ignore[assignment]
        None,
        "Number of requests; none = the number of rows.",
        unit="requests",
        low=1,
        high=MAX_REQUESTS,
        span=(10_000, 10_000_000),
        scale="log",
    )

    def make(self, n_rows: int | None = None) -> Accesses:
        """Return the accesses; the same ones for the same parameters and rows.

        Args:
            n_rows: How many rows the store has.

        Raises:
            BadInputError: If there are no rows, or the store has fewer than are requested.
        """
        rows = self.rows if self.rows is not None else n_rows
        if rows is None:
            raise BadInputError("no store says how many rows there are; give rows=", "rows")
        if n_rows is not None and rows > n_rows:
            text = f"{grouped(rows)} are more than the {counted(n_rows, 'row')} of the store"
            raise BadInputError(text, "rows")
        if rows < 1:
            raise BadInputError("the store is empty; there is no row to read", "rows")
        numbers = self.numbers(rows, rows if self.requests is None else self.requests)
        return Accesses(self.spec, numbers, n_rows or rows, source=self.spec)

    @abstractmethod
    def numbers(self, rows: int, requests: int) -> Numbers:
        """Return so many row numbers below `rows`."""


class Sequential(AccessPattern):
    """From the first row to the last, and again."""

    workload: ClassVar[str] = "sequential"
    summary: ClassVar[str] = "from the first row to the last, and again"

    def numbers(self, rows: int, requests: int) -> Numbers:
        """Return 0, 1, 2 and so on."""
        return np.arange(requests, dtype=np.int64) % rows


class Backward(AccessPattern):
    """From the last row to the first, and again."""

    workload: ClassVar[str] = "backward"
    summary: ClassVar[str] = "from the last row to the first, and again"

    def numbers(self, rows: int, requests: int) -> Numbers:
        """Return the last, the one before it, and so on."""
        return rows - 1 - np.arange(requests, dtype=np.int64) % rows


class Strided(AccessPattern):
    """Every n-th row, then those between, as a column of a matrix kept by rows is read."""

    workload: ClassVar[str] = "strided"
    summary: ClassVar[str] = "every n-th row, then the rows after those, until all had their turn"

    stride: int = rows_setting(100, "Rows between a request and the next.")

    def numbers(self, rows: int, requests: int) -> Numbers:
        """Return 0, n, 2n, ..., then 1, n + 1, 2n + 1 and so on."""
        stride = min(self.stride, rows)
        whole = np.concatenate([np.arange(first, rows, stride) for first in range(stride)])
        return np.resize(whole, requests).astype(np.int64, copy=False)


class Random(AccessPattern):
    """Runs of rows from places at random, all alike."""

    workload: ClassVar[str] = "random"
    summary: ClassVar[str] = "a random position, then a run of rows from there"

    run: int = rows_setting(1, "Rows read from each position on.")

    def numbers(self, rows: int, requests: int) -> Numbers:
        """Return runs that start anywhere."""
        run = min(self.run, rows)
        starts = self.random().integers(0, rows - run + 1, -(-requests // run))
        return runs(starts, run, requests)


class HotSpot(AccessPattern):
    """Runs of rows, most of which start in a small part of the store."""

    workload: ClassVar[str] = "hotspot"
    summary: ClassVar[str] = "most runs of rows lie in a small part of the store, the rest anywhere"

    share: float = setting(
        0.9, "Share of the runs that lie in the hot part.", low=0.0, high=1.0, span=(0.0, 1.0)
    )
    part: float = setting(
        0.1,
        "Size of the hot part, as a share of the rows.",
        low=0.0001,
        high=1.0,
        span=(0.001, 1.0),
        scale="log",
    )
    run: int = rows_setting(20, "Rows read from each position on.")

    def numbers(self, rows: int, requests: int) -> Numbers:
        """Return runs; the hot part begins at a third of the rows."""
        random = self.random()
        run = min(self.run, rows)
        places = rows - run + 1
        count = -(-requests // run)
        hot_rows = max(1, min(places, round(rows * self.part)))
        first = min(rows // 3, places - hot_rows)
        starts = random.integers(0, places, count)
        hot = random.random(count) < self.share
        starts[hot] = first + random.integers(0, hot_rows, int(np.count_nonzero(hot)))
        return runs(starts, run, requests)


class Shuffled(AccessPattern):
    """Blocks of rows in random order, each read from its first row to its last."""

    workload: ClassVar[str] = "shuffled"
    summary: ClassVar[str] = "blocks in random order, each read in order; a new order per pass"

    block: int = rows_setting(1000, "Rows per block.")

    def numbers(self, rows: int, requests: int) -> Numbers:
        """Return passes over all blocks, as a training epoch reads them."""
        random = self.random()
        starts = np.arange(0, rows, self.block)
        passes = []
        for _ in range(-(-requests // rows)):
            order = random.permutation(starts)
            lengths = np.minimum(self.block, rows - order)
            ends = np.cumsum(lengths)
            passes.append(np.arange(rows) + np.repeat(order - (ends - lengths), lengths))
        return np.concatenate(passes)[:requests]


def runs(starts: Numbers, length: int, requests: int) -> Numbers:
    """Return so many row numbers: each start and the rows after it."""
    return (starts[:, None] + np.arange(length)).ravel()[:requests]
