"""The events of runs: settings changed, actions, alerts that fired, and the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from perflab.bench import AnyBench
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import METRICS
from perflab.lab.run import Run
from perflab.reports.blocks import Cell, Column, Table, Tone
from perflab.reports.wording import listed, setting_name, write_setting
from perflab.settings import SettingInfo
from perflab.units import grouped, in_words

Event = tuple[float, object, str, Tone]
"""Seconds since the start, the request that was the next one if known, words, and tone."""


def events_table(bench: AnyBench, runs: Sequence[tuple[str, Run]]) -> Table | None:
    """Return what happened in runs, a row each in the order of time; None where nothing did."""
    rows = []
    several = len(runs) > 1
    for label, run in runs:
        found = sorted(_events(bench, run), key=lambda event: event[0])
        if not found:
            continue
        found.append(_end(run))
        for seconds, request, text, tone in found:
            at = Cell("n/a" if seconds == _NEVER else in_words(seconds, "seconds"), seconds)
            cells = [Cell(label, label)] if several else []
            cells.append(at if seconds != _NEVER else Cell("n/a"))
            cells.append(Cell(_request(request), request))
            cells.append(Cell(text, text, tone))
            rows.append(tuple(cells))
    if not rows:
        return None
    columns = (
        *((Column("run", "Run"),) if several else ()),
        Column("seconds", "At", numeric=True),
        Column("request", "Request", numeric=True),
        Column("event", "Event"),
    )
    return Table("events", "Events", columns, tuple(rows))


_NEVER = float("inf")


def _request(request: object) -> str:
    return grouped(request) if isinstance(request, (int, float)) else "n/a"


def _end(run: Run) -> Event:
    last = run.snapshots.last
    seconds = last.seconds if last is not None else _NEVER
    return (seconds, last.requests if last is not None else None, f"end: {run.ended or 'n/a'}", "")


def _events(bench: AnyBench, run: Run) -> Iterator[Event]:
    names = {action.name: action.event or action.word for action in bench.live.actions}
    known: Mapping[str, object] = {}
    for change in run.changes:
        seconds = change.get("seconds", 0.0)
        name = change.get("action")
        if name:
            yield seconds, change.get("request"), f"action: {names.get(name, name)}", "changed"
            continue
        new = change.get("settings") or {}
        words = listed(_changed(bench, known, new))
        yield seconds, change.get("request"), f"settings: {words or 'as before'}", "changed"
        known = new
    for alert in run.alerts:
        if not alert.get("fired"):
            continue
        value, at = alert.get("value"), alert.get("seconds")
        info = METRICS.get(str(alert.get("metric", "")))
        with_value = f" with {info.format(value)}" if info is not None and value is not None else ""
        text = f"alert {alert.get('alert', '')} fired{with_value}"
        yield (_NEVER if at is None else at), None, text, "worse"


def _changed(
    bench: AnyBench, known: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[str]:
    """Yield the settings that are others than before; the first time, than by default."""
    for key, value in new.items():
        try:
            info = bench.info(key)
        except BadInputError:  # of another release
            yield f"{key} {value}"
            continue
        before = known[key] if key in known else info.format(info.default)
        if _written(info, value) != _written(info, before):
            yield f"{setting_name(info)} {_written(info, value)}"


def _written(info: SettingInfo, value: object) -> str:
    """Return a value in words; a run notes it as people type it."""
    if not isinstance(value, str):
        return write_setting(info, value)
    try:
        return write_setting(info, info.parse(value))
    except BadInputError:
        return value
