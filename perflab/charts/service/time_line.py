"""`time_line`: a scenario from its beginning to the recovery, in three strips of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from perflab.charts import style
from perflab.charts.service.sheet import BAD, Drawn, tint
from perflab.charts.service.strips import LEGEND, Line, Strips
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.service.scenarios import ScenarioOutcome

_HAPPENED, _BACK = style.COLOURS[1], style.COLOURS[2]
_THIN = 3.0
"""A span that is narrower than this, in CSS pixels, is drawn as wide."""


def time_line(outcome: ScenarioOutcome, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return a scenario over time: load on the database, p95 latency and failures.

    The calm day is faint and dashed. The span of the scenario is shaded through all strips, with
    its name above; where all is as before again, there is a line.

    Args:
        outcome: Of the scenario.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    calm = Line("calm day", outcome.calm, faint=True)
    strips = Strips((calm, Line("with the scenario", outcome.windows)), width, scale)
    _mark(outcome, strips)
    return Drawn(strips.figure, time_line_words(outcome))


def time_line_words(outcome: ScenarioOutcome) -> str:
    """Return what a time line shows, in words."""
    begins = in_words(outcome.begins, "seconds")
    whole = in_words(outcome.windows["ends"][-1], "seconds")
    return f"{outcome.title}, {begins} into {whole}. {outcome.verdict}"


def recovered_at(outcome: ScenarioOutcome) -> float | None:
    """Return when all is as before, in seconds; none where it does not become so."""
    back = outcome.metrics.get("recovery_seconds")
    return None if back is None else outcome.ends + back


def _mark(outcome: ScenarioOutcome, strips: Strips) -> None:
    """Shade the span of a scenario through all strips, and draw where all is as before."""
    figure, low = strips.figure, strips.low
    high = 1 - LEGEND / strips.height
    begin, end = strips.across(outcome.begins), strips.across(outcome.ends)
    wide = max(end - begin, _THIN / strips.width)
    shade = Rectangle((begin, low), wide, high - low, facecolor=tint(_HAPPENED), edgecolor="none")
    shade.set(transform=figure.transFigure, zorder=-2)
    figure.add_artist(shade)
    strips.write(begin + wide / 2, strips.row(0), outcome.title, "center")
    back, below = recovered_at(outcome), strips.row(1)
    if back is None:
        text = "its end is not seen" if outcome.outlasts else "not as before by the end"
        strips.write(begin + wide, below, text, "left", BAD)
        return
    seen = min(back, strips.axes[0].get_xlim()[1])
    place = strips.across(seen)
    line = Line2D([place, place], [low, below], color=_BACK, linestyle=style.CEILING, linewidth=1.5)
    line.set(transform=figure.transFigure, zorder=-1)
    figure.add_artist(line)
    after = outcome.metrics["recovery_seconds"]
    text = f"as before, {in_words(after, 'seconds')} after" if after else "as before at once"
    strips.write(strips.beside(seen), below, text, "left")
