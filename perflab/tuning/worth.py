"""What a change of settings costs and brings in timeouts, errors and throughput, in words."""

from __future__ import annotations

from collections.abc import Mapping

from perflab.instrumentation.catalog import metric
from perflab.tuning.reach import GUARDED, harms

Metrics = Mapping[str, float]


def cost(before: Metrics, after: Metrics) -> str:
    """Return what gets worse for the sake of an objective, as a sentence; empty if nothing does.

    Throughput counts where it falls by more than ten per cent.
    """
    worse = [n for n in _both(before, after) if harms(*_alone(n, before, after), for_gain=True)]
    return f"It costs: {_changes(worse, before, after)}." if worse else ""


def gained(before: Metrics, after: Metrics) -> str:
    """Return what gets better by more than one per cent, as the end of a sentence."""
    better = [n for n in _both(before, after) if harms(*_alone(n, after, before))]
    return f", with {_changes(better, before, after)}" if better else ""


def _both(before: Metrics, after: Metrics) -> list[str]:
    return [n for n in GUARDED if before.get(n) is not None and after.get(n) is not None]


def _alone(name: str, before: Metrics, after: Metrics) -> tuple[Metrics, Metrics]:
    return {name: before[name]}, {name: after[name]}


def _changes(names: list[str], before: Metrics, after: Metrics) -> str:
    infos = [metric(name) for name in names]
    return " and ".join(
        f"{info.plain} {info.format(after[info.name])} instead of {info.format(before[info.name])}"
        for info in infos
    )
