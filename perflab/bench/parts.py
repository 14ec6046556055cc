"""What a bench declares: its charts, its objective, its exports, and the axes of settings."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Literal

from perflab.settings import SettingInfo


@dataclasses.dataclass(frozen=True, slots=True)
class WhatIfChart:
    """A chart of predictions: a metric along one setting, a line for each value of another.

    Attributes:
        title: Of the chart.
        metric: What is drawn.
        along: The setting of the horizontal axis.
        lines: The setting that has another value on each line.
        values: Its values.
        also: Other metrics of the same unit, a line each at the present settings.
        compared: Those of the values that are drawn until a user chooses; none for all.
        reference: The value whose line the others' gain is counted from, if any.
        ceiling: The value whose line none can pass, if any.
        marks_best: Whether the best point of the present line is marked.
    """

    title: str
    metric: str
    along: str
    lines: str | None = None
    values: tuple[object, ...] = ()
    also: tuple[str, ...] = ()
    compared: tuple[object, ...] = ()
    reference: Any = None
    ceiling: Any = None
    marks_best: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class HeatMap:
    """A map of predictions: a metric over two settings, with lines of equal value.

    Attributes:
        title: Of the map.
        metric: What is drawn.
        along: The setting of the horizontal axis.
        against: The setting of the vertical axis.
    """

    title: str
    metric: str
    along: str
    against: str


@dataclasses.dataclass(frozen=True, slots=True)
class TimeChart:
    """A chart over a workload's own time: a metric, a line for each of some values of a setting.

    Attributes:
        title: Of the chart.
        metric: What is drawn.
        lines: The setting that has another value on each line.
        limit: The setting that bounds the metric, drawn as a level.
    """

    title: str
    metric: str
    lines: str
    limit: str


@dataclasses.dataclass(frozen=True, slots=True)
class LiveChart:
    """A chart of measurements over the time of a run: one line a metric, one axis for all."""

    title: str
    metrics: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Objective:
    """What tuning looks for, such as the highest hit rate.

    Attributes:
        direction: ``max`` or ``min``.
        metric: The metric's name.
        tolerance: How far from the best reachable value is still good enough: in the metric's
            own unit for a ratio, else as a share of the best value.
        target: What is good enough however good the best is, such as a wait of 5 ms; none where
            only the best counts, and as much as it where the best does not reach the target.
    """

    direction: Literal["max", "min"]
    metric: str
    tolerance: float = 0.01
    target: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Observed:
    """What was measured elsewhere along one setting, to stand beside what is predicted.

    Attributes:
        source: What a legend calls it, such as ``k6: results.csv``.
        along: The setting.
        places: Its values; between two whole numbers where it was such a mean.
        metrics: What was measured at each place.
        predicted: What is predicted at each place; none where nobody has asked yet.
    """

    source: str
    along: str
    places: tuple[float, ...]
    metrics: tuple[Mapping[str, float], ...]
    predicted: tuple[Mapping[str, float], ...] = ()


Scalar = str | int | float | bool
"""A value that a configuration file holds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Export:
    """Settings ready to paste somewhere.

    Attributes:
        title: Of the text.
        language: Of the text, for highlighting.
        text: All of it.
        format: What `perflab export --as` calls it; the title in small letters if empty.
        values: Its values by their keys, for a file that has them already; nothing for a program.
        root: Where such a file usually has the keys, as a path with dots.
    """

    title: str
    language: str
    text: str
    format: str = ""
    values: Mapping[str, Scalar] = dataclasses.field(default_factory=dict, hash=False)
    root: str = ""

    @property
    def name(self) -> str:
        """What `perflab export --as` calls it."""
        return self.format or re.sub(r"[^a-z0-9._]+", "-", self.title.lower())


def axis_values(
    info: SettingInfo, span: tuple[float, float] | None = None, points: int = 97
) -> list[Any]:
    """Return values of a setting from the low to the high end of a span, evenly on its scale."""
    low, high = span or info.span or (info.low or 0.0, info.high or 1.0)
    steps = [step / (points - 1) for step in range(points)]
    if info.scale == "log":
        values = [low * (high / low) ** step for step in steps]
    else:
        values = [low + (high - low) * step for step in steps]
    if info.kind is int:
        return sorted({round(value) for value in values})
    return values
