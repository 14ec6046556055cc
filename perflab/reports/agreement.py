"""The picture of a run beside both of its predictions."""

from __future__ import annotations

import math

from perflab.bench import AnyBench
from perflab.charts.agreement import Agreement, draw_agreement
from perflab.lab.bands import Bands
from perflab.lab.history_in_words import not_compared
from perflab.lab.run import Run
from perflab.reports.blocks import Figure
from perflab.reports.svg import svg_of
from perflab.reports.tables import in_order

WIDTH = 470
MOST_ROWS = 8


def agreement_figure(bench: AnyBench, run: Run, label: str, number: int) -> Figure | None:
    """Draw predicted, refitted and measured, a row for each metric; None without a prediction."""
    measured = run.since_change or run.metrics
    bands = Bands.of_run(run)
    event = bool(not_compared(bench, run.changes))
    paced = run.settings.get("speedup") is not None
    rows = []
    for name, info in in_order(bench):
        value, early, own = measured.get(name), run.predicted.get(name), run.fitted.get(name)
        numbers = [each for each in (value, early, own) if each is not None]
        # A level of zero in all of them would be a row without a scale.
        told = len(numbers) > 1 and any(numbers) and all(math.isfinite(n) for n in numbers)
        if value is None or not told or (paced and name == "throughput_per_second"):
            continue
        half = None if early is None or event else bands.half_width(info, run.predicted)
        difference = "" if early is None or event else info.difference(early, value)
        rows.append(Agreement(info, early, half, own, value, difference))
    rows = rows[:MOST_ROWS]
    if not rows:
        return None
    title = f"Predicted, refitted and measured, {label}"
    name = f"agreement-{number}"
    words = [_words(row) for row in rows]
    figure = draw_agreement(rows, title, WIDTH)
    return Figure(name, title, f"{title}. {'; '.join(words)}.", svg_of(figure, name))


def _words(row: Agreement) -> str:
    said = [
        f"{source} {row.info.format(value)}"
        for source, value in (("predicted", row.predicted), ("refitted", row.fitted))
        if value is not None
    ]
    return f"{row.info.label}: {', '.join([*said, f'measured {row.info.format(row.measured)}'])}"
