"""`time_line`: a scenario from its beginning to the recovery, in three strips of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from perflab.charts import style
from perflab.charts.service.sheet import BAD, Drawn, tint
from perflab.charts.ticks import set_ticks, set_time_ticks
from perflab.units import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from perflab.service.scenarios import ScenarioOutcome

_LEFT, _RIGHT = 62, 14
"""CSS pixels, as all lengths here."""
_LEGEND, _NAME = 22, 17
_STRIP, _TITLE, _BOTTOM = 72, 27, 40
_TICKS = 4
_HAPPENED, _CALM, _BACK = style.COLOURS[1], style.QUIET, style.COLOURS[2]
_LOGARITHMIC = 1
"""The strip of the latency."""
_BESIDE, _INSET = 5.0, 6.0
_THIN = 3.0
"""A span that is narrower than this is drawn as wide."""

Floats = npt.NDArray[np.float64]


def time_line(outcome: ScenarioOutcome, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return a scenario over time: load on the database, p95 latency and failures.

    The calm day is faint and dashed. The span of the scenario is shaded through all strips, with
    its name above; where all is as before again, there is a line.

    Args:
        outcome: Of the scenario.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    top = _LEGEND + 2 * _NAME
    height = top + 3 * (_STRIP + _TITLE) + _BOTTOM
    figure = Figure(figsize=(width / 100, height / 100), dpi=100 * scale, facecolor=style.PAPER)
    FigureCanvasAgg(figure)
    times = np.asarray(outcome.windows["ends"])
    strips = _strips(figure, width, height, top, float(times[-1]))
    step = float(times[1] - times[0]) if len(times) > 1 else 1.0
    happened, calm = _lines(outcome.windows, step), _lines(outcome.calm, step)
    titles = ("Load on the database (1/s)", "Latency, p95", "Requests that fail (1/s)")
    for number, (axes, title) in enumerate(zip(strips, titles, strict=True)):
        _dress(axes, title)
        for values, colour, dashes in ((calm, _CALM, style.BESIDE), (happened, _HAPPENED, "-")):
            shown = values[number]
            axes.plot(times, shown, color=colour, linestyle=dashes, linewidth=1.3)
        _limit(axes, number, np.concatenate([happened[number], calm[number]]))
    for axes in strips[:-1]:
        axes.tick_params(labelbottom=False)
    handles = [
        Line2D([], [], color=_HAPPENED, linewidth=1.3, label="with the scenario"),
        Line2D([], [], color=_CALM, linestyle=style.BESIDE, linewidth=1.3, label="calm day"),
    ]
    style.legend_on_top(figure, handles)
    _mark(outcome, figure, strips, height)
    return Drawn(figure, time_line_words(outcome))


def time_line_words(outcome: ScenarioOutcome) -> str:
    """Return what a time line shows, in words."""
    begins = in_words(outcome.begins, "seconds")
    whole = in_words(outcome.windows["ends"][-1], "seconds")
    return f"{outcome.title}, {begins} into {whole}. {outcome.verdict}"


def recovered_at(outcome: ScenarioOutcome) -> float | None:
    """Return when all is as before, in seconds; none where it does not become so."""
    back = outcome.metrics.get("recovery_seconds")
    return None if back is None else outcome.ends + back


def _lines(windows: dict[str, list[float]], step: float) -> tuple[Floats, Floats, Floats]:
    """Return load per second, latency in seconds and failures per second, by window."""
    load, p95 = np.asarray(windows["database"], float), np.asarray(windows["p95"], float)
    return load, np.where(p95 > 0, p95, np.nan), np.asarray(windows["failures"], float) / step


def _strips(figure: Figure, width: int, height: int, top: int, last: float) -> list[Axes]:
    strips: list[Axes] = []
    for number in range(3):
        upper = top + number * (_STRIP + _TITLE) + _TITLE
        axes = figure.add_axes(
            (
                _LEFT / width,
                1 - (upper + _STRIP) / height,
                (width - _LEFT - _RIGHT) / width,
                _STRIP / height,
            )
        )
        axes.set_xlim(0.0, last)
        most = max(2, (width - _LEFT) // 70)
        set_time_ticks(axes.xaxis, "time" if number == 2 else "", last, int(most))
        strips.append(axes)
    for axes in strips[:-1]:
        axes.set_xlabel("")
    return strips


def _dress(axes: Axes, title: str) -> None:
    style.dress(axes, title)
    # What is shaded lies behind all strips.
    axes.patch.set_alpha(0.0)


def _limit(axes: Axes, number: int, values: Floats) -> None:
    """Set the limits and ticks of one strip: the latency is on a logarithmic axis."""
    known = values[np.isfinite(values)]
    high = float(known.max()) if len(known) else 1.0
    if number == _LOGARITHMIC:
        low = float(known.min()) if len(known) else high / 10
        low, high = 10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high * 1.001))
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        set_ticks(axes.yaxis, "", "seconds", low, high, log=True, most=_TICKS)
    else:
        high = high * 1.08 if high > 0 else 1.0
        axes.set_ylim(0.0, high)
        set_ticks(axes.yaxis, "", "", 0.0, high, log=False, most=_TICKS)
    axes.set_ylabel("")


def _mark(outcome: ScenarioOutcome, figure: Figure, strips: list[Axes], height: int) -> None:
    """Shade the span of a scenario through all strips, and draw where all is as before."""
    first, last = strips[0], strips[-1]
    low = last.get_position().y0
    high = 1 - _LEGEND / height
    begin, end = (_across(first, when) for when in (outcome.begins, outcome.ends))
    wide = max(end - begin, _THIN / (figure.get_size_inches()[0] * 100))
    shade = Rectangle((begin, low), wide, high - low, facecolor=tint(_HAPPENED), edgecolor="none")
    shade.set(transform=figure.transFigure, zorder=-2)
    figure.add_artist(shade)
    middle = 1 - (_LEGEND + _NAME / 2) / height
    _write(figure, begin + wide / 2, middle, outcome.title, "center")
    back = recovered_at(outcome)
    below = middle - _NAME / height
    if back is None:
        text = "its end is not seen" if outcome.outlasts else "not as before by the end"
        _write(figure, begin + wide, below, text, "left", BAD)
        return
    place = _across(first, min(back, first.get_xlim()[1]))
    line = Line2D([place, place], [low, below], color=_BACK, linestyle=style.CEILING, linewidth=1.5)
    line.set(transform=figure.transFigure, zorder=-1)
    figure.add_artist(line)
    after = outcome.metrics["recovery_seconds"]
    text = f"as before, {in_words(after, 'seconds')} after" if after else "as before at once"
    _write(figure, place + _BESIDE / (figure.get_size_inches()[0] * 100), below, text, "left")


def _across(axes: Axes, when: float) -> float:
    """Return where a time is across the figure, from 0 to 1."""
    box, (low, high) = axes.get_position(), axes.get_xlim()
    share = (min(max(when, low), high) - low) / (high - low)
    return float(box.x0 + share * box.width)


def _write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    at: Literal["left", "center"],
    colour: str = style.INK,
) -> None:
    """Write a text beside or over a place, moved so that it sticks out of no edge."""
    written = figure.text(
        x, y, style.literal(text), ha=at, va="center_baseline", fontsize=style.TICK_SIZE,
        color=colour,
    )  # fmt: skip
    box, room = written.get_window_extent(), figure.bbox
    over = max(float(box.x1 - room.x1) + _INSET, 0.0)
    if at == "left" and over:
        # On the other side of what it stands beside.
        written.set(ha="right", x=x - 2 * _BESIDE / (float(figure.get_size_inches()[0]) * 100))
        return
    written.set_x(x - (over - max(_INSET - float(box.x0), 0.0)) / float(room.width))
