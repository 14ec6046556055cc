"""Samples of a trace's keys: by frequency strata, or by hashes of keys; over all or some time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError, nearest
from perflab.modelling.backend_times import backend_times_of
from perflab.modelling.looped import LoopedTrace
from perflab.workloads.kinds.trace import Trace

METHODS = ("stratified", "spatial")
FEWEST_KEYS = 10_000

Window = tuple[int, int]
_E = TypeVar("_E", bound=np.generic)

_WINDOWS = 4
_HASH_BITS = 24


@dataclasses.dataclass(frozen=True, eq=False)
class KeySample:
    """The requests for some of a trace's keys, over all its time or in some windows of it.

    Attributes:
        trace: Those requests, with times where the whole trace has them; between two windows
            the clock stands still.
        share: The share of the keys that was meant to be drawn, and is drawn on average.
        span: The share of the requests that the windows cover.
        expected: Gets that a sample of its share has on average.
        expected_bytes: Their sizes together; 0 where there are none.
        places: int64, one per request: how many requests of the windows, of any key, came before.
        bytes_share: Its share of the bytes of all keys together; `share` where they have no size.
        expected_seconds: What the reads of such a sample take of the backend on average, by their
            recorded times; 0 where there are none.
        expected_unknown: Reads without such a time that it has on average.
    """

    trace: Trace
    share: float
    span: float
    expected: float
    expected_bytes: float
    places: npt.NDArray[np.int64]
    bytes_share: float
    expected_seconds: float = 0.0
    expected_unknown: float = 0.0

    def dated(self, rate: float) -> Trace:
        """Return the requests with the times that the whole trace's requests have at a rate."""
        return dataclasses.replace(self.trace, times=self.places / rate, check=False)


class KeySampler:
    """Draws samples of one trace's keys.

    ``stratified``: keys are ordered by how often they are requested, and one is drawn from each
    run of ``1 / share`` of them, so that frequencies are those of all keys. ``spatial``: the keys
    whose hash lies below a threshold, as SHARDS at a fixed rate (Waldspurger et al., "Efficient
    MRC construction with SHARDS", FAST 2015, section 3).

    Args:
        trace: The whole workload.
        method: One of `METHODS`.

    Raises:
        BadInputError: If there is no such method.
    """

    def __init__(self, trace: Trace, method: str = "stratified") -> None:
        if method not in METHODS:
            known = " or ".join(METHODS)
            text = f"unknown method {method!r}{nearest(method, METHODS)}; known: {known}"
            raise BadInputError(text, "sampling")
        self.trace = trace
        self.method = method
        self._looped = LoopedTrace(trace)

    def draw(self, share: float, span: float, seeds: Sequence[int]) -> list[KeySample]:
        """Draw a sample for each seed, at most 8.

        Args:
            share: Of the keys, above 0 and at most 1.
            span: Of the requests: below 1, four windows of them, one in each quarter of the time.
            seeds: What chance starts from.
        """
        chances = [np.random.default_rng((seed, round(1 / share))) for seed in seeds]
        chosen = [self._choose(share, chance) for chance in chances]
        actual = share if self.method == "spatial" else len(chosen[0]) / self.trace.n_keys
        masks = np.zeros(self.trace.n_keys, np.uint8)
        for place, keys in enumerate(chosen):
            masks[keys] |= np.uint8(1 << place)
        if span >= 1:
            whole = [(0, len(self.trace))]
            found = kernels.requests_of(self.trace.ids, masks)
            return [self._sample(actual, whole, found[place]) for place in range(len(seeds))]
        return [
            self._windowed(actual, span, masks >> np.uint8(place) & np.uint8(1), chance)
            for place, chance in enumerate(chances)
        ]

    @cached_property
    def _ranks(self) -> npt.NDArray[np.int32]:
        return kernels.by_count(kernels.key_counts(self.trace.ids, self.trace.n_keys))

    def _choose(self, share: float, chance: np.random.Generator) -> npt.NDArray[np.integer]:
        n_keys = self.trace.n_keys
        if share >= 1:
            return np.arange(n_keys)
        if self.method == "spatial":
            return np.flatnonzero(_hashes(n_keys, chance) < share * 2**_HASH_BITS)
        runs = max(1, round(n_keys * share))
        # Whole edges, so that no key is in two runs; moved by chance, so that all are as likely.
        edges = np.floor(np.linspace(0, n_keys, runs + 1) + chance.random()).astype(np.int64)
        return self._ranks[edges[:-1] + (chance.random(runs) * np.diff(edges)).astype(np.int64)]

    def _windowed(
        self, share: float, span: float, mask: npt.NDArray[np.uint8], chance: np.random.Generator
    ) -> KeySample:
        length = max(1, round(len(self.trace) * span / _WINDOWS))
        room = len(self.trace) / _WINDOWS - length
        starts = [
            int(len(self.trace) * place / _WINDOWS + chance.random() * room)
            for place in range(_WINDOWS)
        ]
        windows = [(start, start + length) for start in starts]
        found = [
            kernels.requests_of(self.trace.ids[start:stop], mask)[0] + np.int32(start)
            for start, stop in windows
        ]
        return self._sample(share, windows, np.concatenate(found))

    def _sample(
        self, share: float, windows: Sequence[Window], positions: npt.NDArray[np.int32]
    ) -> KeySample:
        whole = self.trace
        ids, unique = kernels.dense_ids(whole.ids[positions])
        covered = sum(stop - start for start, stop in windows)
        bytes_share = share
        if whole.sizes is not None and covered == len(whole):
            sizes = self._looped.facts.key_sizes(whole)
            bytes_share = float(sizes[unique].sum() / max(int(sizes.sum()), 1))

        def cut(values: npt.NDArray[_E] | None) -> npt.NDArray[_E] | None:
            return None if values is None else values[positions]

        backend, waits, seconds, unknown = backend_times_of(whole), None, 0.0, 0.0
        if backend is not None:
            waits = backend.of_rows(positions)
            seconds, unknown = backend.asked(windows)
        times = whole.times
        if times is not None:
            times = _played(times.__getitem__, windows, positions)
        return KeySample(
            Trace(
                f"{whole.name} sampled",
                ids,
                len(unique),
                times,
                cut(whole.sizes),
                cut(whole.ttls),
                operations=cut(whole.operations),
                backend_seconds=waits,
                check=False,
            ),
            share,
            covered / len(whole),
            share * sum(self._looped.gets(start, stop) for start, stop in windows),
            share * sum(self._looped.asked_bytes(start, stop) for start, stop in windows),
            _played(lambda place: place, windows, positions.astype(np.int64)),
            bytes_share,
            share * seconds,
            share * unknown,
        )


def _played(
    clock: Callable[[Any], Any], windows: Sequence[Window], positions: npt.NDArray[np.integer]
) -> npt.NDArray[Any]:
    """Return what a clock that stands still between windows shows at some positions."""
    parts = []
    stood = clock(0) * 0
    for before, (start, stop) in zip((0, *(stop for _, stop in windows)), windows, strict=False):
        stood += clock(start) - clock(before)
        first, last = np.searchsorted(positions, (start, stop))
        parts.append(clock(positions[first:last]) - stood)
    return np.concatenate(parts)


def _hashes(n_keys: int, chance: np.random.Generator) -> npt.NDArray[np.uint64]:
    """Return 24-bit hashes of all ids: the mixing function of Steele et al., OOPSLA 2014."""
    start = chance.integers(2**63, dtype=np.uint64)
    bits = np.arange(1, n_keys + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    hashed: npt.NDArray[np.uint64] = (bits ^ (bits >> np.uint64(31))) >> np.uint64(64 - _HASH_BITS)
    return hashed
