"""A panel in words: its numbers as a table of text, for where there is no kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perflab.bench import AnyBench
from perflab.errors import shown
from perflab.instrumentation.catalog import metric
from perflab.modelling.prediction import Metrics

HEADS = ("", "what-if", "predicted", "refitted", "measured")


def sentence_of(bench: AnyBench, workload: str) -> str:
    """Return what a panel is, in a sentence, for where it cannot be shown."""
    told = f" on {shown(workload)}" if workload else ""
    return f"perflab: the panel of {bench.identity.title.lower()}{told}. Run this cell to open it."


def text_of(
    bench: AnyBench,
    workload: str,
    settings: Mapping[str, object],
    columns: Sequence[Metrics],
    of_run: Mapping[str, object],
) -> str:
    """Return a panel's settings and numbers.

    Args:
        bench: Whose.
        workload: Its name.
        settings: Those that its sliders show.
        columns: What-if, predicted before, refitted and measured, by metric; empty where unknown.
        of_run: The settings that the run had otherwise: all but the what-if is of these.
    """
    kept = [number for number, column in enumerate(columns) if column]
    rows = [[HEADS[0], *(HEADS[number + 1] for number in kept)]]
    for name in bench.display.headline:
        values = [columns[number].get(name) for number in kept]
        if any(value is not None for value in values):
            rows.append([metric(name).label, *(metric(name).format(value) for value in values)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    run = [f"Settings of the run: {_in_words(bench, of_run)}"] if of_run else []
    said = f"Settings: {_in_words(bench, settings)}"
    return "\n".join([sentence_of(bench, workload), said, *run, *lines])


def _in_words(bench: AnyBench, settings: Mapping[str, object]) -> str:
    return ", ".join(
        f"{bench.info(key).name} {bench.info(key).format(value)}" for key, value in settings.items()
    )
