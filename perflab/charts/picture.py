"""`Picture`: a drawn figure as one plain structure, for a page that answers the pointer over it.

A panel's page and a report read the same: where each plot lies in the picture, the scale of each
axis, what the lines hold, which points are marked, and how values are written. All of it is JSON.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from perflab.charts.notation import Notation, notation

VERSION = 1
"""Of the structure; another one where a reader of this one would misread it."""
MOST_POINTS = 2000
"""Of a line."""
_DIGITS = 7
_KEPT_OF_A_PART = 5

Number = float | str | None
"""Not a number is None; what has no bound is ``Infinity`` or ``-Infinity``, as JSON has neither."""


class Box(TypedDict):
    """Where axes lie: CSS pixels from the left and upper edge of the picture."""

    left: float
    top: float
    width: float
    height: float


class Scale(TypedDict):
    """An axis: what it shows, from where to where, and how its values are written."""

    key: str
    name: str
    kind: Literal["linear", "log"]
    low: float
    high: float
    words: Notation


class Choice(TypedDict):
    """A value of a setting, and how it is written."""

    value: Any
    text: str


class Curve(TypedDict):
    """A line: its points, and the edges of its band where it has one.

    One that stands for a value of its plot's setting `lines` has that as its choice, if it can run.
    """

    key: str
    name: str
    colour: str
    present: bool
    x: list[Number]
    y: list[Number]
    low: list[Number] | None
    high: list[Number] | None
    choice: Choice | None


class Moment(TypedDict):
    """What happened at one place of the horizontal axis, in words."""

    x: float
    text: str


class Spot(TypedDict):
    """A marked point. A place off the horizontal axis stands at its end, as it is drawn.

    Where it joins a value of its curve, a dotted line leads there.
    """

    kind: str
    name: str
    text: str
    corner: tuple[int, int]
    x: float
    y: float
    joins: float | None


class SpotLook(TypedDict):
    """How a kind of mark is drawn; lengths in CSS pixels, no colour for a hollow one."""

    marker: str
    size: float
    face: str | None
    edge: str
    width: float


class Step(TypedDict):
    """A column or row of a map: the setting's value, how it is written, and its middle."""

    value: Any
    text: str
    place: float


class Cells(TypedDict):
    """A map's cells: its columns and rows, and the metric's values, a list for each row."""

    columns: list[Step]
    rows: list[Step]
    values: list[list[Number]]
    name: str
    words: Notation


class Plot(TypedDict):
    """One of the axes of a picture, with all that is drawn in it.

    `lines` is the key of the setting that has another value on each curve; empty for none.
    """

    title: str
    box: Box
    x: Scale
    y: Scale
    curves: list[Curve]
    spots: list[Spot]
    looks: dict[str, SpotLook]
    cells: Cells | None
    lines: str
    events: list[Moment]


class Picture(TypedDict):
    """A figure; its size is in CSS pixels, and all places in it are."""

    version: int
    width: float
    height: float
    ink: str
    paper: str
    plots: list[Plot]


def picture_of(figure: Figure, plots: Sequence[Plot], *, ink: str, paper: str) -> Picture:
    """Return the structure of a figure.

    Args:
        figure: As it is drawn; a CSS pixel is a hundredth of its inch.
        plots: Of its axes, in their order.
        ink: The colour of its texts.
        paper: The colour behind them.
    """
    width, height = figure.get_size_inches() * 100
    return {
        "version": VERSION,
        "width": float(width),
        "height": float(height),
        "ink": to_hex(ink),
        "paper": to_hex(paper),
        "plots": list(plots),
    }


def plot_of(
    axes: Axes,
    title: str,
    x: Scale,
    y: Scale,
    *,
    curves: Sequence[Curve] = (),
    spots: Sequence[Spot] = (),
    looks: dict[str, SpotLook] | None = None,
    cells: Cells | None = None,
    lines: str = "",
    events: Sequence[Moment] = (),
) -> Plot:
    """Return the structure of axes, their box read from what is drawn."""
    return {
        "title": title,
        "box": _box(axes),
        "x": x,
        "y": y,
        "curves": list(curves),
        "spots": list(spots),
        "looks": looks or {},
        "cells": cells,
        "lines": lines,
        "events": list(events),
    }


def scale_of(axes: Axes, which: Literal["x", "y"], key: str, name: str, unit: str) -> Scale:
    """Return the scale of one axis: its limits and kind as drawn.

    Args:
        axes: Its limits rise.
        which: The horizontal or the vertical axis.
        key: Of the setting or metric that it shows; empty for neither.
        name: What it is called, without the unit.
        unit: Of its values.
    """
    horizontal = which == "x"
    low, high = axes.get_xlim() if horizontal else axes.get_ylim()
    kind = axes.get_xscale() if horizontal else axes.get_yscale()
    return {
        "key": key,
        "name": name,
        "kind": "log" if kind == "log" else "linear",
        "low": float(low),
        "high": float(high),
        "words": notation(unit),
    }


def curve_of(
    line: Line2D,
    key: str,
    name: str,
    *,
    present: bool = False,
    band: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
    choice: Choice | None = None,
) -> Curve:
    """Return a drawn line, with `MOST_POINTS` points at most.

    Args:
        line: As it is drawn.
        key: What its chart calls it.
        name: What people call it.
        present: Whether the present settings are on it.
        band: Its lower and upper edge, each as long as the line.
        choice: What it stands for, if that can be chosen.
    """
    x, y = (np.asarray(values, float) for values in line.get_data())
    picked = thinned(y)
    return {
        "key": key,
        "name": name.replace(r"\$", "$"),
        "colour": to_hex(line.get_color()),
        "present": present,
        "x": numbers(x[picked]),
        "y": numbers(y[picked]),
        "low": None if band is None else numbers(band[0][picked]),
        "high": None if band is None else numbers(band[1][picked]),
        "choice": choice,
    }


def choice_of(choices: Mapping[str, object], label: str, text: str) -> Choice | None:
    """Return what a line stands for, if that is in what its chart's lines can be chosen for.

    Args:
        choices: Those, by the label of their line.
        label: Of the line.
        text: How its value is written.
    """
    return {"value": choices[label], "text": text} if label in choices else None


def look_of(mark: Line2D) -> SpotLook:
    """Return how a mark is drawn."""
    face = mark.get_markerfacecolor()
    pixel = 100 / 72
    return {
        "marker": str(mark.get_marker()),
        "size": mark.get_markersize() * pixel,
        "face": None if face == "none" else to_hex(face),
        "edge": to_hex(mark.get_markeredgecolor()),
        "width": mark.get_markeredgewidth() * pixel,
    }


def thinned(values: npt.NDArray[np.float64], most: int = MOST_POINTS) -> npt.NDArray[np.intp]:
    """Return the places of at most so many values: ends, extremes and gaps of equal parts.

    A peak or a gap of one point stays, so that a line read from these is the one that is drawn.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    edges = np.linspace(0, count, most // _KEPT_OF_A_PART + 1).astype(int)
    kept: set[int] = set()
    for first, end in itertools.pairwise(edges):
        part = values[first:end]
        unknown = np.isnan(part)
        kept |= {int(first), int(end) - 1}
        if unknown.any():
            kept.add(int(first + np.argmax(unknown)))
        if not unknown.all():
            kept |= {int(first + np.nanargmin(part)), int(first + np.nanargmax(part))}
    return np.array(sorted(kept))


def numbers(values: npt.ArrayLike) -> list[Number]:
    """Return values as JSON has them, in seven significant digits."""
    array = np.asarray(values, float)
    finite = np.isfinite(array)
    plain = np.where(finite, array, 0.0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        place = np.clip(np.floor(np.log10(np.abs(plain))), -290, 300) - (_DIGITS - 1)
        step = 10.0 ** np.abs(place)
        rounded = np.where(place > 0, np.round(plain / step) * step, np.round(plain * step) / step)
    found: list[Number] = rounded.tolist()
    for at in np.flatnonzero(~finite):
        found[int(at)] = number(float(array[at]))
    return found


def number(value: float) -> Number:
    """Return one value as JSON has it."""
    if math.isfinite(value):
        return float(value)
    if math.isnan(value):
        return None
    return "Infinity" if value > 0 else "-Infinity"


def _box(axes: Axes) -> Box:
    figure: Any = axes.get_figure(root=True)
    box, pixel = axes.bbox, figure.dpi / 100
    return {
        "left": float(box.x0 / pixel),
        "top": float((figure.bbox.y1 - box.y1) / pixel),
        "width": float(box.width / pixel),
        "height": float(box.height / pixel),
    }
