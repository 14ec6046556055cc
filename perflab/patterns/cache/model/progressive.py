"""The cache's what-if for large traces: a sample's answer at once, then sharper, then exact."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Hashable

from perflab.callbacks import Cancelled
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.cache.model.counts import CacheCounts
from perflab.patterns.cache.model.estimates import Estimate
from perflab.patterns.cache.model.kept_curves import KeptCurves
from perflab.patterns.cache.model.key_samples import FEWEST_KEYS
from perflab.patterns.cache.model.sampled import DRAWS, SampledCacheModel
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

LARGE = 5_000_000
"""Requests up to which an exact answer comes within about 100 ms."""

_SHARE = 0.01
_SAMPLED_REQUESTS = 1_000_000
_FIRST_REQUESTS = 100_000
_WORTH_IT = 0.25
_WRITE_SECONDS = 1.0


class ProgressiveCacheModel:
    """Predictions of one large trace, as sharp as they are known by now.

    A first preview is of samples of 10,000 keys and at most 100,000 requests; a second one is a
    draw of a hundredth of the keys, or of fewer where that would be more than a million requests.
    `predict` takes all such draws, and `settle` makes the present point exact, or all sizes where
    one pass answers them. What is known is kept by the workload's fingerprint on disk. LFU does
    not scale down: it is answered in full.

    Args:
        trace: The workload.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._sampled = SampledCacheModel(trace, panel_share(trace))
        self._quick = self._sampled.quick(_FIRST_REQUESTS)
        self._whole = self._sampled.whole
        self._exact: dict[Hashable, dict[int, CacheCounts]] = {}
        self._kept: KeptCurves | None = None
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self._written = 0.0
        self._dirty: set[Hashable] = set()

    def prepare(self) -> None:
        """Draw the samples, those of the first pictures first."""
        self._quick.prepare()
        self._sampled.prepare()

    def predict(
        self,
        settings: CacheSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the exact answer where it is known or some requests are asked for, else sampled.

        Raises:
            BadInputError: If a policy does not answer such settings.
        """
        if requests is not None:
            return self._whole.predict(settings, load, costs, requests)
        if self._sampled.in_full(settings) and not self._is_exact(settings, load):
            self._count(settings, load)
        if not self._is_exact(settings, load):
            fresh = self._sampled.known(settings, load) < DRAWS
            answer = self._sampled.predict(settings, load, costs)
            if fresh:
                self._note(settings, load)
            return answer
        counts = self._exact_counts(settings, load)
        metrics = self._whole.metrics(counts, load, costs)
        return Prediction(metrics, remarks=self._remarks(settings, load))

    def preview(self, settings: CacheSettings, load: LoadSettings, costs: Costs) -> Prediction:
        """Return a rough answer: first of the quickest samples, then of a draw of the large ones.

        A single draw is given the band that the quick samples tell, which have fewer keys.
        """
        if self._sampled.in_full(settings) or self.ready(settings, load):
            return self.predict(settings, load, costs)
        if not self._quick.ready(settings, load):
            return self._quick.predict(settings, load, costs)
        self._sampled.draw(settings, load, 0)
        found = self.best_known(settings, load, costs)
        assert found is not None  # noqa: S101  (a draw is there)
        return found

    def best_known(
        self, settings: CacheSettings, load: LoadSettings, costs: Costs
    ) -> Prediction | None:
        """Return the sharpest answer that there is by now, without computing one."""
        if self.ready(settings, load):
            return self.predict(settings, load, costs)
        if self._sampled.in_full(settings):
            return None
        first = self._quick.estimate(settings, load, costs)
        band = 0.5 if first is None else first.error
        return self._sampled.estimate(settings, load, costs, band) or first

    def has_rough_answer(self, settings: CacheSettings) -> bool:
        """Say whether a sample answers settings."""
        return not self._sampled.in_full(settings)

    def ready(self, settings: CacheSettings, load: LoadSettings) -> bool:
        """Say whether `predict` would answer at once."""
        if self._is_exact(settings, load):
            return True
        if self._sampled.in_full(settings):
            return False
        return self._sampled.known(settings, load) >= DRAWS

    def settle(self, settings: CacheSettings, load: LoadSettings, cancelled: Cancelled) -> None:
        """Make a point exact, one after the other, unless it is cancelled before it begins."""
        with self._settling:
            if cancelled() or self._is_exact(settings, load):
                return
            if settings.policy == "lru":
                self._whole.prepare()
            self._count(settings, load)

    def _count(self, settings: CacheSettings, load: LoadSettings) -> None:
        exact = self._exact_of(settings, load)
        exact[self._size(settings)] = self._whole.counts(settings, load)
        self._note(settings, load, at_once=True)

    def _exact_counts(self, settings: CacheSettings, load: LoadSettings) -> CacheCounts:
        found = self._exact_of(settings, load).get(self._size(settings))
        return found or self._whole.counts(settings, load)

    def _is_exact(self, settings: CacheSettings, load: LoadSettings) -> bool:
        if self._size(settings) in self._exact_of(settings, load):
            return True
        return self._whole.ready(settings, load)

    def _remarks(self, settings: CacheSettings, load: LoadSettings) -> tuple[str, ...]:
        said = self._whole.remarks(settings, load)
        if not self._sampled.in_full(settings):
            return said
        return (*said, f"{settings.policy} does not scale down with its keys: answered in full")

    def _size(self, settings: CacheSettings) -> int:
        return min(settings.max_cache_size, self.trace.n_keys)

    def _exact_of(self, settings: CacheSettings, load: LoadSettings) -> dict[int, CacheCounts]:
        """Return the exact points of a line; those kept on disk when it is first requested."""
        line = self._sampled.line(settings, load)
        found = self._exact.get(line)
        if found is not None:
            return found
        with self._lock:
            if line not in self._exact:
                self._exact[line] = self._read(line)
            return self._exact[line]

    def _read(self, line: Hashable) -> dict[int, CacheCounts]:
        if self._kept is None:
            made_by = f"stratified {self._sampled.share!r}"
            self._kept = KeptCurves(self.trace.fingerprint, made_by)
        points = self._kept.read(line)
        for size, draws in points.get("sampled", {}).items():
            estimates = {int(number): Estimate(*values) for number, values in draws.items()}
            self._sampled.answers(line)[int(size)] = estimates
        return {int(size): CacheCounts(*row) for size, row in points.get("exact", {}).items()}

    def _note(self, settings: CacheSettings, load: LoadSettings, *, at_once: bool = False) -> None:
        """Write the lines that have new points, but not for each of them."""
        with self._lock:
            self._dirty.add(self._sampled.line(settings, load))
            if not at_once and time.monotonic() - self._written < _WRITE_SECONDS:
                return
            lines, self._dirty = self._dirty, set()
            self._written = time.monotonic()
        for line in lines:
            self._write(line)

    def _write(self, line: Hashable) -> None:
        if self._kept is None:
            return
        sampled = {
            str(size): {str(n): dataclasses.astuple(draw) for n, draw in list(draws.items())}
            for size, draws in list(self._sampled.answers(line).items())
            if len(draws) == DRAWS
        }
        exact = {
            str(size): dataclasses.astuple(counts)
            for size, counts in list(self._exact.get(line, {}).items())
        }
        self._kept.write(line, {"sampled": sampled, "exact": exact})


def panel_share(trace: Trace) -> float:
    """Return the share of the keys that answers a slider."""
    share = min(_SHARE, _SAMPLED_REQUESTS / len(trace))
    return min(1.0, max(share, FEWEST_KEYS / trace.n_keys))


def is_large(trace: Trace) -> bool:
    """Say whether a trace is answered sooner from a sample, and the sample is much smaller."""
    return len(trace) > LARGE and panel_share(trace) <= _WORTH_IT
