"""The benches that are installed, found by the entry point group ``perflab.benches``."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from perflab.benches.base import Bench
from perflab.settings import BadInputError, nearest

GROUP = "perflab.benches"


@cache
def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def bench_names() -> tuple[str, ...]:
    """Return the names of all patterns that have a bench."""
    return tuple(sorted(_found()))


@cache
def load_bench(pattern: str) -> Bench:
    """Return the bench of a pattern; other benches are not imported.

    Raises:
        BadInputError: If no bench has that name; it names the nearest.
    """
    points = _found()
    if pattern not in points:
        raise BadInputError(f"no pattern {pattern!r}{nearest(pattern, points)}")
    bench = points[pattern].load()()
    if not isinstance(bench, Bench):
        raise TypeError(f"the entry point {pattern!r} of {GROUP} is not a Bench")
    return bench
