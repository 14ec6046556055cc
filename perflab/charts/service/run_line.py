"""`run_line`: a run of a service over time, measured beside refitted, with what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from perflab.charts import style
from perflab.charts.service.sheet import Drawn
from perflab.charts.service.strips import Line, Strips
from perflab.instrumentation.catalog import metric
from perflab.units import counted, in_words

if TYPE_CHECKING:
    from perflab.service.live.result import ServiceRun

_BETWEEN = 8.0
"""CSS pixels between two names in a row."""


def run_line(run: ServiceRun, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return a run over time: load on the database, p95 latency and failures.

    What is refitted is faint and dashed. What happened is a dotted line through all strips, with
    its words above where they have room.

    Args:
        run: The run.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    fitted = Line("refitted", run.fitted_windows, faint=True)
    strips = Strips((fitted, Line("measured", run.windows)), width, scale)
    free = [0.0, 0.0]
    for event in run.events:
        place = strips.across(event["seconds"])
        # In the first row that is free there; one line may be for many events.
        left = place * width
        row = next((number for number, end in enumerate(free) if end + _BETWEEN < left), None)
        top = strips.row(1 if row is None else row)
        mark = Line2D([place, place], [strips.low, top], color=style.QUIET, linewidth=1.0)
        mark.set(transform=strips.figure.transFigure, zorder=-1, linestyle=style.CEILING)
        strips.figure.add_artist(mark)
        if row is not None:
            begin, end = strips.write(strips.beside(event["seconds"]), top, event["words"], "left")
            if begin <= free[row] + _BETWEEN:
                strips.figure.texts[-1].remove()
            else:
                free[row] = end
    return Drawn(strips.figure, run_words(run))


def run_words(run: ServiceRun) -> str:
    """Return what a run measured, in words."""
    info = metric("latency_seconds_p95")
    real, fitted = (info.format(each.get(info.name)) for each in (run.metrics, run.fitted))
    load = metric("database_per_second")
    queries, told = (load.format(each.get(load.name)) for each in (run.metrics, run.fitted))
    requests = counted(int(run.metrics["requests"]), "request")
    first = (
        f"Measured over {requests} in {in_words(run.seconds, 'seconds')}: {info.label} {real}, "
        f"refitted {fitted}; {load.label} {queries}, refitted {told}."
    )
    said = [f"{in_words(event['seconds'], 'seconds')}: {event['words']}." for event in run.events]
    return " ".join([first, *said])
