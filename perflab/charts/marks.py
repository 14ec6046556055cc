"""Marks on a what-if chart: where the settings are now, were, should be, and what was measured."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from matplotlib.lines import Line2D

from perflab.charts import style

MarkKind = Literal["now", "baseline", "recommended", "measured", "refitted", "best", "observed"]

MOVING: frozenset[MarkKind] = frozenset({"now", "measured", "refitted"})
"""What a page that answers the pointer draws itself, so that it moves without a new picture."""
MOVES = "moves"
"""The group of artists that show these."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One point: a text beside it, or none, its place on both axes, and what it stands for.

    An `x` that is not finite stands at the right edge: a bound that is off. Observed points, of
    which `charts.observed` takes care, also have the line that they belong to, and their source.
    A refitted prediction joins the value that its curve has there; its text stands beside that.
    """

    label: str
    x: float
    y: float
    kind: MarkKind
    line: str = ""
    source: str = ""
    joins: float | None = None


MARK_NAMES: dict[MarkKind, str] = {
    "now": "present settings",
    "measured": "measured",
    "refitted": "refitted",
    "baseline": "baseline",
    "recommended": "recommended",
    "best": "best of the line",
}

MARK_LOOKS: dict[MarkKind, dict[str, Any]] = {
    "best": {
        "marker": "D",
        "markersize": 6.5,
        "markerfacecolor": style.COLOURS[4],
        "markeredgecolor": style.PAPER,
        "markeredgewidth": 0.9,
    },
    "baseline": {
        "marker": "s",
        "markersize": 8.5,
        "markerfacecolor": style.PAPER,
        "markeredgecolor": style.QUIET,
        "markeredgewidth": 1.6,
    },
    "recommended": {
        "marker": "*",
        "markersize": 13,
        "markerfacecolor": style.COLOURS[2],
        "markeredgecolor": style.PAPER,
        "markeredgewidth": 0.9,
    },
    "now": {
        "marker": "o",
        "markersize": 11.5,
        "markerfacecolor": "none",
        "markeredgecolor": style.INK,
        "markeredgewidth": 2.0,
    },
    "refitted": {
        "marker": "o",
        "markersize": 8.0,
        "markerfacecolor": "none",
        "markeredgecolor": style.COLOURS[1],
        "markeredgewidth": 1.6,
    },
    "measured": {
        "marker": "o",
        "markersize": 5.0,
        "markerfacecolor": style.COLOURS[1],
        "markeredgecolor": style.PAPER,
        "markeredgewidth": 0.6,
    },
}
"""In drawing order: a measured dot inside the hollow one of its prediction means that they agree.
"""


def mark_handle(kind: MarkKind) -> Line2D:
    """Return what a legend shows for a kind of mark."""
    return Line2D([], [], linestyle="none", label=MARK_NAMES[kind], **MARK_LOOKS[kind])
