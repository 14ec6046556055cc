"""The events of runs as a table: settings changed, actions, alerts that fired, and the end."""

from __future__ import annotations

from collections.abc import Sequence

from perflab.bench import AnyBench
from perflab.lab.run import Run
from perflab.lab.run_events import NEVER, RunEvent, events_of
from perflab.reports.blocks import Cell, Column, Table, Tone
from perflab.units import grouped, in_words

_TONES: dict[str, Tone] = {"settings": "changed", "action": "changed", "alert": "worse"}


def events_table(bench: AnyBench, runs: Sequence[tuple[str, Run]]) -> Table | None:
    """Return what happened in runs, a row each in the order of time; None where nothing did.

    Args:
        bench: With its settings and actions.
        runs: Each with its name, which stands before its events where there are several.
    """
    rows = []
    for label, run in runs:
        found = events_of(bench, {}, run.changes, run.alerts)
        before = (Cell(label, label),) if len(runs) > 1 else ()
        rows += [(*before, *_cells(event)) for event in found]
        rows += [(*before, *_end(run))] if found else []
    if not rows:
        return None
    columns = (
        *((Column("run", "Run"),) if len(runs) > 1 else ()),
        Column("seconds", "At", numeric=True),
        Column("request", "Request", numeric=True),
        Column("event", "Event"),
    )
    return Table("events", "Events", columns, tuple(rows))


def _cells(event: RunEvent) -> tuple[Cell, Cell, Cell]:
    text = f"{event.kind}: {event.words}"
    at = Cell(event.at, None if event.seconds == NEVER else event.seconds)
    return at, _request(event.request), Cell(text, text, _TONES[event.kind])


def _end(run: Run) -> tuple[Cell, Cell, Cell]:
    last, text = run.snapshots.last, f"end: {run.ended or 'n/a'}"
    if last is None:
        return Cell("n/a"), Cell("n/a"), Cell(text, text)
    at = Cell(in_words(last.seconds, "seconds"), last.seconds)
    return at, _request(last.requests), Cell(text, text)


def _request(request: int | None) -> Cell:
    return Cell("n/a") if request is None else Cell(grouped(request), request)
