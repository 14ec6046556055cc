"""`ExactPoints`: what is known exactly of a large trace, kept on disk with what its samples say."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Hashable

from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.estimates import Estimate
from perflab.patterns.cache.model.kept_curves import KeptCurves
from perflab.patterns.cache.model.query import CacheCounts
from perflab.patterns.cache.model.scaled_down import DRAWS, ScaledDown
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

_WRITE_SECONDS = 1.0


class ExactPoints:
    """What is known exactly, by line and size; what samples have said is kept beside it.

    It is kept on disk by the workload's fingerprint, unless the workload has backend times: a file
    does not hold which of them the misses take. Safe for several threads.

    Args:
        counter: What counts.
        scaled: The samples, which are told what a file holds of them.
    """

    def __init__(self, counter: CacheCounter, scaled: ScaledDown) -> None:
        self._counter = counter
        self._scaled = scaled
        self._exact: dict[Hashable, dict[int, CacheCounts]] = {}
        self._kept: KeptCurves | None = None
        self._lock = threading.Lock()
        self._written = 0.0
        self._dirty: set[Hashable] = set()

    def knows(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether a point is known, or would be counted at once."""
        if not self._counter.knows_missed(settings, load):
            return False
        if self._scaled.size(settings) in self._exact_of(settings, load):
            return True
        return self._counter.ready(settings, load)

    def counts(self, settings: CacheSettings, load: LoadSettings) -> CacheCounts:
        """Return the counts of a point, which are counted where they are not known."""
        found = self._exact_of(settings, load).get(self._scaled.size(settings))
        return found or self._counter.counts(settings, load)

    def count(self, settings: CacheSettings, load: LoadSettings) -> None:
        """Count a point, and keep it.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        self._counter.missed(settings, load)
        exact = self._exact_of(settings, load)
        exact[self._scaled.size(settings)] = self._counter.counts(settings, load)
        self.note(settings, load, at_once=True)

    def note(self, settings: CacheSettings, load: LoadSettings, *, at_once: bool = False) -> None:
        """Write the lines that have new points, but not for each of them."""
        with self._lock:
            self._dirty.add(self._scaled.line(settings, load))
            if not at_once and time.monotonic() - self._written < _WRITE_SECONDS:
                return
            lines, self._dirty = self._dirty, set()
            self._written = time.monotonic()
        for line in lines:
            self._write(line)

    def _exact_of(self, settings: CacheSettings, load: LoadSettings) -> dict[int, CacheCounts]:
        """Return the exact points of a line; those kept on disk when it is first requested."""
        line = self._scaled.line(settings, load)
        found = self._exact.get(line)
        if found is not None:
            return found
        with self._lock:
            if line not in self._exact:
                self._exact[line] = self._read(line)
            return self._exact[line]

    def _read(self, line: Hashable) -> dict[int, CacheCounts]:
        if self._counter.backend is not None:
            return {}
        if self._kept is None:
            made_by = f"stratified {self._scaled.share!r}"
            self._kept = KeptCurves(self._counter.trace.fingerprint, made_by)
        points = self._kept.read(line)
        for size, draws in points.get("sampled", {}).items():
            estimates = {int(number): Estimate(*values) for number, values in draws.items()}
            self._scaled.answers(line)[int(size)] = estimates
        return {int(size): CacheCounts(*row) for size, row in points.get("exact", {}).items()}

    def _write(self, line: Hashable) -> None:
        if self._kept is None:
            return
        sampled = {
            str(size): {str(n): draw.numbers for n, draw in list(draws.items())}
            for size, draws in list(self._scaled.answers(line).items())
            if len(draws) == DRAWS
        }
        exact = {
            str(size): dataclasses.astuple(counts)
            for size, counts in list(self._exact.get(line, {}).items())
        }
        self._kept.write(line, {"sampled": sampled, "exact": exact})
